"""What the benchmark of the styles measures with, and that the shipped model keeps red ink red on flat paper."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from benchmarks.studies import styles
from bgtool.runtime.session import load_model
from training.data.pairs import Pair

RED = (190, 30, 45)


@pytest.fixture
def scan():
    return np.random.default_rng(5).integers(0, 256, (60, 80, 3), dtype=np.uint8)


def test_paper_of_one_colour_is_flat_and_unevenness_is_its_standard_deviation():
    paper = np.ones((40, 50), bool)
    page = np.full((40, 50, 3), (250, 240, 200), np.uint8)
    assert styles.unevenness(page, paper) == 0
    page[:20] += 4  # levels 2 above and 2 below the mean
    assert styles.unevenness(page, paper) == pytest.approx(2)


def test_whiteness_is_the_share_of_paper_without_any_shade():
    page = np.full((10, 10, 3), 255, np.uint8)
    page[:3, :, 1] = 254
    assert styles.whiteness(page, np.ones((10, 10), bool)) == pytest.approx(0.7)


def test_what_is_near_ink_is_not_paper():
    ink = np.zeros((30, 30), bool)
    ink[10, 10] = True
    paper = styles.far_from(ink)
    assert not paper[5:16, 5:16].any()
    assert np.count_nonzero(~paper) == 11 * 11


def test_ink_correlates_with_itself_and_with_itself_made_paler_but_not_with_its_opposite(scan):
    ink = np.ones(scan.shape[:2], bool)
    assert styles.correlation(scan, scan, ink) == pytest.approx(1)
    assert styles.correlation(scan, 128 + scan // 2, ink) == pytest.approx(1, abs=1e-3)
    assert styles.correlation(scan, 255 - scan, ink) == pytest.approx(-1)
    assert np.isnan(styles.correlation(scan, np.full_like(scan, 255), ink))


def test_lab_of_known_colours():
    pixels = np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 0, 255]], np.uint8)
    expected = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20], [32.30, 79.19, -107.86]]
    assert np.abs(styles.lab(pixels) - expected).max() < 0.05


def test_only_red_ink_is_red():
    colours = [RED, (40, 40, 60), (90, 62, 40), (255, 255, 255), RED]
    ink = np.array([[True, True, True, True, False]])
    assert styles.red_of(np.array([colours], np.uint8), ink).tolist() == [[True, False, False, False, False]]


def test_colour_is_kept_by_itself_lost_in_grey_and_turned_by_another_hue():
    where = np.ones((4, 4), bool)
    red = np.full((4, 4, 3), RED, np.uint8)
    assert styles.colour_kept(red, red, where) == pytest.approx((1, 0))
    chroma, _ = styles.colour_kept(red, np.full_like(red, 90), where)
    assert chroma < 0.001
    _, turned = styles.colour_kept(red, np.full_like(red, (0, 128, 60)), where)
    assert turned > 90


def test_a_page_is_like_itself_and_psnr_of_one_level_is_48_decibels(scan):
    assert styles.psnr(scan, scan) == np.inf
    assert styles.ssim(scan, scan) == pytest.approx(1)
    assert styles.psnr(scan, scan ^ 1) == pytest.approx(48.13, abs=0.01)
    assert styles.ssim(scan, 255 - scan) < 0


def test_a_set_is_in_the_tables_that_it_has_figures_for():
    paper = {"paper scan": 20.0, "paper gray": 2.0, "paper color": 4.0, "white": 0.9, "ink kept": 0.9}
    red = paper | {"paper scan": 10.0, "chroma kept": 0.8, "hue off": 3.0}
    first, second, third = styles.tables({"plain": [paper], "red": [paper, red]})
    assert [row["set"] for row in first.rows] == ["plain", "red"]
    assert first.rows[1]["paper scan"] == 15
    assert not second.rows
    assert third.rows == [{"set": "red", "pages": 1, "chroma kept": 0.8, "hue off": 3.0}]


def test_color_keeps_red_ink_red_on_flat_paper(tmp_path):
    """Black and red type on yellow paper that darkens to one side, with its grain."""
    truth = Image.new("L", (480, 320), 255)
    font = ImageFont.load_default(28)
    for line in range(7):
        ImageDraw.Draw(truth).text((30, 20 + 40 * line), f"{line} paid in full, received", font=font, fill=0)
    ink = np.asarray(truth) < 128
    paper = np.array([228, 212, 170]) * np.linspace(1, 0.7, 480)[:, None]
    page = np.broadcast_to(paper, (320, 480, 3)) + np.random.default_rng(0).normal(0, 4, (320, 480, 1))
    dye = np.where(np.arange(320)[:, None, None] < 160, 40, RED)
    for name, picture in (("scan", np.where(ink[..., None], dye, page)), ("truth", np.where(ink, 0, 255))):
        Image.fromarray(picture.round().clip(0, 255).astype(np.uint8)).save(tmp_path / f"{name}.png")
    found = styles.measure(Pair(tmp_path / "scan.png", tmp_path / "truth.png", "made"), load_model(device="cpu"))
    assert found["paper scan"] > 15
    assert found["paper gray"] < 1
    assert found["paper color"] < 1
    assert found["white"] > 0.99
    assert found["chroma kept"] > 0.8
    assert found["hue off"] < 5
    assert found["ink kept"] > 0.9
