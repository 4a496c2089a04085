"""Pictures that fill a rectangle are found, whatever they are made of, and nothing else is taken for one."""

import numpy as np
import pytest

from bgtool.imaging.reading.picture import ArraySource
from bgtool.options import Style
from bgtool.tasks.cells import page_cells
from bgtool.tasks.frames import boxes_of_pictures
from bgtool.tasks.layout import layout_of

PAPER, INK = 236, 40
SIZE = 720, 640
BOX = slice(240, 560), slice(160, 480)
DOWN, ACROSS = np.mgrid[0:320, 0:320]
TONES = 0.55 + 0.35 * np.sin(DOWN / 60) * np.cos(ACROSS / 45)
"""Darkness of a picture."""


def page(darkness, colour=(1.0, 1.0, 1.0)):
    """Rows of strokes above, and a box of this darkness, 0 paper .. 1 ink, uint8 [h, w, 3]."""
    dark = np.zeros(SIZE)
    for top in range(40, 200, 24):
        for left in range(40, 600, 20):
            dark[top : top + 4, left : left + 12] = 1
    dark[BOX] = darkness
    noise = np.random.default_rng(1).integers(-2, 3, SIZE)
    grey = PAPER - (PAPER - INK) * dark + noise
    shades = np.ones((*SIZE, 3))
    shades[BOX] = colour
    return np.clip(grey[..., None] * shades, 0, 255).astype(np.uint8)


def dots(period):
    """The picture as a halftone: ink where a wave of this many pixels is below the tone."""
    wave = (np.cos(2 * np.pi * DOWN / period) + np.cos(2 * np.pi * ACROSS / period)) / 4 + 0.5
    return (wave < TONES).astype(float)


def tinted():
    """A pale map: thin lines on areas of several colours."""
    hue = np.stack([0.9 + 0.1 * np.sin(ACROSS / 50), np.full(DOWN.shape, 0.95), 0.85 + 0.15 * np.cos(DOWN / 40)], 2)
    return page(np.where((DOWN + ACROSS) % 23 < 2, 0.6, 0.1), hue)


PICTURES = {"photo": page(TONES), "fine dots": page(dots(5)), "coarse dots": page(dots(8)), "map": tinted()}


def result(pixels, style):
    """What becomes of a page of which the network keeps nothing."""
    layout = layout_of(page_cells(ArraySource(pixels))).styled(style)
    return layout.applied(0, 0, pixels, np.full(pixels.shape[:2], 255, np.uint8))


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("style", [Style.GRAY, Style.COLOR])
def test_a_picture_stays_as_the_scan_has_it(name, style):
    pixels = PICTURES[name]
    page = result(pixels, style)
    shown = np.asarray(pixels @ [0.299, 0.587, 0.114]) * (255 / PAPER)
    assert np.abs(page[BOX].astype(float) - shown[BOX].clip(0, 255)).max() < 4
    assert (page[600:] == 255).all()


@pytest.mark.parametrize("name", ["fine dots", "coarse dots"])
def test_dots_are_black_and_white_where_the_page_is(name):
    layout = layout_of(page_cells(ArraySource(PICTURES[name]))).styled(Style.BILEVEL)
    assert not layout.kept.pictures[BOX[0].start // 8 : BOX[0].stop // 8, 25:55].any(), "dots are not dithered again"
    ink = result(PICTURES[name], Style.BILEVEL)[BOX] < 128
    assert (ink == (PICTURES[name][BOX][..., 0] < 150)).mean() > 0.99


@pytest.mark.parametrize(
    "darkness",
    [
        ((DOWN % 11 < 6) & (ACROSS % 5 < 3) & (np.random.default_rng(2).random(DOWN.shape) < 0.9)).astype(float),
        (ACROSS * (1 + ACROSS // 64) % 40 < 17).astype(float),
        (DOWN // 40 + ACROSS // 40) % 2 * 1.0,
    ],
    ids=["small type", "bars", "chequers"],
)
def test_what_is_no_picture_is_not_taken_for_one(darkness):
    layout = layout_of(page_cells(ArraySource(page(darkness)))).styled(Style.GRAY)
    assert layout.kept is not None
    assert not layout.kept.screens.any()
    assert not layout.kept.pictures[BOX[0].start // 8 : BOX[0].stop // 8, 25:55].any()


def test_what_touches_two_edges_of_the_page_is_no_picture():
    ranges = np.full((60, 60), 0.5, np.float32)
    level = np.tile(np.linspace(0.2, 0.9, 60, dtype=np.float32), (60, 1))
    colours = np.zeros((3, 60, 60), np.uint8)
    for rows, found in (slice(10, 50), True), (slice(20, 60), True), (slice(0, 60), False):
        bare = np.ones((60, 60), bool)
        bare[rows, 10:50] = False
        assert boxes_of_pictures(level, ranges, bare, colours)[1][rows, 10:50].all() == found
    corner = np.ones((60, 60), bool)
    corner[20:, 20:] = False
    assert not boxes_of_pictures(level, ranges, corner, colours)[1].any()


def test_what_is_dark_all_over_is_no_picture():
    ranges = np.full((60, 60), 0.1, np.float32)
    level = np.tile(np.linspace(0.7, 1.2, 60, dtype=np.float32), (60, 1))
    bare, colours = np.ones((60, 60), bool), np.zeros((3, 60, 60), np.uint8)
    bare[10:50, 10:50] = False
    assert not boxes_of_pictures(level, ranges, bare, colours)[0].any()


@pytest.mark.parametrize("place", ["inside", "at the edge"])
def test_a_picture_on_aged_paper_stays_and_the_rest_is_left_to_the_network(place):
    pixels = PICTURES["photo"] if place == "inside" else np.roll(PICTURES["photo"], -BOX[1].start, axis=1)
    down, across = np.mgrid[: SIZE[0], : SIZE[1]]
    aged = (pixels * (0.88 + 0.08 * np.sin(down / 70) * np.cos(across / 90))[..., None]).astype(np.uint8)
    grey = np.asarray(aged @ [0.299, 0.587, 0.114])
    page = result(aged, Style.GRAY)
    inner = page[252:548, 172:468] if place == "inside" else page[252:548, 12:308]
    shown = grey[252:548, 172:468] if place == "inside" else grey[252:548, 12:308]
    assert np.corrcoef(inner.ravel().astype(float), shown.ravel())[0, 1] > 0.98
    assert (page[:220] == 255).all()
