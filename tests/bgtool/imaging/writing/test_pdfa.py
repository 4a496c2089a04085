"""--format pdfa: the clauses of PDF/A-2b that concern documents of pictures alone, and what is said to be left out."""

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageCms

import bgtool
from bgtool.errors import InputError
from bgtool.imaging import icc
from bgtool.imaging.formats import Format
from bgtool.imaging.writing import pdfa
from bgtool.options import Style
from tests.support.pdfs import add_scan, assert_is_pdfa, helvetica, texts


def clean(*inputs, output, **options):
    return bgtool.clean_files(*inputs, output=output, device="cpu", **options)


def scan(path, **options):
    pixels = np.full((120, 90), 230, np.uint8)
    pixels[40:60, 20:70] = 10
    Image.fromarray(pixels).convert("RGB").save(path, dpi=(150, 150), **options)
    return path


@pytest.mark.parametrize("style", list(Style))
def test_pictures_become_pdfa(tmp_path, tiny_model_file, style):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tags = {269: "A title & more", 315: "Somebody"}
    scan(tmp_path / "a.tif", icc_profile=profile, tiffinfo=tags)
    summary = clean(tmp_path / "a.tif", output=tmp_path / "out", model=tiny_model_file, style=style, format=Format.PDFA)
    assert (summary.done, summary.failed) == (1, 0)
    assert_is_pdfa(tmp_path / "out" / "a.pdf")
    again = clean(tmp_path / "a.tif", output=tmp_path / "out", model=tiny_model_file, style=style, format=Format.PDFA)
    assert again.skipped == 1


def test_the_text_of_a_pdf_is_left_out_and_said_to_be(tmp_path, tiny_model_file):
    pdf = pikepdf.new()
    content = b"BT /F1 12 Tf 10 10 Td (words) Tj ET"
    add_scan(pdf, np.full((200, 150), 200, np.uint8), 72, after=content)
    pdf.pages[0].Resources.Font = pikepdf.Dictionary(F1=helvetica())
    pdf.docinfo["/Title"] = "Old"
    pdf.save(tmp_path / "book.pdf")
    summary = clean(tmp_path / "book.pdf", output=tmp_path / "out", model=tiny_model_file, format=Format.PDFA)
    assert summary.done == 1
    assert any("not in PDF/A: text" in warning for outcome in summary.outcomes for warning in outcome.warnings)
    assert_is_pdfa(tmp_path / "out" / "book.pdf")


def test_where_a_page_lies_is_not_said_in_it_and_nothing_is_called_lost(tmp_path, tiny_model_file):
    scan(tmp_path / "a.png")
    summary = clean(tmp_path / "a.png", output=tmp_path / "out", model=tiny_model_file, crop="ink", format=Format.PDFA)
    assert not [text for outcome in summary.outcomes for text in outcome.warnings if "XMP" in text]
    assert_is_pdfa(tmp_path / "out" / "a.pdf")


@pytest.mark.parametrize("enlarge", [1, 2])
def test_a_pdf_keeps_its_text_and_rotation_however_large_its_pages_become(tmp_path, tiny_model_file, enlarge):
    pdf = pikepdf.new()
    add_scan(pdf, np.full((75, 150), 250, np.uint8), 72, after=b"BT /F1 30 Tf 60 20 Td (Hello) Tj ET ", Rotate=90)
    pdf.save(tmp_path / "a.pdf")
    clean(tmp_path / "a.pdf", output=tmp_path / "out", model=tiny_model_file, enlarge=enlarge)
    assert texts(tmp_path / "out" / "a.pdf") == ["Hello"]
    with pikepdf.open(tmp_path / "out" / "a.pdf") as made:
        assert (made.pages[0].obj.Rotate, list(made.pages[0].mediabox)) == (90, [0, 0, 150, 75])


def test_a_page_too_small_is_refused_and_profiles_of_other_kinds_do_not_stay():
    with pikepdf.new() as pdf:
        pdf.add_blank_page().obj.MediaBox = pikepdf.Array([0, 0, 2, 100])
        with pytest.raises(InputError, match="PDF/A"):
            pdfa.declare(pdf)
    assert pdfa.may_stay(icc.srgb())
    assert not pdfa.may_stay(icc.srgb()[:12] + b"link" + icc.srgb()[16:])
    assert not pdfa.may_stay(icc.srgb()[:8] + b"\5" + icc.srgb()[9:])
