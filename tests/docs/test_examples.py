"""The example scans, their truths and the photos are what examples/README.md says they are."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from tests.support.places import ROOT

EXAMPLES = ROOT / "examples"
SCANS = sorted(path for path in (EXAMPLES / "scans").rglob("*") if path.is_file())
PHOTOS = sorted((EXAMPLES / "photos").iterdir())


def truth_of(scan: Path) -> Path:
    """A scan's truth has its name; PNG for one page, TIFF for several."""
    place = EXAMPLES / "truth" / scan.relative_to(EXAMPLES / "scans")
    return place if scan.suffix == ".tif" else place.with_suffix(".png")


def named(path: Path) -> str:
    return path.relative_to(EXAMPLES).as_posix()


def test_scans_and_truths_pair_up():
    truths = {path for path in (EXAMPLES / "truth").rglob("*") if path.is_file()}
    assert len(SCANS) >= 6
    assert {truth_of(scan) for scan in SCANS} == truths


@pytest.mark.parametrize("scan", SCANS, ids=named)
def test_truth_fits_its_scan(scan):
    with Image.open(scan) as pages, Image.open(truth_of(scan)) as truths:
        assert [page.size for page in ImageSequence.Iterator(pages)] == [
            page.size for page in ImageSequence.Iterator(truths)
        ]


@pytest.mark.parametrize("scan", SCANS, ids=named)
def test_truth_is_one_bit_with_a_page_worth_of_ink(scan):
    with Image.open(truth_of(scan)) as truths:
        for page in ImageSequence.Iterator(truths):
            assert page.mode == "1"
            assert 0.01 <= 1 - np.asarray(page).mean() <= 0.40


@pytest.mark.parametrize("scan", SCANS, ids=named)
def test_ink_is_darker_than_the_paper_around_it(scan):
    with Image.open(scan) as pages, Image.open(truth_of(scan)) as truths:
        for page, truth in zip(ImageSequence.Iterator(pages), ImageSequence.Iterator(truths), strict=True):
            grey, paper = np.asarray(page.convert("L"), float), np.asarray(truth)
            assert grey[~paper].mean() < np.median(grey[paper]) - 40


@pytest.mark.parametrize("path", [*SCANS, *map(truth_of, SCANS)], ids=named)
def test_resolution_is_given(path):
    with Image.open(path) as image:
        for page in ImageSequence.Iterator(image):
            across, down = (float(value) for value in page.info["dpi"])
            assert across == pytest.approx(down)
            assert 150 <= across <= 300.5


def test_register_has_a_colour_page_and_a_grey_one_each_with_its_profile():
    with Image.open(EXAMPLES / "scans" / "register" / "lights.tif") as image:
        pages = [(page.mode, page.info["icc_profile"][16:20]) for page in ImageSequence.Iterator(image)]
    assert pages == [("RGB", b"RGB "), ("L", b"GRAY")]


@pytest.mark.parametrize("photo", PHOTOS, ids=named)
def test_photo_opens_and_its_source_is_told(photo):
    with Image.open(photo) as image:
        image.load()
        assert min(image.size) >= 400
    assert f"`{photo.name}`" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


def test_examples_stay_small():
    assert sum(path.stat().st_size for path in EXAMPLES.rglob("*") if path.is_file()) < 8_000_000


def test_compose_makes_the_before_and_after_picture(tmp_path):
    card = EXAMPLES / "scans" / "index-card.png"
    out = tmp_path / "before-after.png"
    command = [sys.executable, EXAMPLES / "pictures" / "compose.py", card, truth_of(card), out, "--width", "400"]
    subprocess.run(command, check=True)
    with Image.open(out) as picture, Image.open(card) as scan:
        assert picture.width == 400
        shrunk = np.asarray(scan.convert("L").resize((400, picture.height)), float)
        joined = np.asarray(picture.convert("L"), float)
    assert abs(joined[5:-5, 5:100] - shrunk[5:-5, 5:100]).mean() < 6  # the scan is on the left
    assert np.median(joined[5:-5, 300:-5]) > 250  # the clean page is on the right


def test_compose_people_shows_the_photo_and_its_cut_out_on_checks_and_on_a_colour(tmp_path):
    photo, cutout, out = EXAMPLES / "photos" / "astronaut.jpg", tmp_path / "cutout.png", tmp_path / "out.png"
    with Image.open(photo) as image:
        pixels = np.dstack([np.asarray(image.convert("RGB")), np.zeros((image.height, image.width), np.uint8)])
    pixels[:, 256:, 3] = 255
    Image.fromarray(pixels).save(cutout)
    command = [
        sys.executable,
        EXAMPLES / "pictures" / "compose_people.py",
        photo,
        cutout,
        out,
        "--width",
        "632",
        "--colour",
        "lime",
    ]
    subprocess.run(command, check=True)
    with Image.open(out) as picture:
        assert picture.size == (632, 200)
        before, checks, colour = (np.asarray(picture.convert("RGB"), int)[5:-5, x : x + 200] for x in (0, 216, 432))
    assert np.ptp(checks[:, 5:90]) == 39
    assert np.abs(colour[:, 5:90] - (0, 255, 0)).max() <= 8
    for panel in (checks, colour):
        assert np.abs(panel[:, 110:-5] - before[:, 110:-5]).mean() < 3
