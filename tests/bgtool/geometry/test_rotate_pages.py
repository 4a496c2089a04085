"""--rotate-pages: what lies on its side or stands on its head is put upright where tesseract is sure of it."""

import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image, ImageSequence

import bgtool
from bgtool.errors import InputError, UsageError
from bgtool.geometry.straighten import LYING, Wish, straightened
from bgtool.geometry.upright import SURE
from bgtool.imaging import ocr
from bgtool.imaging.ocr import Turn
from bgtool.imaging.reading.picture import ArraySource
from bgtool.storage.file_journal import FILE_NAME
from tests.support.scans import on_bed
from tests.support.writing import written

needs_tesseract = pytest.mark.skipif(not shutil.which("tesseract"), reason="there is no tesseract")


def found(scan, ask, **wish):
    grey = np.asarray(scan.convert("L"))
    return straightened(ArraySource(np.asarray(scan)), Wish(upright=True, **wish), lambda colours: grey, ask)


def answers(*told):
    """Says one after the other."""
    left = iter(told)
    return lambda grey: next(left)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_is_turned_without_a_loss(quarters):
    scan = written().rotate(90 * quarters, expand=True)
    [page] = found(scan, answers(Turn(quarters, SURE - 9), Turn(0, 9.0))).pages
    assert page.placement.degrees == 90 * quarters
    assert np.array_equal(page.window(0, 0, *page.size), np.asarray(written()))


@pytest.mark.parametrize(
    "told",
    [
        (Turn(2, SURE - 9), Turn(0, 8.9)),
        (Turn(2, SURE), Turn(1, 0.1)),
        (Turn(2, SURE), None),
        (Turn(0, 40.0),),
        (None,),
        (Turn(1, SURE), Turn(0, SURE)),  # its lines would run down
    ],
)
def test_where_it_is_not_sure_a_page_is_left(told):
    result = found(written(), answers(*told))
    assert result.pages[0].placement.is_all
    assert result.warnings == ()


def test_a_page_that_lies_and_is_not_turned_is_named():
    result = found(written().rotate(90, expand=True), answers(None))
    assert result.pages[0].placement.is_all
    assert result.warnings == (LYING,)


def run(folder, **options):
    summary = bgtool.clean_files(folder / "in", output=folder / "out", device="cpu", **options)
    lines = (folder / "out" / FILE_NAME).read_text(encoding="utf-8").splitlines()
    return summary, [json.loads(line) for line in lines]


def put(folder, scan):
    (folder / "in").mkdir(exist_ok=True)
    scan.save(folder / "in" / "a.png")


@needs_tesseract
@pytest.mark.parametrize("quarters", [0, 2, 3])
def test_tesseract_puts_a_page_upright_and_its_corners_are_carried_back(tmp_path, quarters):
    sheet = written(0, (1250, 700), 90)
    scan = sheet.rotate(90 * quarters, expand=True)
    put(tmp_path, scan)
    _, [line] = run(tmp_path, rotate_pages=True, style="color")
    [placed] = line["geometry"]
    assert placed["turned"] == 90 * quarters
    with Image.open(tmp_path / "out" / "a.png") as result:
        assert list(result.size) == placed["size"] == list(sheet.size)
    corners = [(0, 0), (scan.width, 0), (scan.width, scan.height), (0, scan.height)]
    assert placed["corners"] == [
        list(map(float, corner)) for corner in corners[4 - quarters :] + corners[: 4 - quarters]
    ]
    again, _ = run(tmp_path, rotate_pages=True, style="color")
    assert (again.done, again.skipped) == (0, 1)


@needs_tesseract
def test_it_is_turned_before_it_is_made_level_cut_and_parted(tmp_path):
    halves = [np.asarray(written(first, (620, 700), 40)) for first in (0, 3)]
    double = np.concatenate(halves, axis=1).astype(float)
    away = np.abs(np.arange(double.shape[1]) - double.shape[1] / 2 + 0.5)
    double *= (1 - 0.6 * np.exp(-away / 14))[None, :, None]
    scan, _ = on_bed(Image.fromarray(double.astype(np.uint8)), 4)
    put(tmp_path, scan.rotate(180))
    _, [line] = run(tmp_path, rotate_pages=True, deskew=True, crop="page", split="auto", format="tiff")
    first, second = line["geometry"]
    assert first["turned"] == second["turned"] == pytest.approx(184, abs=0.1)
    assert first["corners"][0][0] > second["corners"][0][0], "the first half lies on the right of the scan"
    with Image.open(tmp_path / "out" / "a.tif") as result:
        assert [list(one.size) for one in ImageSequence.Iterator(result)] == [first["size"], second["size"]]


@needs_tesseract
def test_what_is_no_writing_tells_nothing():
    assert ocr.turn_of(np.full((300, 400), 240, np.uint8)) is None
    with pytest.raises(InputError, match="did not read it in 0 s"):
        ocr.turn_of(np.asarray(written().convert("L")), seconds=0)


def test_where_tesseract_is_missing_the_run_ends_before_it_begins(tmp_path, monkeypatch):
    put(tmp_path, written())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="--rotate-pages needs the program tesseract"):
        run(tmp_path, rotate_pages=True)
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="tesseract cannot be run"):  # as on a worker of a cluster that lacks it
        ocr.turn_of(np.asarray(written().convert("L")))


@needs_tesseract
def test_where_its_data_are_missing_it_names_the_package(tmp_path, monkeypatch):
    put(tmp_path, written())
    data = tmp_path / "data"
    data.mkdir()
    (data / "eng.traineddata").touch()
    monkeypatch.setenv("TESSDATA_PREFIX", os.fspath(data))
    with pytest.raises(UsageError, match="no data of which way is up") as refused:
        run(tmp_path, rotate_pages=True)
    assert "tesseract-ocr-osd" in str(refused.value.advice)
