"""PDFs whose pages lie in layers, unfold to more than they should or run things, and those that go on after the end."""

import io
import zlib

import numpy as np
import pytest

from tests.support.pdfs import GRAY, RGB, add_page, add_scan, copied, picture, placed, read, refused, saved, texts

pikepdf = pytest.importorskip("pikepdf")

from pikepdf import Array, Dictionary, Name, OutlineItem, Stream  # noqa: E402

from bgtool.imaging.pdf import limits as pdf_limits  # noqa: E402

FINE = np.kron(np.random.default_rng(3).integers(0, 2, (75, 60)), np.ones((4, 4))).astype(bool)  # 300 rows, 240 columns
COARSE = np.full((25, 20, 3), (20, 20, 90), np.uint8)
BACKGROUND = np.full((75, 60, 3), (244, 240, 230), np.uint8)
INCH = (0, 0, 57.6, 72)


def layered(foreground, *, background=True, within_form=False):
    """A page of 0.8 by 1 inches whose text is the mask of a coarse picture."""
    pdf = pikepdf.new()
    images = [foreground(pdf), picture(pdf, BACKGROUND)]
    content = placed(0, *INCH)
    if within_form:
        form = Stream(pdf, placed(0, 0, 0, 1, 1), Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 1, 1])
        form.Resources = Dictionary(XObject=Dictionary(I0=images[0]))
        images[0] = form
    add_page(pdf, INCH, (placed(1, *INCH) if background else b"") + content, images)
    return saved(pdf)


def soft(pdf):
    return picture(pdf, COARSE, SMask=picture(pdf, (~FINE * 255).astype(np.uint8)))


def hard(pdf):
    mask = picture(pdf, FINE, ImageMask=True)
    del mask.ColorSpace
    return picture(pdf, COARSE, Mask=mask)


@pytest.mark.parametrize("more", [{}, {"background": False}, {"within_form": True}], ids=["two", "alone", "form"])
@pytest.mark.parametrize("foreground", [soft, hard])
def test_text_in_a_mask_comes_out_as_fine_as_the_mask(foreground, more):
    [(found, resolution, warnings)] = read(layered(foreground, **more))
    assert resolution == (300, 300)
    assert not warnings
    assert np.array_equal(found[..., 0] > 128, FINE)


def test_pieces_of_text_finer_than_the_scan_below_them_decide_and_specks_do_not():
    for side, expected in ((200, (600, 600)), (20, (300, 300))):
        pdf = pikepdf.new()
        words = picture(pdf, np.zeros((side, side), bool))
        add_page(
            pdf, INCH, placed(0, *INCH) + placed(1, 9, 9, side * 0.12, side * 0.12), [picture(pdf, BACKGROUND), words]
        )
        [(_, resolution, _)] = read(saved(pdf))
        assert resolution == expected


def test_a_fine_scan_that_lies_askew_keeps_its_resolution():
    pdf = pikepdf.new()
    add_page(pdf, (0, 0, 36, 36), b"q 36 1 -1 36 0 0 cm /I0 Do Q", [picture(pdf, np.zeros((300, 300), np.uint8))])
    [(_, resolution, _)] = read(saved(pdf))
    assert resolution == pytest.approx((600, 600), rel=0.01)


def packed(pdf, unit, megabytes, times=1, **entries):
    """A stream that repeats something, deflated so many times."""
    data = unit * ((megabytes << 20) // len(unit))
    for _ in range(times):
        data = zlib.compress(data, 9)
    stream = Stream(pdf, b"", **entries)
    stream.write(data, filter=Array([Name.FlateDecode] * times))
    return stream


def page_with(pdf, content, **resources):
    page = add_page(pdf, (0, 0, 60, 40), b"")
    page.obj.Contents = content
    page.obj.Resources = Dictionary(**resources)
    return saved(pdf)


def nested_forms(pdf):
    inner = Stream(pdf, b"0 0 m 1 1 l S", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 9, 9])
    for _ in range(10):
        named = Dictionary(XObject=Dictionary(X=inner))
        inner = Stream(pdf, b"/X Do " * 10, Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 9, 9], Resources=named)
    return page_with(pdf, Stream(pdf, b"/#58 Do"), XObject=Dictionary(X=inner))


def font(pdf, megabytes):
    program = packed(pdf, bytes(1000), megabytes, Length1=megabytes << 20)
    descriptor = Dictionary(Type=Name.FontDescriptor, FontName=Name.A, Flags=4, FontFile2=program)
    return Dictionary(Type=Name.Font, Subtype=Name.TrueType, BaseFont=Name.A, FontDescriptor=descriptor)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (nested_forms, "more than 500,000 things are drawn on it"),
        (lambda pdf: page_with(pdf, packed(pdf, b"0 0 1 1 re f ", 8)), "more than 500,000 things"),
        (lambda pdf: page_with(pdf, packed(pdf, b"BT (a) Tj ET ", 8)), "more than 500,000 things"),
        (lambda pdf: page_with(pdf, packed(pdf, bytes(1000), 80, 2)), "more than 64 MB once it is decoded"),
        (lambda pdf: page_with(pdf, Stream(pdf, b""), Font=Dictionary(F=font(pdf, 80))), "more than 64 MB"),
    ],
    ids=["forms", "paths", "text", "twice deflated", "font"],
)
def test_a_page_that_unfolds_to_too_much_is_refused_with_a_plain_reason(make, reason):
    assert reason in refused(make(pikepdf.new()))


@pytest.mark.parametrize("as_mask", [False, True])
def test_a_picture_of_1600_megapixels_is_refused_whatever_is_allowed_of_images(as_mask):
    pdf = pikepdf.new()
    huge = Stream(pdf, b"", Type=Name.XObject, Subtype=Name.Image, Width=40000, Height=40000,
                  ColorSpace=Name.DeviceGray, BitsPerComponent=8)  # fmt: skip
    add_page(pdf, INCH, placed(0, 0, 0, 1, 1), [picture(pdf, COARSE, SMask=huge) if as_mask else huge])
    assert "1,600 megapixels and 600 are allowed" in refused(saved(pdf), max_megapixels=2000)


def test_forms_and_parts_that_lead_in_circles_end():
    pdf = pikepdf.new()
    form = Stream(pdf, b"/X Do 0 0 m 1 1 l S", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 9, 9])
    form.Resources = Dictionary(XObject=Dictionary(X=form))
    [(found, _, _)] = read(page_with(pdf, Stream(pdf, b"/X Do"), XObject=Dictionary(X=form)))
    assert found.shape == (167, 250, 3)


def test_xmp_that_would_take_minutes_to_read_is_refused():
    pdf = pikepdf.new()
    add_scan(pdf, RGB)
    pdf.Root.Metadata = packed(pdf, b"<x>abc</x>", 20, Type=Name.Metadata, Subtype=Name.XML)
    assert "more than 16 MB once it is decoded" in refused(saved(pdf, fix_metadata_version=False))


def test_text_and_xmp_beyond_all_measure_are_left_out_with_a_warning():
    pdf = pikepdf.new()
    add_page(pdf, (0, 0, 60, 40), b"q Q " * 300_000 + b"BT /F1 9 Tf (Hello) Tj ET")
    pdf.Root.Metadata = packed(pdf, b"<x>abc</x>", 8, Type=Name.Metadata, Subtype=Name.XML)
    target, warnings = copied(saved(pdf, fix_metadata_version=False))
    assert texts(target) == [""]
    assert len(warnings) == 2
    with pikepdf.open(target) as made:
        assert "/Metadata" not in made.Root


def test_a_stream_is_decoded_up_to_what_is_allowed():
    pdf = pikepdf.new()
    for coding, data in (("ASCIIHexDecode", b"2041>"), ("RunLengthDecode", b"\x01 A\x80")):
        assert pdf_limits.decoded(Stream(pdf, data, Filter=Name("/" + coding))) == b" A"
    assert (
        pdf_limits.decoded(Stream(pdf, zlib.compress(RGB.tobytes())[:-20], Filter=Name.FlateDecode))[:99]
        == RGB.tobytes()[:99]
    )
    assert pdf_limits.decoded(Stream(pdf, b"broken", Filter=Name.LZWDecode)) == b""
    half = Stream(pdf, b"0" * (1 << 20), Filter=Name.LZWDecode)
    with pytest.raises(pdf_limits.InputError):
        pdf_limits.decoded(half)


@pytest.mark.parametrize("tail", [bytes(5000), b"\r\n" + b"<!-- served in 3 ms -->\n" * 200, bytes(3 << 20)])
def test_what_follows_the_end_of_a_pdf_does_not_matter(tail):
    pdf = pikepdf.new()
    add_scan(pdf, RGB)
    whole = saved(pdf).getvalue()
    [(found, _, warnings)] = read(io.BytesIO(whole + tail))
    assert np.array_equal(found, RGB)
    assert not warnings
    assert copied(io.BytesIO(whole + tail))[0].getvalue() == copied(io.BytesIO(whole))[0].getvalue()


def test_an_update_that_is_cut_short_is_not_taken_for_what_follows_the_end():
    pdf = pikepdf.new()
    add_scan(pdf, GRAY)
    whole = saved(pdf).getvalue()
    update = b"9 0 obj\n<</Length 90000>>\nstream\n" + bytes(90000)
    assert refused(io.BytesIO(whole + update)) == "the PDF is damaged or cut short"


def test_links_and_outlines_lead_somewhere_and_run_nothing():
    pdf = pikepdf.new()
    page = add_scan(pdf, RGB)
    script = Dictionary(S=Name.JavaScript, JS="evil()")
    actions = [
        Dictionary(S=Name.URI, URI="https://example.org/", Next=script),
        Dictionary(S=Name.GoTo, D=Array([page.obj, Name.Fit])),
        Dictionary(S=Name.Launch, F="/bin/sh"),
        script,
        Dictionary(S=Name.SubmitForm, F="https://example.org/"),
        Dictionary(S=Name.GoToR, F="other.pdf", D="a"),
        Dictionary(S=Name.URI, URI="Java\tScript:evil()"),
        7,
    ]
    link = {"Type": Name.Annot, "Subtype": Name.Link, "Rect": [0, 0, 9, 9]}
    notes = [Dictionary(**link, A=action, AA=Dictionary(E=script), PA=script) for action in actions]
    notes.append(Dictionary(**link, Dest=Array([page.obj, Name.Fit])))
    page.obj.Annots = Array([pdf.make_indirect(note) for note in notes])
    page.obj.AA = Dictionary(O=script)
    with pdf.open_outline() as outline:
        outline.root.extend([OutlineItem("One", action=script), OutlineItem("Two", 0)])
    target, _ = copied(saved(pdf))
    with pikepdf.open(target) as made:
        plain = saved(made, object_stream_mode=pikepdf.ObjectStreamMode.disable).getvalue()
    for word in (b"evil", b"/JavaScript", b"/Launch", b"/SubmitForm", b"/GoToR", b"/AA", b"/PA"):
        assert word not in plain
    with pikepdf.open(target) as made:
        kept = list(made.pages[0].obj.Annots)
        assert [note.A.S if "/A" in note else "Dest" for note in kept] == [Name.URI, Name.GoTo, "Dest"]
        assert "/Next" not in kept[0].A
        with made.open_outline() as outline:
            assert [(entry.title, entry.destination is not None) for entry in outline.root] == [
                ("One", False),
                ("Two", True),
            ]
