"""A straight page as a source: where it lies, and that any part of it is as it would be of the whole."""

import numpy as np
import pytest

from bgtool.geometry.placement import Placement
from bgtool.geometry.small import made_small
from bgtool.geometry.turn import Straight
from bgtool.imaging.reading.picture import ArraySource
from tests.support.scans import page


class Deep(ArraySource):
    """A picture of 16 bits."""

    def deep_window(self, x0, y0, x1, y1):
        return self.pixels[y0:y1, x0:x1].astype(np.uint16) * 257


@pytest.fixture
def scan():
    return ArraySource(np.asarray(page((240, 300), lines=9)))


def straight(scan, degrees, box=None):
    whole = Placement.whole(scan.size, degrees)
    return Straight(scan, whole.cut(box) if box else whole, made_small(scan))


@pytest.mark.parametrize("degrees", [0, 3.7, -11, 90])
def test_windows_are_parts_of_the_whole(scan, degrees):
    turned = straight(scan, degrees, (11, 7, 200, 230))
    width, height = turned.size
    whole = turned.window(0, 0, width, height)
    for x0, y0, x1, y1 in ((0, 0, 64, 50), (50, 30, width, 150), (3, 140, 90, height)):
        assert np.array_equal(turned.window(x0, y0, x1, y1), whole[y0:y1, x0:x1])


@pytest.mark.parametrize("degrees", [4.0, -9.0])
def test_sixteen_bits_are_turned_as_eight_are(scan, degrees):
    deep = straight(Deep(scan.pixels, depth=16), degrees)
    pixels = deep.deep_window(0, 0, *deep.size)
    assert pixels.dtype == np.uint16
    assert np.abs(pixels / 257 - deep.window(0, 0, *deep.size)).max() < 1.5


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_quarter_turns_keep_the_very_pixels(scan, quarters):
    turned = straight(scan, 90 * quarters)
    assert np.array_equal(turned.window(0, 0, *turned.size), np.rot90(scan.pixels, -quarters))


def test_beyond_the_scan_its_paper_goes_on(scan):
    turned = straight(scan, 12)
    corner = turned.window(0, 0, 5, 5).astype(int)
    assert np.abs(corner - np.array([238, 232, 220])).max() < 4


def test_a_point_is_carried_to_the_scan_and_back(scan):
    placed = Placement.whole(scan.size, -7.3).cut((20, 30, 180, 210))
    point = placed.on_scan((31.5, 77.25))
    assert placed.from_scan(point) == pytest.approx((31.5, 77.25))
    assert placed.from_scan(placed.corners[2]) == pytest.approx(placed.size)
