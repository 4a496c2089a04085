"""Pairing by name, reading as masks, and one bad file among good ones."""

import math

import numpy as np
import pytest
import tifffile
from PIL import Image

from bgtool.errors import InputError
from bgtool.runtime.task import ModelTask
from bgtool.scoring.files import score
from bgtool.scoring.metrics import DocumentFigures, PersonFigures

PERFECT = DocumentFigures(100.0, 100.0, math.inf, 0.0)


@pytest.fixture
def page():
    """Grey page [16, 16]: a black square on white."""
    levels = np.full((16, 16), 255, dtype=np.uint8)
    levels[4:9, 4:9] = 0
    return levels


def save(path, levels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(levels).save(path)
    return path


def only(scores):
    (found,) = list(scores)
    return found


def test_two_files_are_paired_whatever_they_are_called(tmp_path, page):
    truth, result = save(tmp_path / "truth.png", page), save(tmp_path / "other.bmp", page)
    found = only(score(truth, result, ModelTask.DOCUMENT))
    assert (found.name, found.figures) == ("truth", PERFECT)


def test_folders_are_paired_by_path_without_suffix(tmp_path, page):
    save(tmp_path / "t" / "b.png", page)
    save(tmp_path / "t" / "deep" / "a.x.png", page)
    save(tmp_path / "r" / "b.tif", page)
    save(tmp_path / "r" / "deep" / "a.x.webp", page)
    save(tmp_path / "r" / "unasked.png", page)
    (tmp_path / "t" / "notes.txt").write_text("no image")
    found = list(score(tmp_path / "t", tmp_path / "r", ModelTask.DOCUMENT))
    assert [(one.name, one.figures) for one in found] == [("b", PERFECT), ("deep/a.x", PERFECT)]


def test_a_file_is_looked_up_in_a_folder(tmp_path, page):
    truth = save(tmp_path / "b.png", page)
    save(tmp_path / "r" / "b.png", page)
    assert only(score(truth, tmp_path / "r", ModelTask.DOCUMENT)).figures == PERFECT


def test_pillows_own_limit_does_not_count(tmp_path, page, monkeypatch):
    truth = save(tmp_path / "t.png", page)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert only(score(truth, truth, ModelTask.DOCUMENT)).figures == PERFECT


def test_bad_files_do_not_stop_the_rest(tmp_path, page):
    for name in ("broken", "good", "lost", "size", "twice"):
        save(tmp_path / "t" / f"{name}.png", page)
        if name != "lost":
            save(tmp_path / "r" / f"{name}.png", page)
    (tmp_path / "r" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    save(tmp_path / "r" / "size.png", page[:, :9])
    save(tmp_path / "r" / "twice.tif", page)
    found = {one.name: one.figures for one in score(tmp_path / "t", tmp_path / "r", ModelTask.DOCUMENT)}
    assert found.pop("good") == PERFECT
    reasons = {name: str(error) for name, error in found.items() if isinstance(error, InputError)}
    assert list(reasons) == ["broken", "lost", "size", "twice"]
    assert "cannot be read" in reasons["broken"]
    assert "no result" in reasons["lost"]
    assert "9 x 16" in reasons["size"]
    assert "twice.png, twice.tif" in reasons["twice"]


def test_people_are_bright_and_a_cutout_is_its_opacity(tmp_path, page):
    truth = save(tmp_path / "mask.png", 255 - page)
    cutout = save(tmp_path / "cutout.png", np.dstack([page, page, page, 255 - page]))
    assert only(score(truth, truth, ModelTask.PERSON)).figures == PersonFigures(1.0, 1.0)
    assert only(score(truth, cutout, ModelTask.PERSON)).figures == PersonFigures(1.0, 1.0)


def test_the_opacity_of_a_truth_is_not_its_mask(tmp_path, page):
    truth = save(tmp_path / "rgba.png", np.dstack([255 - page] * 3 + [np.full_like(page, 255)]))
    result = save(tmp_path / "mask.png", 255 - page)
    assert only(score(truth, result, ModelTask.PERSON)).figures == PersonFigures(1.0, 1.0)


def test_transparent_paper_is_white(tmp_path, page):
    truth = save(tmp_path / "page.png", page)
    result = save(tmp_path / "clear.png", np.dstack([np.zeros_like(page)] * 3 + [255 - page]))
    assert only(score(truth, result, ModelTask.DOCUMENT)).figures == PERFECT


def test_sixteen_bits_are_scaled_not_clipped(tmp_path, page):
    truth = save(tmp_path / "page.png", page)
    result = save(tmp_path / "deep.png", np.where(page == 0, 20000, 50000).astype(np.uint16))
    assert only(score(truth, result, ModelTask.DOCUMENT)).figures == PERFECT


@pytest.mark.parametrize("type", [np.uint8, np.uint16])
def test_ink_is_dark_where_white_is_zero(tmp_path, page, type):
    truth, result = save(tmp_path / "page.png", page), tmp_path / "inverted.tif"
    tifffile.imwrite(result, (255 - page).astype(type) * (np.iinfo(type).max // 255), photometric="miniswhite")
    assert only(score(truth, result, ModelTask.DOCUMENT)).figures == PERFECT


@pytest.mark.parametrize("type", [np.float32, np.uint32])
def test_numbers_without_a_white_are_refused(tmp_path, page, type):
    truth, result = save(tmp_path / "page.png", page), tmp_path / "numbers.tif"
    tifffile.imwrite(result, (page / 255).astype(type))
    figures = only(score(truth, result, ModelTask.DOCUMENT)).figures
    assert isinstance(figures, InputError)
    assert figures.reason == "numbers.tif cannot be read: its pixels are floating-point, signed or 32-bit numbers"


def test_a_result_that_is_stored_sideways_is_turned(tmp_path, page):
    truth, exif = save(tmp_path / "page.png", page[:, :12]), Image.Exif()
    exif[274] = 6
    Image.fromarray(np.rot90(page[:, :12])).save(tmp_path / "turned.png", exif=exif)
    assert only(score(truth, tmp_path / "turned.png", ModelTask.DOCUMENT)).figures == PERFECT


def test_what_is_transparent_in_a_truth_is_no_person(tmp_path, page):
    truth = save(tmp_path / "rgba.png", np.dstack([np.full_like(page, 255)] * 3 + [255 - page]))
    result = save(tmp_path / "mask.png", 255 - page)
    assert only(score(truth, result, ModelTask.PERSON)).figures == PersonFigures(1.0, 1.0)


def test_several_pages_in_one_file_are_refused(tmp_path, page):
    truth, result = save(tmp_path / "page.png", page), tmp_path / "pages.tif"
    Image.fromarray(page).save(result, save_all=True, append_images=[Image.fromarray(page)])
    figures = only(score(truth, result, ModelTask.DOCUMENT)).figures
    assert isinstance(figures, InputError)
    assert "more than one page" in figures.reason


@pytest.mark.parametrize("missing", ["t", "r"])
def test_a_missing_path_is_an_error(tmp_path, page, missing):
    for name in {"t", "r"} - {missing}:
        save(tmp_path / name / "a.png", page)
    with pytest.raises(InputError, match="does not exist"):
        list(score(tmp_path / "t", tmp_path / "r", ModelTask.DOCUMENT))


def test_no_truth_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no image in"):
        list(score(tmp_path, tmp_path, ModelTask.PERSON))
