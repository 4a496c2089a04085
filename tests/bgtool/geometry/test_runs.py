"""Straightening in runs: what outputs, manifests and XMP say of it, and that nothing changes without it."""

import json
import re

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageSequence

import bgtool
from bgtool.batch.presets import KINDS
from bgtool.errors import UsageError
from bgtool.storage.file_journal import FILE_NAME
from tests.support.scans import on_bed, page, spread


def cleaned(folder, model, **options):
    out = folder / "out"
    summary = bgtool.clean_files(folder / "in", output=out, model=model, device="cpu", **options)
    lines = (out / FILE_NAME).read_text(encoding="utf-8").splitlines()
    return summary, [json.loads(line) for line in lines]


def scan_into(folder, scan, name="a.png"):
    (folder / "in").mkdir(exist_ok=True)
    scan.save(folder / "in" / name)


def test_a_point_of_the_result_is_carried_to_the_scan_by_its_corners(tmp_path, tiny_model_file):
    sheet = page()
    ImageDraw.Draw(sheet).rectangle((396, 16, 407, 27), fill=(10, 10, 200))
    scan, _ = on_bed(sheet, 6)
    scan_into(tmp_path, scan)
    _, [line] = cleaned(tmp_path, tiny_model_file, deskew=True, crop="page", style="color")
    [placed] = line["geometry"]
    with Image.open(tmp_path / "out" / "a.png") as result:
        assert list(result.size) == placed["size"]
        said = result.info["xmp"].decode()
    origin, across, _, down = map(np.array, placed["corners"])
    width, height = placed["size"]
    blue = (
        np.argwhere(np.asarray(scan)[..., 2].astype(int) - np.asarray(scan)[..., 0] > 100)[:, ::-1].mean(axis=0) + 0.5
    )
    x, y = 402 * width / sheet.width, 22 * height / sheet.height  # where it stands on the straight sheet
    assert np.abs(origin + x / width * (across - origin) + y / height * (down - origin) - blue).max() < 3
    assert json.loads(re.search('bgtool:corners="([^"]*)"', said)[1]) == placed["corners"]
    assert placed["turned"] == pytest.approx(6, abs=0.1)


def test_the_halves_of_a_double_page_are_pages_that_follow_each_other(tmp_path, tiny_model_file):
    scan_into(tmp_path, on_bed(spread(), 2)[0])
    summary, [line] = cleaned(tmp_path, tiny_model_file, deskew=True, crop="page", split="auto", format="tiff")
    assert (summary.done, line["pages"]) == (1, 2)
    with Image.open(tmp_path / "out" / "a.tif") as result:
        sizes = [list(one.size) for one in ImageSequence.Iterator(result)]
    assert sizes == [placed["size"] for placed in line["geometry"]]
    assert len({placed["gutter"] for placed in line["geometry"]}) == 1
    again, _ = cleaned(tmp_path, tiny_model_file, deskew=True, crop="page", split="auto", format="tiff")
    assert (again.done, again.skipped) == (0, 1)


def test_pages_that_are_straight_come_out_as_without(tmp_path, tiny_model_file):
    scan_into(tmp_path, page())
    cleaned(tmp_path, tiny_model_file)
    plain = Image.open(tmp_path / "out" / "a.png").copy()
    _, lines = cleaned(tmp_path, tiny_model_file, deskew=True)
    assert np.array_equal(Image.open(tmp_path / "out" / "a.png"), plain)
    assert "geometry" not in lines[0]
    assert lines[1]["geometry"][0]["turned"] == 0


def test_pixels_that_are_not_square_are_not_turned(tmp_path, tiny_model_file):
    (tmp_path / "in").mkdir()
    on_bed(page(), 6)[0].save(tmp_path / "in" / "fax.tif", dpi=(204, 98))
    summary, _ = cleaned(tmp_path, tiny_model_file, deskew=True)
    assert any("not square" in warning for outcome in summary.outcomes for warning in outcome.warnings)


def test_a_resolution_that_is_stated_stands_in_the_result(tmp_path, tiny_model_file):
    scan_into(tmp_path, page())
    cleaned(tmp_path, tiny_model_file, dpi=300)
    assert Image.open(tmp_path / "out" / "a.png").info["dpi"] == pytest.approx((300, 300), abs=0.1)


@pytest.mark.parametrize("options", [{"margin": -1}, {"dpi": -1}])
def test_what_makes_no_sense_is_refused(tmp_path, options):
    with pytest.raises(UsageError):
        bgtool.clean_files(tmp_path, output=tmp_path / "out", **options)


def test_what_is_not_asked_for_is_no_part_of_the_order():
    from bgtool.tasks.order import order_for

    plain = order_for(KINDS["clean"](inputs=(), output=""))
    assert set(plain.settings) == {"task", "format", "style"}
