"""PDFs as scanners and offices make them, and what bgtool, qpdf and PDFium see in one."""

import io

import numpy as np
import pytest
from PIL import ImageCms

from bgtool.errors import InputError
from bgtool.imaging import icc
from bgtool.imaging.reading.open import open_pages
from bgtool.imaging.source import Bands
from bgtool.imaging.writing.writer import open_writer

pikepdf = pytest.importorskip("pikepdf")
pypdfium2 = pytest.importorskip("pypdfium2")

from pikepdf import Array, Dictionary, Name, Stream  # noqa: E402

RNG = np.random.default_rng(11)
RGB = RNG.integers(0, 256, (97, 61, 3), dtype=np.uint8)
GRAY = np.ascontiguousarray(RGB[..., 0])
BLACK_AND_WHITE = GRAY > 127
LETTERS = b"BT /F1 30 Tf 60 90 Td (Hello) Tj ET "
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def picture(pdf, pixels, **more):
    """An image as a scanner puts it into a PDF: uncompressed, bilevel packed."""
    bits, data = (1, np.packbits(pixels, axis=1)) if pixels.dtype == bool else (8, pixels)
    space = Name.DeviceRGB if pixels.ndim == 3 else Name.DeviceGray
    entries = {"ColorSpace": space, "BitsPerComponent": bits, **more}
    height, width = pixels.shape[:2]
    return Stream(pdf, data.tobytes(), Type=Name.XObject, Subtype=Name.Image, Width=width, Height=height, **entries)


def helvetica():
    """Made anew for every document, for none takes a direct object of another."""
    return Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)


def add_page(pdf, box, content, images=(), **more):
    page = pdf.add_blank_page()
    named = {f"/I{number}": image for number, image in enumerate(images)}
    page.obj.MediaBox = Array([round(side, 4) for side in box])
    page.obj.Resources = Dictionary(XObject=Dictionary(named), Font=Dictionary(F1=helvetica()))
    page.obj.Contents = Stream(pdf, content)
    for key, value in more.items():
        page.obj[f"/{key}"] = value
    return page


def placed(number, left, bottom, width, height):
    """Paint image `number` there."""
    return f"q {width:.4f} 0 0 {height:.4f} {left:.4f} {bottom:.4f} cm /I{number} Do Q ".encode()


def add_scan(pdf, pixels, dpi=300, corner=(0, 0), after=b"", before=b"", **more):
    """A page that is one scan."""
    (left, bottom), (height, width) = corner, (side * 72 / dpi for side in pixels.shape[:2])
    content = before + placed(0, left, bottom, width, height) + after
    return add_page(pdf, (left, bottom, left + width, bottom + height), content, [picture(pdf, pixels)], **more)


def saved(pdf, target=None, **options):
    """The file, in memory or at a path."""
    target = target or io.BytesIO()
    pdf.save(target, **options)
    return target


def scan_file(pixels, *args, **more):
    pdf = pikepdf.new()
    add_scan(pdf, pixels, *args, **more)
    return saved(pdf)


def read(source, max_megapixels=50):
    """Pixels, resolution and warnings of every page."""
    with open_pages(source, max_megapixels=max_megapixels) as reader:
        return [
            (page.window(0, 0, *page.size), page.metadata.resolution and page.metadata.resolution.dpi, page.warnings)
            for page in reader
        ]


def refused(source, **options):
    with pytest.raises(InputError) as caught:
        read(source, **options)
    return str(caught.value)


def faults_of(pdf):
    return pdf.check_pdf_syntax() if hasattr(pdf, "check_pdf_syntax") else pdf.check()  # its name before pikepdf 10


def images_of(page):
    return [item for item in page.obj.Resources.XObject.as_dict().values() if item.Subtype == Name.Image]


def in_colour(pixels):
    gray = pixels.astype(np.uint8) * (255 if pixels.dtype == bool else 1)
    return gray if gray.ndim == 3 else np.repeat(gray[..., None], 3, axis=2)


def copied(source, change=lambda pixels: pixels):
    """A PDF made from all pages of another file as a run makes it, and its warnings."""
    target = io.BytesIO()
    with (
        open_pages(source, max_megapixels=50) as reader,
        open_writer(target, suffix=".pdf", model="net-1", pages=reader.count) as writer,
    ):
        for page in reader:
            writer.add(Bands.of(change(page.window(0, 0, *page.size))), page.metadata)
    return target, writer.warnings


def shown(source, scale=1.0):
    """What a viewer shows of every page: uint8 [H, W, 3]."""
    with pypdfium2.PdfDocument(source) as document:
        return [page.render(scale=scale).to_numpy().copy() for page in document]


def texts(source):
    with pypdfium2.PdfDocument(source) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def assert_is_pdfa(path):
    """Every clause of PDF/A-2b that a document of pictures, with tesseract's words beneath them, can break.

    pikepdf's validator, where it is there, approves of what it knows alone.
    """
    try:
        from pikepdf.pdfa import validate_written
    except ImportError:  # before pikepdf 10.15, or without pikepdf[pdfa]
        pass
    else:
        assert validate_written(path, "2b").verdict == "pass"
    with pikepdf.open(path) as pdf:
        assert faults_of(pdf) == []
        assert not pdf.is_encrypted
        assert len(pdf.trailer.ID) == 2
        assert set(pdf.Root.keys()) == {"/Type", "/Pages", "/Metadata", "/OutputIntents"}
        (intent,) = pdf.Root.OutputIntents
        assert (intent.S, intent.DestOutputProfile.N) == ("/GTS_PDFA1", 3)
        assert icc.space(intent.DestOutputProfile.read_bytes()) == "RGB"
        assert "/Filter" not in pdf.Root.Metadata
        with pdf.open_metadata() as xmp:
            assert xmp.pdfa_status == "2B"
            assert xmp["pdf:Producer"] == str(pdf.docinfo.Producer)
            if "/Title" in pdf.docinfo:
                assert xmp["dc:title"] == str(pdf.docinfo.Title)
        for page in pdf.pages:
            others = {"/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents"}
            assert set(page.obj.keys()) <= others
            assert set(page.Resources.keys()) == {"/XObject"}
            for name, item in page.Resources.XObject.items():
                if name == "/Text":
                    _assert_words_may_stay(item)
                else:
                    assert item.Subtype == "/Image"
                    assert item.Filter in ("/CCITTFaxDecode", "/FlateDecode")
                    assert not {"/SMask", "/Metadata", "/Interpolate", "/Alternates", "/OPI"} & set(item.keys())


def _assert_words_may_stay(form):
    """Unseen, in fonts that are embedded and have a glyph for every code (6.2.11)."""
    assert form.Subtype == "/Form"
    assert set(form.Resources.keys()) == {"/Font"}
    modes = {str(each.operands[0]) for each in pikepdf.parse_content_stream(form, "Tr")}
    assert modes == {"3"}
    for font in form.Resources.Font.values():
        (inner,) = font.DescendantFonts
        assert (font.Subtype, font.Encoding, inner.Subtype) == ("/Type0", "/Identity-H", "/CIDFontType2")
        assert (inner.CIDSystemInfo.Registry, inner.CIDSystemInfo.Ordering) == ("Adobe", "Identity")
        assert len(inner.FontDescriptor.FontFile2.read_bytes()) == inner.FontDescriptor.FontFile2.Length1
        assert 0 not in np.frombuffer(inner.CIDToGIDMap.read_bytes(), ">u2")
        assert b"beginbfrange" in font.ToUnicode.read_bytes()
