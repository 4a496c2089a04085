"""What is made of the cells of a page."""

import numpy as np
import pytest

from bgtool.imaging.reading.picture import ArraySource
from bgtool.options import Style
from bgtool.tasks.areas import reached
from bgtool.tasks.cells import CELL, page_cells
from bgtool.tasks.document import clean_page
from bgtool.tasks.layout import layout_of
from bgtool.tasks.survey import Approach

PAPER, INK = 190, 30


def paper(height=480, width=640):
    """Grey paper with a little texture, uint8 [h, w, 3]."""
    noise = np.random.default_rng(0).integers(-4, 5, (height, width, 1))
    return np.repeat(PAPER + noise, 3, axis=2).astype(np.uint8)


def result(pixels, network=255):
    """What becomes of a page whose network says the same grey everywhere."""
    found = layout_of(page_cells(ArraySource(pixels)))
    return found.applied(0, 0, pixels, np.full(pixels.shape[:2], network, np.uint8))


def soft(mask, reach):
    """A mask of 0 and 1 with slopes of so many pixels on either side of its edges."""
    for axis in (0, 1):
        wide = np.pad(mask, [(reach, reach) if each == axis else (0, 0) for each in (0, 1)], mode="edge")
        mask = np.mean([wide.take(range(k, k + mask.shape[axis]), axis) for k in range(2 * reach + 1)], axis=0)
    return mask


def test_a_bar_that_the_network_takes_for_paper_is_black_to_its_edge():
    pixels = paper()
    pixels[100:180, 60:500] = INK
    page = result(pixels)
    assert (page[102:178, 62:498] < 10).all()
    assert (page[:98] == 255).all()
    assert (page[182:] == 255).all()


def test_light_letters_on_a_bar_stay_as_the_network_gives_them():
    pixels = paper()
    pixels[100:180, 60:500] = INK
    pixels[130:136, 200:260] = PAPER
    assert (result(pixels)[131:135, 202:258] == 255).all()


def test_a_bar_may_end_at_the_edge_of_the_page():
    pixels = paper()
    pixels[200:240, 400:] = INK
    assert (result(pixels)[202:238, 402:] < 10).all()


def test_a_stain_ends_softly_and_is_left_to_the_network():
    pixels = paper().astype(float)
    stain = np.zeros(pixels.shape[:2])
    stain[150:300, 200:400] = 1
    pixels -= 150 * soft(stain, 24)[..., None]
    assert (result(pixels.astype(np.uint8)) == 255).all()


def test_a_tinted_box_with_writing_is_left_to_the_network():
    pixels = paper()
    pixels[100:300, 60:500] = 95
    for row in range(120, 280, 24):
        pixels[row : row + 10, 80:480:6] = 20
    assert (result(pixels) == 255).all()


def test_the_bed_around_a_sheet_is_white_whatever_the_network_says():
    pixels = paper()
    pixels[:24] = pixels[:, :40] = pixels[450:] = 20
    page = result(pixels, network=0)
    assert (page[:22] == 255).all()
    assert (page[:, :38] == 255).all()
    assert (page[100:400, 100:600] == 0).all()


@pytest.mark.parametrize(("tone", "mark"), [(20, 220), (90, 20)])
def test_a_dark_part_along_the_edge_that_is_written_on_is_no_bed(tone, mark):
    pixels = paper()
    pixels[:120] = tone
    for row in (30, 60):
        pixels[row : row + 12, 60:580:7] = mark
    assert (result(pixels, network=77)[:110] != 255).all()


def punched(count, tone):
    """A sheet on a dark bed with so many round marks of a tone near its left edge."""
    pixels = paper(800, 640)
    pixels[:24] = pixels[:, :40] = 20
    down, across = np.mgrid[:800, :640]
    for k in range(count):
        pixels[np.hypot(down - 100 - 90 * k, across - 90) < 16] = tone
    return pixels


@pytest.mark.parametrize("network", [0, 255])
def test_what_may_be_a_hole_that_shows_the_bed_is_left_to_the_network(network):
    assert (result(punched(2, 20), network)[98:102, 88:92] == network).all()


@pytest.mark.parametrize(("count", "tone"), [(2, 60), (7, 20)])
def test_round_marks_of_another_tone_or_many_of_them_are_ink(count, tone):
    assert (result(punched(count, tone))[98:102, 88:92] < 40).all()


def test_blank_paper_and_writing_are_left_to_the_network():
    pixels = (paper() * np.linspace(0.7, 1.1, 640)[:, None]).astype(np.uint8)  # not even
    for row in range(40, 440, 30):
        pixels[row : row + 8, 40:600:9] = INK
    assert (result(pixels, network=77) == 77).all()


@pytest.mark.parametrize(("left", "top", "width", "height"), [(0, 0, 320, 240), (12, 20, 100, 90), (133, 71, 9, 131)])
def test_a_part_comes_out_as_it_does_in_the_whole(left, top, width, height):
    pixels = paper()
    pixels[100:180, 60:500] = INK
    pixels[:, :24] = 15
    found = layout_of(page_cells(ArraySource(pixels)))
    network = np.random.default_rng(1).integers(0, 256, pixels.shape[:2]).astype(np.uint8)
    network.flags.writeable = False
    whole = found.applied(0, 0, pixels, network)
    box = slice(top, top + height), slice(left, left + width)
    assert np.array_equal(found.applied(left, top, pixels[box], network[box]), whole[box])


@pytest.mark.parametrize("level", [0, 128, 255])
def test_pages_of_one_tone_and_of_one_pixel_come_out_as_they_went_in(level):
    for height, width in ((1, 1), (7, 300), (64, 64)):
        assert (result(np.full((height, width, 3), level, np.uint8), network=99) == 99).all()


def test_tiles_make_no_difference(tiny_model):
    pixels = paper(700, 300)
    pixels[100:420, 40:260] = INK
    pixels[650:] = 10
    plan = Approach(layout=layout_of(page_cells(ArraySource(pixels))))
    small, large = (clean_page(ArraySource(pixels), tiny_model, Style.GRAY, t, plan=plan) for t in (256, 10_000))
    assert np.abs(small.astype(int) - large).max() <= 1
    assert (large[104:416, 44:256] < 10).all()


def test_an_enlarged_page_keeps_its_bar_in_place(tiny_model):
    pixels = paper(200, 300)
    pixels[50:90, 40:260] = INK
    large = pixels.repeat(2, 0).repeat(2, 1)
    plan = Approach(scale=2, layout=layout_of(page_cells(ArraySource(large))))
    page = clean_page(ArraySource(pixels), tiny_model, Style.GRAY, plan=plan)
    assert page.shape == (200, 300)
    assert (page[52:88, 42:258] < 10).all()


def test_what_is_reached_hangs_together_by_its_sides():
    mask = np.array([[1, 1, 0, 1], [0, 1, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]], bool)
    start = np.zeros_like(mask)
    start[2, 0] = True
    assert reached(mask, start).astype(int).tolist() == [[0, 0, 0, 1], [0, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]]


def test_letters_on_a_printed_band_stay_beside_a_bed_that_is_bare():
    pixels = paper(1600, 1200)
    pixels[:, 1000:] = pixels[1300:] = 16
    pixels[:120] = 16
    for left in range(120, 420, 40):
        pixels[40:90, left : left + 20] = 235
    page = result(pixels, network=77)
    assert (page[30:100, 100:440] == 77).all()
    assert (page[1400:, 100:900] == 255).all()


def test_a_stroke_that_touches_the_bed_is_no_bed():
    pixels = paper(1200, 1200)
    pixels[:, :200] = 20
    pixels[600:660, 200:600] = 20
    page = result(pixels, network=77)
    assert (page[605:655, 230:590] == 77).all()
    assert (page[100:500, 8:180] == 255).all()


def test_a_page_of_many_dark_areas_and_a_bed_takes_no_time_for_each():
    cells = np.zeros((11, 400, 400), np.uint8)
    cells[:2] = 220
    cells[:2, 10::3, 10::3] = 20
    cells[:2, :, :4] = 20
    assert layout_of(cells).bed[200, 1]  # 17,000 areas


def test_the_page_is_seen_in_cells():
    assert layout_of(page_cells(ArraySource(paper(33, 50)))).solid.shape == (-(-33 // CELL), -(-50 // CELL))
