"""--ocr: what tesseract reads lies beneath the pictures of a PDF, which stay as they are."""

import io
import shutil
import sys
from functools import partial

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageDraw, ImageFont

import bgtool
from bgtool.errors import InputError, UsageError
from bgtool.imaging import ocr
from bgtool.imaging.metadata import Metadata
from bgtool.imaging.reading.open import open_pages
from bgtool.imaging.source import Bands
from bgtool.imaging.writing.writer import open_writer
from tests.support.pdfs import add_scan, assert_is_pdfa, images_of, pypdfium2, saved, texts

pytestmark = pytest.mark.skipif(not shutil.which("tesseract"), reason="there is no tesseract")
needs_shell = pytest.mark.skipif(sys.platform == "win32", reason="puts a shell script in tesseract's place")

READ = partial(ocr.words_of, languages="eng")


def written(words, size=(420, 160)):
    """A page with a few words on it, uint8 [h, w]."""
    page = Image.new("L", size, 245)
    ImageDraw.Draw(page).text((20, 50), words, fill=10, font=ImageFont.load_default(44))
    return np.asarray(page)


def pdf_of(*pages, read=READ, **options):
    """A PDF of pages, in memory, and what is said."""
    target = io.BytesIO()
    with open_writer(target, suffix=".pdf", pages=len(pages), read=read, **options) as writer:
        for page in pages:
            writer.add(Bands.of(page), Metadata())
    return target, writer.warnings


def carried(source, read):
    """A PDF made from all pages of another."""
    target = io.BytesIO()
    with open_pages(source, max_megapixels=50) as reader, open_writer(target, suffix=".pdf", read=read) as writer:
        for page in reader:
            writer.add(Bands.of(page.window(0, 0, *page.size)), page.metadata)
    return target


def streams(target):
    with pikepdf.open(target) as pdf:
        return [image.read_raw_bytes() for page in pdf.pages for image in images_of(page)]


def test_words_of_every_kind_of_page_are_found_and_pictures_are_the_same():
    grey = written("seven brown foxes")
    pages = [grey, written("over nine") > 127, np.dstack([grey] * 3), np.full((80, 300), 255, np.uint8)]
    target, said = pdf_of(*pages)
    foxes = ["seven", "brown", "foxes"]
    assert [text.split() for text in texts(target)] == [foxes, ["over", "nine"], foxes, []]
    assert said == []
    assert streams(target) == streams(pdf_of(*pages, read=None)[0])
    with pikepdf.open(target) as pdf:
        forms = [page.Resources.XObject.get("/Text") for page in pdf.pages]
        assert [form is not None for form in forms] == [True, True, True, False]
        assert len({form.Resources.Font.objgen for form in forms if form}) == 1, "all share their fonts"
        assert all(page.Contents.read_bytes().startswith(b"/Text Do q ") for page in list(pdf.pages)[:3])


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_words_lie_where_they_stand_also_on_turned_pages_of_a_pdf(rotation):
    page = written("fox")
    pdf = pikepdf.new()
    add_scan(pdf, np.rot90(page, rotation // 90), 72, corner=(30, 40), Rotate=rotation)
    target = carried(saved(pdf), READ)
    with pypdfium2.PdfDocument(target) as document:
        text = document[0].get_textpage()
        assert text.get_text_bounded().strip() == "fox"
        assert document[0].get_rotation() == rotation
        text.count_rects()
        left, bottom, right, top = text.get_rect(0)
    ink = np.argwhere(np.rot90(page, rotation // 90) < 100)
    height = page.shape[0 if rotation % 180 == 0 else 1]
    found = (left - 30, height - (top - 40), right - 30, height - (bottom - 40))
    wanted = (ink[:, 1].min(), ink[:, 0].min(), ink[:, 1].max(), ink[:, 0].max())
    assert np.abs(np.subtract(found, wanted)).max() < 20


def test_a_page_that_has_its_text_is_not_read():
    pdf = pikepdf.new()
    add_scan(pdf, written("fox"), 72, after=b"BT /F1 30 Tf 60 90 Td (Hello) Tj ET ")

    def refuse(pixels, dpi):
        raise AssertionError

    assert [text.strip() for text in texts(carried(saved(pdf), refuse))] == ["Hello"]


def test_specks_and_giants_are_not_read():
    def refuse(pixels, dpi):
        raise AssertionError

    target, said = pdf_of(np.full((2, 3), True), np.full((20, ocr.LONGEST + 1), True), read=refuse)
    assert len(streams(target)) == 2
    assert [text for text in said if "larger than tesseract reads" in text]


def test_it_does_not_wait_for_ever_and_can_be_broken_off():
    with pytest.raises(InputError, match="did not read it in 0 s"):
        ocr.words_of(written("fox"), 300, "eng", seconds=0)

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ocr.words_of(written("fox"), 300, "eng", wait=stop)


def clean(*inputs, **options):
    chosen = {"format": "pdfa", "ocr": "eng", "device": "cpu"} | options
    return bgtool.clean_files(*inputs, **chosen)


@pytest.fixture
def scans(tmp_path):
    """Two pages, each with its number written out."""
    for number, words in ((2, "number two"), (10, "number ten")):
        (tmp_path / "in").mkdir(exist_ok=True)
        Image.fromarray(written(words)).save(tmp_path / "in" / f"{number}.png", dpi=(150, 150))
    return tmp_path / "in"


@pytest.mark.parametrize("style", ["gray", "bilevel", "color"])
def test_a_run_with_ocr_joins_pages_that_can_be_searched_and_are_pdfa(scans, tmp_path, style):
    assert clean(scans, output=tmp_path / "out", join=True, style=style).done == 2
    assert [text.split() for text in texts(tmp_path / "out" / "in.pdf")] == [["number", "two"], ["number", "ten"]]
    assert_is_pdfa(tmp_path / "out" / "in.pdf")
    assert_is_pdfa(tmp_path / "out" / "bgtool-pages" / "2.pdf")
    assert clean(scans, output=tmp_path / "out", join=True, style=style).skipped == 2
    clean(scans, output=tmp_path / "plain", join=True, style=style, ocr="")
    assert streams(tmp_path / "plain" / "in.pdf") == streams(tmp_path / "out" / "in.pdf")


def test_what_is_missing_is_said_before_the_run(scans, tmp_path, monkeypatch):
    with pytest.raises(UsageError, match=r"no data of the language deu_frak .*tesseract-ocr-deu-frak"):
        clean(scans, output=tmp_path / "out", ocr="eng+deu_frak")
    for wrong in ("-eng", "eng+", "eng deu"):
        with pytest.raises(UsageError, match="names no languages"):
            clean(scans, output=tmp_path / "out", ocr=wrong)
    with pytest.raises(UsageError, match="--format pdf"):
        clean(scans, output=tmp_path / "out", format="png")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="apt-get install tesseract-ocr"):
        clean(scans, output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@needs_shell
def test_a_crash_costs_one_file_one_line(scans, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "tesseract"
    program.parent.mkdir()
    real = shutil.which("tesseract")
    program.write_text(
        "#!/bin/bash\n"
        f'[ "$1" = --list-langs ] && exec {real} --list-langs\n'
        'page=$(mktemp); cat > "$page"\n'
        f'head -c 20 "$page" | grep -qa "420 160" && exec {real} "$page" "${{@:2}}"\n'
        "kill -SEGV $$\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    Image.fromarray(written("crash", (421, 160))).save(scans / "3.png")
    summary = clean(scans, output=tmp_path / "out")
    assert (summary.done, summary.failed) == (2, 1)
    assert [outcome.error for outcome in summary.outcomes] == ["tesseract failed: signal 11"]
    assert sorted(path.name for path in (tmp_path / "out").glob("*.pdf")) == ["10.pdf", "2.pdf"]
