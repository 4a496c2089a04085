"""Pages that lie on their side: their lines are made level, and the user is told."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from bgtool.geometry.straighten import LYING, Wish, straightened
from bgtool.imaging.reading.picture import ArraySource
from tests.support.writing import INK, PAPER, written


def blank(size=(900, 700)):
    sheet = Image.new("RGB", size, PAPER)
    return sheet, ImageDraw.Draw(sheet)


def table():
    sheet, pen = blank()
    font = ImageFont.load_default(22)
    for row in range(14):
        pen.line((40, 40 + 44 * row, 860, 40 + 44 * row), INK, 2)
        for column in range(6):
            pen.text((60 + 136 * column, 50 + 44 * row), f"{(row * 977 + column * 353) % 9000 + 1000}", INK, font)
    for column in range(7):
        pen.line((40 + 136 * column, 40, 40 + 136 * column, 612), INK, 2)
    return sheet


def circles():
    sheet, pen = blank()
    for row in range(12):
        for column in range(14):
            x, y = 60 + 56 * column, 40 + 40 * row
            pen.ellipse((x, y, x + 22, y + 22), outline=INK, width=2)
    return sheet


def bars():
    sheet, pen = blank()
    chance = np.random.default_rng(3)
    for top in (60, 260, 460):
        x = 60
        while x < 820:
            width = int(chance.integers(2, 9))
            pen.rectangle((x, top, x + width, top + 110), fill=INK)
            x += width + int(chance.integers(3, 9))
    return sheet


def music():
    sheet, pen = blank()
    for top in range(60, 640, 110):
        for line in range(5):
            pen.line((50, top + 12 * line, 850, top + 12 * line), INK, 2)
        for note in range(22):
            x, y = 80 + 34 * note, top + 6 * (note * 5 % 9)
            pen.ellipse((x, y - 6, x + 15, y + 6), fill=INK)
            pen.line((x + 14, y, x + 14, y - 36), INK, 2)
    return sheet


def found(scan):
    grey = np.asarray(scan.convert("L"))
    return straightened(ArraySource(np.asarray(scan)), Wish(deskew=True), lambda colours: grey)


@pytest.mark.parametrize("quarters", [1, 3])
@pytest.mark.parametrize("degrees", [0.0, 4.0, -9.0])
def test_a_page_that_lies_on_its_side_is_made_level_with_a_warning(quarters, degrees):
    scan = written().rotate(90 * quarters + degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=PAPER)
    result = found(scan)
    assert result.warnings == (LYING,)
    assert result.pages[0].placement.degrees == pytest.approx(degrees, abs=0.1)


@pytest.mark.parametrize("degrees", [0, 11, -11, 180])
def test_of_a_page_whose_lines_run_across_nothing_is_said(degrees):
    assert found(written().rotate(degrees, expand=True, fillcolor=PAPER)).warnings == ()


def test_a_table_that_stands_is_told_from_one_that_lies():
    assert LYING not in found(table()).warnings
    assert LYING in found(table().rotate(90, expand=True)).warnings


@pytest.mark.parametrize("drawn", [circles, bars, music, lambda: blank()[0]], ids=["circles", "bars", "music", "blank"])
@pytest.mark.parametrize("quarters", [0, 1])
def test_what_is_no_writing_does_not_tell(drawn, quarters):
    assert LYING not in found(drawn().rotate(90 * quarters, expand=True)).warnings
