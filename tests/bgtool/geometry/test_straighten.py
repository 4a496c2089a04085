"""What is found on a scan: by how much its lines rise, where its sheet ends, where two pages meet."""

import numpy as np
import pytest
from PIL import Image

from bgtool.geometry.straighten import UNSURE, Wish, straightened
from bgtool.imaging.reading.picture import ArraySource
from tests.support.scans import on_bed, page, spread


def grey(colours):
    return np.asarray(Image.fromarray(colours).convert("L"))


def found(scan, clean=grey, **wish):
    return straightened(ArraySource(np.asarray(scan)), Wish(**wish), clean)


def corners_of(pages):
    first, last = pages[0].placement.corners, pages[-1].placement.corners
    return np.array([first[0], last[1], last[2], first[3]])


@pytest.mark.parametrize("degrees", [-14.0, -3.3, 0.4, 8.7])
def test_the_angle_is_found_to_a_tenth_of_a_degree(degrees):
    scan, _ = on_bed(page(), degrees)
    result = found(scan, deskew=True)
    assert result.pages[0].placement.degrees == pytest.approx(degrees, abs=0.1)
    assert result.warnings == ()


def test_a_page_that_is_straight_stays_as_it_is():
    [straight] = found(page(), deskew=True).pages
    assert straight.placement.is_all


def test_an_empty_page_is_left_without_a_word():
    result = found(Image.new("RGB", (400, 500), (240, 238, 230)), deskew=True)
    assert result.pages[0].placement.is_all
    assert result.warnings == ()


def test_a_page_that_tells_no_angle_is_left_with_a_warning():
    rng = np.random.default_rng(4)
    blots = np.where(rng.random((500, 400, 1)) < 0.04, 40, 235).astype(np.uint8).repeat(3, axis=2)
    result = found(Image.fromarray(blots), deskew=True)
    assert result.pages[0].placement.is_all
    assert result.warnings == (UNSURE,)


def test_where_the_scan_does_not_tell_its_cleaned_picture_is_asked():
    scan, _ = on_bed(page(), 5)
    rng = np.random.default_rng(4)
    noise = np.where(rng.random((scan.height, scan.width, 1)) < 0.3, 0, np.asarray(scan)).astype(np.uint8)
    asked = []

    def clean(colours):
        asked.append(colours.shape)
        return grey(np.asarray(scan))

    result = found(Image.fromarray(noise), clean, deskew=True)
    assert asked
    assert result.pages[0].placement.degrees == pytest.approx(5, abs=0.1)


@pytest.mark.parametrize("degrees", [-6.0, 0.0, 9.5])
def test_a_scan_is_cropped_to_its_sheet(degrees):
    scan, corners = on_bed(page(), degrees)
    result = found(scan, deskew=True, sheet=True)
    assert np.abs(corners_of(result.pages) - corners).max() < 0.01 * 500


def test_without_a_bed_nothing_is_cropped():
    [whole] = found(page(), sheet=True).pages
    assert whole.placement.is_all


def test_a_scan_is_cropped_to_what_is_written_and_a_margin():
    [tight] = found(page(), ink=True).pages
    [wide] = found(page(), ink=True, margin=7).pages
    left, top, right, bottom = tight.placement.box
    assert wide.placement.box == (left - 7, top - 7, right + 7, bottom + 7)
    ink = np.argwhere(grey(np.asarray(page())) < 100)
    assert np.abs(np.array([top, left]) - ink.min(axis=0)).max() <= 2
    assert np.abs(np.array([bottom, right]) - ink.max(axis=0) - 1).max() <= 2


@pytest.mark.parametrize("degrees", [-7.0, 2.0])
@pytest.mark.parametrize("right_to_left", [False, True])
def test_a_double_page_becomes_two_in_reading_order(degrees, right_to_left):
    scan, corners = on_bed(spread(), degrees)
    result = found(scan, deskew=True, sheet=True, split=True, right_to_left=right_to_left)
    pages = result.pages[::-1] if right_to_left else result.pages
    assert len(pages) == 2
    assert np.abs(corners_of(pages) - corners).max() < 0.01 * 640
    fold = (corners[0] + corners[1]) / 2
    assert np.abs(np.array(pages[1].placement.corners[0]) - fold).max() < 0.01 * 640


@pytest.mark.parametrize("size", [(500, 640), (900, 640)])
def test_a_single_page_is_never_parted(size):
    scan, _ = on_bed(page(size), 3)
    result = found(scan, deskew=True, split=True)
    assert len(result.pages) == 1
    assert result.gutter is None
