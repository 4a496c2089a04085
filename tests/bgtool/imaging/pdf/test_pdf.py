"""PDF in and out: real files, read and written through bgtool, looked at with PDFium and qpdf."""

import io
import json
import queue
import re
import subprocess
import sys
import threading
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from bgtool import api
from bgtool.engine import worker
from bgtool.engine.job import Job, Outcome
from bgtool.engine.messages import Assignment
from bgtool.engine.sessions import Sessions
from bgtool.errors import InputError, OutputError
from bgtool.imaging import icc
from bgtool.imaging.formats import Format
from bgtool.imaging.metadata import Metadata, Resolution
from bgtool.imaging.reading.open import open_pages
from bgtool.imaging.source import Bands, kind_of
from bgtool.imaging.writing.writer import Writer, open_writer
from bgtool.options import CleanOptions, Style
from bgtool.tasks.order import order_for
from bgtool.tasks.registry import work_for
from tests.support.pdfs import (
    BLACK_AND_WHITE,
    GRAY,
    LETTERS,
    RGB,
    RNG,
    SRGB,
    add_page,
    add_scan,
    copied,
    faults_of,
    helvetica,
    images_of,
    in_colour,
    picture,
    placed,
    read,
    refused,
    saved,
    scan_file,
    shown,
    texts,
)

pikepdf = pytest.importorskip("pikepdf")
pypdfium2 = pytest.importorskip("pypdfium2")

from pikepdf import Array, Dictionary, Name, Stream  # noqa: E402


def bgtool(*args, stdin=None):
    command = [sys.executable, "-m", "bgtool", *map(str, args)]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=240, check=False)


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("pixels", [BLACK_AND_WHITE, GRAY, RGB], ids=["bilevel", "gray", "rgb"])
def test_a_scan_comes_out_pixel_for_pixel_as_it_is_shown(pixels, rotation):
    for dpi, corner in ((300, (0, 0)), (199.7, (13.37, -41.2)), (72, (0, 0))):
        [(found, resolution, warnings)] = read(scan_file(pixels, dpi, corner, Rotate=rotation))
        assert np.array_equal(found, np.rot90(in_colour(pixels), -rotation // 90))
        assert resolution == pytest.approx((dpi, dpi), rel=1e-4)
        assert not warnings


def test_a_large_scan_with_a_rounded_box_stays_on_its_grid():
    pixels = RNG.integers(0, 256, (7017, 2481), dtype=np.uint8)
    pdf = pikepdf.new()
    add_page(pdf, (0, 0, 595.3, 841.7), placed(0, 0, 0, 595.44, 842.04), [picture(pdf, pixels)])
    [(found, resolution, _)] = read(saved(pdf))
    assert resolution == pytest.approx((300, 600), abs=0.05)
    assert np.array_equal(found[..., 0], pixels[-found.shape[0] :, : found.shape[1]])


def test_width_and_height_may_differ_in_resolution_and_turn_with_the_page():
    pdf = pikepdf.new()
    fax = RNG.integers(0, 2, (98, 204)).astype(bool)
    add_page(pdf, (0, 0, 72, 72), placed(0, 0, 0, 72, 72), [picture(pdf, fax)], Rotate=90)
    [(found, resolution, _)] = read(saved(pdf))
    assert np.array_equal(found, np.rot90(in_colour(fax), -1))
    assert resolution == pytest.approx((98, 204))


def test_an_image_that_lies_on_its_side_keeps_its_pixels():
    pdf = pikepdf.new()
    height, width = (side * 0.24 for side in GRAY.shape)
    turned = f"q 0 {width} {-height} 0 {height} 0 cm /I0 Do Q".encode()
    add_page(pdf, (0, 0, height, width), turned, [picture(pdf, GRAY)])
    [(found, _, _)] = read(saved(pdf))
    assert np.array_equal(found, np.rot90(in_colour(GRAY)))


def test_the_crop_box_cuts_between_pixels():
    crop = Array([10.1 * 0.24, 20 * 0.24, 50 * 0.24, 90.2 * 0.24])
    [(found, resolution, _)] = read(scan_file(RGB, CropBox=crop))
    assert np.array_equal(found, RGB[97 - 90 : 97 - 20, 10:50])
    assert resolution == (300, 300)


def test_strips_of_a_scan_are_one_page():
    pdf = pikepdf.new()
    unit = 72 / 600
    content = placed(0, 0, 47 * unit, 61 * unit, 50 * unit) + placed(1, 0, 0, 61 * unit, 47 * unit)
    add_page(pdf, (0, 0, 61 * unit, 97 * unit), content, [picture(pdf, RGB[:50]), picture(pdf, RGB[50:])])
    [(found, resolution, _)] = read(saved(pdf))
    assert np.array_equal(found, RGB)
    assert resolution == (600, 600)


def test_a_scan_within_forms_is_found():
    pdf = pikepdf.new()
    box = [0, 0, 61, 97]
    inner = Stream(pdf, placed(0, 0, 0, 1, 1), Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 1, 1])
    inner.Resources = Dictionary(XObject=Dictionary(I0=picture(pdf, RGB)))
    outer = Stream(pdf, placed(0, 0, 0, 61, 97), Type=Name.XObject, Subtype=Name.Form, BBox=box)
    outer.Resources = Dictionary(XObject=Dictionary(I0=inner))
    add_page(pdf, box, b"/I0 Do", [outer])
    [(found, resolution, _)] = read(saved(pdf))
    assert np.array_equal(found, RGB)
    assert resolution == (72, 72)


def test_invisible_text_does_not_change_a_scan_and_visible_text_is_drawn_finely():
    hidden = b"BT 3 Tr /F1 8 Tf 1 9 Td (Hello) Tj ET "
    [(found, resolution, _)] = read(scan_file(GRAY, 100, after=hidden))
    assert np.array_equal(found, in_colour(GRAY))
    [(_, resolution, _)] = read(scan_file(GRAY, 100, before=b"1 g 0 0 500 500 re f "))
    assert resolution == (100, 100)
    [(_, resolution, _)] = read(scan_file(GRAY, 100, after=b"BT /F1 8 Tf 1 9 Td (Hello) Tj ET "))
    assert resolution == (300, 300)
    [(_, resolution, _)] = read(scan_file(GRAY, 400, after=b"BT /F1 8 Tf 1 9 Td (Hello) Tj ET "))
    assert resolution == (400, 400)


def test_a_page_without_a_scan_has_300_dpi_whatever_its_unit():
    pdf = pikepdf.new()
    add_page(pdf, (0, 0, 144, 72), LETTERS)
    add_page(pdf, (0, 0, 144, 72), b"", UserUnit=2)
    add_page(pdf, (0, 0, 144, 72), placed(0, 10, 10, 30, 30), [picture(pdf, RGB)])
    assert [(page.shape, dpi) for page, dpi, _ in read(saved(pdf))] == [
        ((300, 600, 3), (300, 300)),
        ((600, 1200, 3), (300, 300)),
        ((300, 600, 3), (300, 300)),
    ]


def annotation(pdf, kind, box, colour=None, **more):
    """An annotation, filled with a colour where one is given."""
    entries = {"Type": Name.Annot, "Subtype": Name("/" + kind), "Rect": box, "F": 4, **more}
    if colour:
        look = Stream(pdf, b"%b rg 0 0 9 9 re f" % colour, Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 9, 9])
        entries["AP"] = Dictionary(N=look)
    return pdf.make_indirect(Dictionary(**entries))


def field(pdf, box, colour=None, **more):
    return annotation(pdf, "Widget", box, colour, FT=Name.Tx, T=f"at {box}", DA="/Helv 8 Tf 0 g", **more)


@pytest.mark.filterwarnings("ignore:.*not reachable from /AcroForm")  # pikepdf, over the file made here
@pytest.mark.parametrize("listed", [True, False])
def test_annotations_and_form_fields_are_part_of_the_picture(listed):
    pdf = pikepdf.new()
    stamp = annotation(pdf, "Stamp", [24, 24, 48, 48], b"1 0 0")
    filled, empty = field(pdf, [24, 48, 48, 72], b"0 0 1", V="yes"), field(pdf, [48, 24, 72, 48])
    pixels = RNG.integers(0, 256, (300, 300, 3), dtype=np.uint8)
    add_scan(pdf, pixels, Annots=Array([stamp, filled, empty]))
    if listed:
        pdf.Root.AcroForm = Dictionary(Fields=Array([filled, empty]))
    [(found, _, _)] = read(saved(pdf))
    pixels[100:200, 100:200], pixels[:100, 100:200] = (255, 0, 0), (0, 0, 255)
    assert np.array_equal(found, pixels)


def test_letters_in_a_form_field_have_no_coloured_rims():
    pdf = pikepdf.new()
    name = field(pdf, [10, 20, 60, 40], V="Hello")
    add_page(pdf, (0, 0, 72, 72), b"", Annots=Array([name]))
    pdf.Root.AcroForm = Dictionary(Fields=Array([name]), NeedAppearances=True)
    [(found, _, _)] = read(saved(pdf))
    assert found.min() < 50
    assert (found == found[..., :1]).all()


@pytest.mark.filterwarnings("ignore:.*not reachable from /AcroForm")  # pikepdf, over the file made here
@pytest.mark.parametrize("form", [5, Dictionary(Fields=7), Dictionary(Fields=[], XFA=b"<xdp"), Dictionary(DR=3, DA=4)])
def test_a_damaged_or_unknown_form_does_not_matter(form, capfd):
    pdf = pikepdf.new()
    bad = annotation(pdf, "Widget", 3, FT=Name.Tx, AP=4, MK=5, Parent=6)
    add_scan(pdf, RGB, Annots=Array([bad, 8, Dictionary(Subtype=Name.Widget)]))
    pdf.Root.AcroForm = form
    [(found, _, warnings)] = read(saved(pdf))
    assert np.array_equal(found, RGB)
    assert not warnings
    assert not capfd.readouterr().err


def test_calibrated_colours_come_out_as_srgb():
    linear = bytearray(icc.srgb())
    curve = linear.rfind(b"curv") + 12
    linear[curve : curve + 128] = np.linspace(0, 65535, 64).astype(">u2").tobytes()
    pdf = pikepdf.new()
    space = Array([Name.ICCBased, Stream(pdf, bytes(linear), N=3)])
    add_page(pdf, (0, 0, 61, 97), placed(0, 0, 0, 61, 97), [picture(pdf, RGB, ColorSpace=space)])
    add_scan(pdf, RGB)
    source = saved(pdf)
    profiles = [ImageCms.ImageCmsProfile(io.BytesIO(profile)) for profile in (bytes(linear), icc.srgb())]
    expected = np.asarray(ImageCms.profileToProfile(Image.fromarray(RGB), *profiles))
    with open_pages(source, max_megapixels=1) as reader:
        found = [(page.window(0, 0, *page.size), page.metadata.icc) for page in reader]
    assert np.abs(found[0][0].astype(int) - expected).max() <= 2
    assert [profile for _, profile in found] == [icc.srgb(), None]


def test_large_pages_are_refused_before_they_are_rendered():
    pdf = pikepdf.new()
    add_page(pdf, (0, 0, 14400, 14400), b"", UserUnit=1000)
    message = refused(saved(pdf))
    assert "megapixels" in message
    assert "--max-megapixels" in message
    pdf = pikepdf.new()
    bomb = Stream(pdf, b"", Type=Name.XObject, Subtype=Name.Image, Width=60000, Height=60000,
                  ColorSpace=Name.DeviceGray, BitsPerComponent=8)  # fmt: skip
    add_page(pdf, (0, 0, 72, 72), placed(0, 0, 0, 1, 1), [bomb])
    assert "3,600 megapixels" in refused(saved(pdf))
    assert refused(scan_file(RGB), max_megapixels=0.005).startswith("it has 0.006 megapixels")


def test_what_cannot_be_read_has_one_plain_reason():
    pdf = pikepdf.new()
    for pixels in (RGB, GRAY, BLACK_AND_WHITE):
        add_scan(pdf, pixels)
    good = saved(pdf).getvalue()
    assert "password" in refused(saved(pdf, encryption=pikepdf.Encryption(owner="a", user="b")))
    assert len(read(saved(pdf, encryption=pikepdf.Encryption(owner="a", user="")))) == 3
    for size in (9, len(good) // 3, len(good) - 40):
        assert refused(io.BytesIO(good[:size])) == "the PDF is damaged or cut short"
    assert "some of its pages are missing" in refused(io.BytesIO(good.replace(b"/Count 3", b"/Count 4")))
    assert refused(saved(pikepdf.new())) == "the PDF has no pages"
    [(_, _, warnings), *_] = read(io.BytesIO(good.replace(b"startxref", b"startxxxx")))
    assert warnings == ("the PDF is damaged and was repaired as far as possible",)
    assert len(read(io.BytesIO(b"junk of a mail program\n" + good))) == 3


@pytest.mark.parametrize("filter", ["DCTDecode", "JPXDecode", "FlateDecode"])
def test_a_picture_that_is_cut_short_fails_its_page_by_number(filter):
    buffer = io.BytesIO()
    if filter == "FlateDecode":
        import zlib

        buffer.write(zlib.compress(RGB.tobytes()))
    else:
        Image.fromarray(RGB).save(buffer, {"DCTDecode": "JPEG", "JPXDecode": "JPEG2000"}[filter])
    for end in (None, len(buffer.getvalue()) // 2):
        pdf = pikepdf.new()
        add_scan(pdf, RGB)
        image = picture(pdf, RGB)
        image.write(buffer.getvalue()[:end], filter=Name("/" + filter))
        add_page(pdf, (0, 0, 61, 97), placed(0, 0, 0, 61, 97), [image])
        source = saved(pdf, stream_decode_level=pikepdf.StreamDecodeLevel.none)
        if end is None:
            assert np.abs(read(source)[1][0].astype(int) - RGB).mean() < 60
        else:
            assert refused(source) == "page 2 of 2: a picture on it is damaged or cut short"


def test_a_picture_that_is_missing_fails():
    pdf = pikepdf.new()
    add_page(pdf, (0, 0, 61, 97), placed(0, 0, 0, 61, 97), [picture(pdf, RGB)])
    data = saved(pdf, object_stream_mode=pikepdf.ObjectStreamMode.disable).getvalue()
    number = re.search(rb"/I0 (\d+)", data)[1]
    assert "missing" in refused(io.BytesIO(data.replace(b"/I0 " + number, b"/I0 9999")))


PAGE_WITH_ALL = scan_file(RGB, 20, after=LETTERS).getvalue()


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damage_of_any_kind_is_a_reason_and_never_a_crash(data):
    damaged = bytearray(PAGE_WITH_ALL)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(InputError):
        copied(io.BytesIO(bytes(damaged)))


# --- writing ----------------------------------------------------------------------------------------------------------


def written(pixels, metadata=None):
    target = io.BytesIO()
    with open_writer(target, suffix=".pdf", model="net-1") as writer:
        writer.add(Bands.of(pixels), metadata or Metadata())
    return target


def test_bilevel_is_ccitt_group_4_and_exact():
    for shape in ((97, 61), (1, 1), (40, 8)):
        pixels = RNG.integers(0, 2, shape).astype(bool)
        target = written(pixels)
        with pikepdf.open(target) as pdf:
            [image] = images_of(pdf.pages[0])
            assert (image.Filter, image.DecodeParms.K, image.BitsPerComponent) == (Name.CCITTFaxDecode, -1, 1)
            assert "/ColorSpace" in image
        assert np.array_equal(read(target)[0][0], in_colour(pixels))


@pytest.mark.parametrize("profile", [None, SRGB], ids=["plain", "calibrated"])
def test_tones_and_colours_are_exact_and_carry_their_profile(profile):
    for pixels in (GRAY, RGB, GRAY[:1, :1], RGB[:, :1]):
        target = written(pixels, Metadata(icc=profile))
        with pikepdf.open(target) as pdf:
            assert not faults_of(pdf)
            [image] = images_of(pdf.pages[0])
            assert image.Filter == Name.FlateDecode
            expected = icc.for_output(profile, kind_of(pixels))
            if profile:
                assert image.ColorSpace[1].read_bytes() == expected
                assert {1: 2, 3: 3}[int(image.ColorSpace[1].N)] == pixels.ndim
        found = read(target)[0][0]
        assert np.abs(found.astype(int) - in_colour(pixels)).max() <= (1 if profile else 0)


def test_transparency_is_a_soft_mask():
    pixels = RNG.integers(0, 256, (97, 61, 4), dtype=np.uint8)
    target = written(pixels)
    with pikepdf.open(target) as pdf:
        [image] = images_of(pdf.pages[0])
        assert (image.ColorSpace, image.SMask.ColorSpace) == (Name.DeviceRGB, Name.DeviceGray)
        assert np.array_equal(unpredicted(image, 61 * 3).reshape(97, 61, 3), pixels[..., :3])
        assert np.array_equal(unpredicted(image.SMask, 61), pixels[..., 3])
    alpha = pixels[..., 3:].astype(float) / 255
    expected = pixels[..., :3] * alpha + 255 * (1 - alpha)
    assert np.abs(read(target)[0][0] - expected).max() <= 2


def unpredicted(image, width):
    """The samples as qpdf decodes them."""
    return np.frombuffer(image.read_bytes(), np.uint8).reshape(-1, width)


def test_pages_of_images_have_the_size_that_their_resolution_says():
    def page_of(dpi, width=300, height=150):
        resolution = dpi and Resolution(Fraction(dpi[0]), Fraction(dpi[1]))
        with pikepdf.open(written(np.ones((height, width), bool), Metadata(resolution=resolution))) as pdf:
            page = pdf.pages[0].obj
            return [float(side) for side in page.MediaBox], float(page.get("/UserUnit", 1))

    assert page_of((300, 150)) == ([0, 0, 72, 72], 1)
    assert page_of(None) == ([0, 0, 225, 112.5], 1)
    box, unit = page_of((1, 1), 400, 10)
    assert box[2] == 14400
    assert box[2] * unit == 400 * 72


def test_what_an_image_says_of_itself_is_kept_as_far_as_a_pdf_can():
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    target = written(GRAY, Metadata(tags={269: "Ledger", 315: "Jörg".encode(), 270: "Page 1"}, xmp=xmp))
    with pikepdf.open(target) as pdf:
        found = {key: str(value) for key, value in pdf.docinfo.items()}
        assert found.pop("/Producer").startswith("bgtool ")
        assert found == {"/Title": "Ledger", "/Author": "Jörg", "/Subject": "Page 1"}
        [image] = images_of(pdf.pages[0])
        assert image.Metadata.read_bytes() == xmp


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_stops_the_run_and_not_the_process():
    noise = RNG.integers(0, 256, (900, 900), dtype=np.uint8)
    with Path("/dev/full").open("r+b", buffering=0) as full:
        writer = Writer(full, "out.pdf", ".pdf", "bgtool")
        writer.add(Bands.of(noise), Metadata())
        with pytest.raises(OutputError, match="the disk is full"):
            writer.close()


# --- from PDF to PDF --------------------------------------------------------------------------------------------------


def book():
    """Three pages of different boxes and rotations, and all that may hang on a document."""
    pdf = pikepdf.new()
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], A=Dictionary(S=Name.URI, URI="http://x/"))
    field = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, Rect=[0, 0, 9, 9], T="name")
    notes = Array([pdf.make_indirect(link), pdf.make_indirect(field)])
    add_scan(pdf, RGB, 72, (13.37, -41.2), after=b"BT 3 Tr /F1 12 Tf 20 0 Td (scan) Tj ET", Rotate=90, Annots=notes)
    add_page(pdf, (0, 0, 300, 200), LETTERS, CropBox=Array([50, 50, 250, 150]), Rotate=270, PieceInfo=Dictionary())
    add_scan(pdf, GRAY, 300, UserUnit=2)
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("Chapter", 1))
    pdf.Root.PageLabels = Dictionary(Nums=[0, Dictionary(S=Name.r)])
    pdf.Root.AcroForm = Dictionary(Fields=[notes[1]])
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS="app.alert(1)")
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=[]), Dests=Dictionary(Names=[]))
    pdf.docinfo["/Title"], pdf.docinfo["/ModDate"] = "Büch", "D:20200101"
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
        xmp["dc:title"], xmp["pdfaid:part"], xmp["pdf:Producer"] = "Büch", "2", "Scanner"
    return pdf


def test_a_pdf_looks_the_same_and_every_page_is_one_picture():
    source = saved(book())
    target, warnings = copied(source)
    assert not warnings
    before, after = shown(source, 3), shown(target, 3)
    for old, new in zip(before, after, strict=True):
        assert old.shape == new.shape
        assert np.abs(old.astype(int) - new).mean() < 2
    assert [page.tolist() == again.tolist() for (page, *_), (again, *_) in
            zip(read(source), read(target), strict=True)] == [True] * 3  # fmt: skip
    with pikepdf.open(target) as pdf:
        assert not faults_of(pdf)
        assert [len(images_of(page)) for page in pdf.pages] == [1, 1, 1]
        assert [page.obj.Rotate for page in list(pdf.pages)[:2]] == [90, 270]
        assert pdf.pages[2].obj.UserUnit == 2
        pictures = [item for item in pdf.objects if isinstance(item, Stream) and item.get("/Subtype") == Name.Image]
        assert len(pictures) == 3, "the old ones are gone"


def test_what_is_known_of_a_pdf_is_kept_and_what_no_longer_holds_is_not():
    target, _ = copied(saved(book()))
    with pikepdf.open(target) as pdf:
        information = {key: str(value) for key, value in pdf.docinfo.items()}
        assert information["/Title"] == "Büch"
        assert information["/Producer"].endswith("(net-1)")
        assert "/ModDate" not in information
        with pdf.open_outline() as outline:
            assert [item.title for item in outline.root] == ["Chapter"]
        assert [page.label for page in pdf.pages] == ["i", "ii", "iii"]
        assert set(pdf.Root.keys()) == {"/Type", "/Pages", "/Outlines", "/PageLabels", "/Names", "/Metadata"}
        assert set(pdf.Root.Names.keys()) == {"/Dests"}
        assert [item.Subtype for item in pdf.pages[0].obj.Annots] == [Name.Link]
        assert "/PieceInfo" not in pdf.pages[1].obj
        xmp = pdf.open_metadata()
        assert xmp["dc:title"] == "Büch"
        assert xmp["pdf:Producer"] == information["/Producer"]
        assert "pdfaid:part" not in xmp


def test_a_pdf_that_does_not_say_how_many_objects_it_has_is_read_and_written():
    data = re.sub(rb"/Size \d+", b"", saved(book(), object_stream_mode=pikepdf.ObjectStreamMode.disable).getvalue())
    target, _ = copied(io.BytesIO(data))
    assert texts(target)[:2] == ["scan", "Hello"]


def test_text_stays_searchable_where_it_was_and_cannot_be_seen():
    source = saved(book())
    target, _ = copied(source, np.zeros_like)
    assert texts(target)[:2] == texts(source)[:2] == ["scan", "Hello"]
    assert all((page == 0).all() for page in shown(target)), "nothing shows but the picture"
    with pypdfium2.PdfDocument(source) as old, pypdfium2.PdfDocument(target) as new:
        boxes = [document[1].get_textpage().get_charbox(0) for document in (old, new)]
    assert boxes[1] == pytest.approx(boxes[0], abs=0.01)


def test_text_within_forms_and_of_fonts_that_are_drawings_is_kept_too():
    pdf = pikepdf.new()
    glyph = Stream(pdf, b"600 0 0 0 500 500 d1 0 0 500 500 re f")
    drawn = Dictionary(
        Type=Name.Font, Subtype=Name.Type3, FontBBox=[0, 0, 500, 500], FontMatrix=[0.001, 0, 0, 0.001, 0, 0],
        CharProcs=Dictionary(a=glyph), Encoding=Dictionary(Type=Name.Encoding, Differences=[97, Name.a]),
        FirstChar=97, LastChar=97, Widths=[600],
    )  # fmt: skip
    layer = Stream(pdf, LETTERS, Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 500, 500])
    layer.Matrix, layer.Resources = Array([1, 0, 0, 1, 0, -60]), Dictionary(Font=Dictionary(F1=helvetica()))
    content = b"Q q /I0 Do Q q BT /T3 20 Tf 10 100 Td (aa) Tj ET"
    page = add_page(pdf, (0, 0, 200, 150), content, [layer])
    page.obj.Resources.Font.T3 = drawn
    source = saved(pdf)
    target, warnings = copied(source, lambda pixels: np.full_like(pixels, 255))
    assert not warnings
    assert sorted("".join(texts(target)).split()) == sorted("".join(texts(source)).split()) == ["Hello", "aa"]
    assert all((page == 255).all() for page in shown(target))


def test_resources_of_the_page_tree_are_used_and_do_not_stay_behind():
    pdf = pikepdf.new()
    page = add_scan(pdf, RGB, 20, after=LETTERS)
    pdf.Root.Pages.Resources = page.obj.Resources
    del page.obj.Resources
    source = saved(pdf)
    target, _ = copied(source)
    assert texts(target) == ["Hello"]
    with pikepdf.open(target) as made:
        assert "/Resources" not in made.Root.Pages


def test_the_same_pages_give_the_same_bytes():
    source = saved(book()).getvalue()
    assert copied(io.BytesIO(source))[0].getvalue() == copied(io.BytesIO(source))[0].getvalue()
    assert written(RGB).getvalue() == written(RGB).getvalue()


# --- whole runs -------------------------------------------------------------------------------------------------------


@pytest.fixture
def clean(tiny_model_file, tmp_path):
    """Cleans in this process."""

    def run(*inputs, **options):
        options = {"output": tmp_path / "out", "model": str(tiny_model_file), "device": "cpu"} | options
        return api.clean_files(*inputs, **options)

    return run


def test_a_folder_with_good_and_bad_pdfs_on_the_command_line(tmp_path, tiny_model_file):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    saved(book(), folder / "book.PDF")
    whole = (folder / "book.PDF").read_bytes()
    (folder / "cut.pdf").write_bytes(whole[: len(whole) // 2])
    saved(book(), folder / "locked.pdf", encryption=pikepdf.Encryption(owner="a", user="b"))
    command = ["clean", folder, "-o", out, "--model", tiny_model_file, "--style", "bilevel"]
    result = bgtool(*command)
    text = result.stderr.decode()
    assert result.returncode == 1, text
    assert "Traceback" not in text
    assert sum(line.startswith("failed") for line in text.splitlines()) == 2
    assert "cut short" in text
    assert "password" in text
    assert {path.name for path in out.iterdir()} == {"book.PDF", "bgtool-manifest.jsonl"}
    with pikepdf.open(out / "book.PDF") as pdf:
        assert [[image.Filter for image in images_of(page)] for page in pdf.pages] == [[Name.CCITTFaxDecode]] * 3
    done = [json.loads(line) for line in (out / "bgtool-manifest.jsonl").read_text().splitlines()]
    assert [line["pages"] for line in done if line["status"] == "done"] == [3]
    stamp = (out / "book.PDF").stat().st_mtime_ns
    again = bgtool(*command)
    assert "1 already done, 2 failed" in again.stderr.decode()
    assert (out / "book.PDF").stat().st_mtime_ns == stamp


def test_a_stream_in_and_out(tmp_path, tiny_model_file):
    source = saved(book(), tmp_path / "book.pdf")
    streamed = bgtool("clean", "-", "-o", "-", "--model", tiny_model_file, stdin=Path(source).read_bytes())
    assert streamed.returncode == 0, streamed.stderr.decode()
    filed = bgtool("clean", source, "-o", tmp_path / "clean.pdf", "--model", tiny_model_file)
    assert filed.returncode == 0, filed.stderr.decode()
    assert streamed.stdout == (tmp_path / "clean.pdf").read_bytes()


def test_bilevel_pages_are_those_of_a_tiff(clean, tmp_path):
    saved(book(), tmp_path / "book.pdf")
    for format, name in ((Format.PDF, "book.pdf"), (Format.TIFF, "book.tif")):
        assert clean(tmp_path / "book.pdf", output=tmp_path / format, style=Style.BILEVEL, format=format).done == 1
        assert (tmp_path / format / name).exists()
    tiff, pdf = read(tmp_path / "tiff" / "book.tif"), read(tmp_path / "pdf" / "book.pdf")
    assert len(tiff) == len(pdf) == 3
    for (expected, dpi, _), (found, same, _) in zip(tiff, pdf, strict=True):
        assert np.array_equal(found, expected)
        assert same == pytest.approx(dpi, abs=0.05)


def test_other_formats_to_pdf_and_pdf_to_formats_of_one_page(clean, tmp_path):
    pages = [Image.fromarray(RGB), Image.fromarray(GRAY)]
    pages[0].save(tmp_path / "two.tif", save_all=True, append_images=pages[1:], dpi=(150, 150))
    assert clean(tmp_path / "two.tif", format=Format.PDF, style=Style.COLOR).done == 1
    with pikepdf.open(tmp_path / "out" / "two.pdf") as pdf:
        assert [float(side) for side in pdf.pages[1].obj.MediaBox] == pytest.approx([0, 0, 61 * 0.48, 97 * 0.48])
    saved(book(), tmp_path / "book.pdf")
    assert "use --format tiff or pdf" in clean(tmp_path / "book.pdf", format=Format.PNG).outcomes[0].error
    (tmp_path / "one.pdf").write_bytes(scan_file(GRAY).getvalue())
    assert clean(tmp_path / "one.pdf", format=Format.PNG).done == 1
    with Image.open(tmp_path / "out" / "one.png") as image:
        assert (image.size, image.info["dpi"]) == ((61, 97), pytest.approx((300, 300), abs=0.01))


def test_many_at_a_time_give_what_one_at_a_time_gives(clean, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(5):
        pdf = book()
        add_scan(pdf, np.roll(RGB, number, axis=0))
        saved(pdf, folder / f"{number}.pdf")
    for jobs in (1, 4):
        assert clean(folder, output=tmp_path / str(jobs), jobs=jobs).done == 5
    for number in range(5):
        name = f"{number}.pdf"
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "4" / name).read_bytes()


def waits_elsewhere(pixels):
    """A wait for memory that ends once another thread has read a PDF."""
    other = threading.Thread(target=read, args=(scan_file(GRAY),), daemon=True)
    other.start()
    other.join(60)
    assert not other.is_alive(), "PDFium's lock is held by a thread that waits for memory"


def test_who_waits_for_memory_holds_no_lock():
    with open_pages(saved(book()), max_megapixels=50, admit=waits_elsewhere) as reader:
        assert len(list(reader)) == 3


def test_pdfs_that_are_each_too_large_for_the_memory_are_done_in_turn(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "BYTES_UNDER_WAY", 1)
    jobs = [Job(str(tmp_path / f"{number}.pdf"), str(tmp_path / f"{number}.tif")) for number in range(8)]
    for job in jobs:
        saved(book(), job.source)
    options = CleanOptions(inputs=(str(tmp_path),), output=str(tmp_path))
    order = order_for(options)
    work = worker.Worker(order, work_for(order), Sessions([tiny_model]), lambda progress: None)
    outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    for some in (jobs[::4], jobs[1::4], jobs[2::4], jobs[3::4]):
        threading.Thread(
            target=lambda some=some: [outcomes.put(work(Assignment(0, job))) for job in some], daemon=True
        ).start()
    assert [outcomes.get(timeout=120).error for _ in jobs] == [""] * 8


def test_people_cut_out_into_pdf(person_model_file, tmp_path):
    photo = np.full((120, 160, 3), (0, 0, 255), np.uint8)
    photo[20:100, 30:80] = (255, 0, 0)
    (tmp_path / "photo.pdf").write_bytes(scan_file(photo, 72, Rotate=90).getvalue())
    common = {"model": str(person_model_file), "device": "cpu"}
    assert api.cutout_files(tmp_path / "photo.pdf", output=tmp_path / "out", **common).done == 1
    with pikepdf.open(tmp_path / "out" / "photo.pdf") as pdf:
        [image] = images_of(pdf.pages[0])
        assert (image.Width, image.Height, image.SMask.Width) == (120, 160, 120)
    assert api.cutout_files(tmp_path / "photo.pdf", output=tmp_path / "crop", crop=True, **common).done == 1
    [page] = shown(tmp_path / "crop" / "photo.pdf")
    assert page.shape[0] == pytest.approx(50, abs=6)
    assert page.shape[1] == pytest.approx(80, abs=6)
    assert tuple(page[25, 40]) == (0, 0, 255), "blue, green, red: the person, upright, fills the page"
