"""The guard tells what was lost from pixels alone, and where; what a scanner or time did is no loss."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bgtool.api import ArraySource
from bgtool.options import Style
from bgtool.tasks.document import clean_page
from bgtool.tasks.guard import CELL, MOST_CELLS, Guard
from bgtool.tasks.survey import Approach

PAGE, PAPER = (1200, 900), (240, 236, 226)


def sheet(draw, under=lambda pen: None):
    """A scan with text, and the result that keeps all of it; `draw` adds ink to both, `under` to the scan alone."""
    scan, result = Image.new("RGB", PAGE, PAPER), Image.new("L", PAGE, 255)
    under(ImageDraw.Draw(scan))
    if under is not None:
        scan = scan.filter(ImageFilter.GaussianBlur(6))
    for image, ink in ((scan, (40, 38, 42)), (result, 0)):
        pen = ImageDraw.Draw(image)
        for y in range(60, 820, 60):
            pen.text(
                (80, y), "Minutes of the third meeting of the board, carried", fill=ink, font=ImageFont.load_default(36)
            )
        draw(pen, ink)
    noise = np.random.default_rng(1).normal(0, 3, (PAGE[1], PAGE[0], 1))
    return (np.asarray(scan) + noise).clip(0, 255).astype(np.uint8), np.array(result)


def judged(scan, result, ink_below=0):
    guard = Guard(PAGE, ink_below)
    guard.take(0, 0, scan, result)
    return guard.findings()


def bar(pen, ink):
    pen.rectangle((300, 400, 1000, 520), fill=ink)


def test_a_faithful_result_is_not_complained_of():
    scan, result = sheet(bar)
    assert judged(scan, result).warnings() == ()


def test_a_bar_that_came_out_white_is_said_and_shown():
    scan, result = sheet(bar)
    result[380:540, 280:1020] = 255
    found = judged(scan, result)
    left, top, right, bottom = found.box
    assert left <= 300
    assert top <= 400
    assert right >= 1000
    assert bottom >= 520
    assert (right - left) * (bottom - top) < 2 * 700 * 120
    assert f"x {left} to {right}" in found.warnings()[0]


@pytest.mark.parametrize("colour", [(60, 120, 190), (190, 60, 60), (90, 90, 90)])
def test_coloured_areas_count_as_much(colour):
    scan, result = sheet(lambda pen, ink: pen.ellipse((300, 300, 700, 700), fill=colour if ink else 0))
    result[280:720, 280:720] = 255
    assert judged(scan, result).lost > 0.05


def test_lines_of_text_that_are_gone_are_said():
    scan, result = sheet(lambda pen, ink: None)
    result[:300] = 255
    assert judged(scan, result).lost > 0.2


def test_stains_and_beds_may_go():
    scan, result = sheet(lambda pen, ink: None, lambda pen: pen.ellipse((500, 200, 900, 600), fill=(170, 150, 120)))
    assert judged(scan, result).lost < 0.05
    scan, result = sheet(lambda pen, ink: None)
    scan[:, :50], scan[-40:] = 20, 25
    assert judged(scan, result).warnings() == ()
    scan, result = sheet(lambda pen, ink: None)
    scan[:4] = 20
    assert judged(scan, result).lost == 0


def test_writing_of_the_other_side_may_go():
    scan, result = sheet(lambda pen, ink: None)
    back = Image.fromarray(np.roll(scan[:, ::-1], 30, axis=0)).filter(ImageFilter.GaussianBlur(1.5))
    through = 240 - (240 - np.asarray(back).astype(int)) * 45 // 100
    assert judged(np.minimum(scan, through).astype(np.uint8), result).warnings() == ()


@pytest.mark.parametrize(("tone", "said"), [(24, False), (90, True)])
def test_punched_holes_that_show_the_bed_may_go(tone, said):
    scan, result = sheet(lambda pen, ink: None)
    scan[-60:] = 24
    down, across = np.mgrid[: PAGE[1], : PAGE[0]]
    for row in (300, 550):
        scan[(down - row) ** 2 + (across - 1140) ** 2 < 18**2] = tone
    assert (judged(scan, result).lost > 0.01) == said


def test_a_dark_page_and_a_dark_rim_are_said():
    dark = np.full((PAGE[1], PAGE[0], 3), 30, np.uint8)
    assert "dark as a whole" in judged(dark, np.full(PAGE[::-1], 255, np.uint8)).warnings()[0]
    scan, result = sheet(lambda pen, ink: None)
    result[:, :20], result[:, -20:] = 0, 0
    assert any("rim" in warning for warning in judged(scan, result).warnings())


def test_a_picture_that_fills_the_page_is_said_unless_it_is_kept():
    down, across = np.mgrid[: PAGE[1], : PAGE[0]]
    tones = 130 + 80 * np.sin(down / 37) * np.cos(across / 29) + np.random.default_rng(2).normal(0, 12, PAGE[::-1])
    scan = np.repeat(tones.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    everywhere = np.ones(PAGE[::-1], bool)
    for result, pictures, said in (np.full(PAGE[::-1], 255, np.uint8), None, True), (scan[..., 0], everywhere, False):
        guard = Guard(PAGE)
        guard.take(0, 0, scan, result, pictures)
        assert any("picture" in warning for warning in guard.findings().warnings()) == said


def test_ink_from_nowhere_is_said():
    scan, result = sheet(lambda pen, ink: None)
    result[830:890, 100:1100] = 0
    assert any("nothing stands out" in warning for warning in judged(scan, result).warnings())


def test_a_bilevel_result_is_judged_as_it_is_written():
    scan, result = sheet(bar)
    pale = np.maximum(result, 140)
    assert judged(scan, pale, 128).lost > 0.9
    assert judged(scan, pale).lost == 0


def test_pictures_of_a_bilevel_result_are_judged_by_their_tones():
    scan, result = sheet(lambda pen, ink: pen.rectangle((300, 400, 1000, 800), fill=(150, 140, 130) if ink else 160))
    pictures = np.zeros(result.shape, bool)
    pictures[400:800, 300:1000] = True
    guard = Guard(PAGE, 128)
    guard.take(0, 0, scan, result, pictures)
    assert guard.findings().lost < 0.02
    assert guard.levels.sum() == (~pictures).sum(), "how sure a page is does not depend on the tones of its pictures"
    assert judged(scan, result, 128).lost > 0.1


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_tiles_show_the_guard_the_whole_page(tiny_model, scale):
    pixels = np.random.default_rng(scale).integers(0, 256, (150, 130, 3), dtype=np.uint8)
    grids = []
    for tile in (200, 10_000):
        guard = Guard((130, 150))
        clean_page(ArraySource(pixels), tiny_model, Style.GRAY, tile, plan=Approach(scale), guard=guard)
        grids.append((guard._scan, guard._page))
    for tiled, whole in zip(*grids, strict=True):
        assert np.abs(tiled.astype(int) - whole).max() <= 1
    seen = np.asarray(Image.fromarray(pixels).reduce(CELL).convert("L")).astype(int)
    assert np.abs(grids[0][0][:-1, :-1] - seen[:-1, :-1]).max() <= (2 if scale == 1 else 40)


def test_memory_does_not_grow_with_the_page():
    guard = Guard((50_000, 40_000))
    assert guard._scan.size <= MOST_CELLS
    assert guard.cell == 16
