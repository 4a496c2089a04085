"""What is found on a scan: by how much its lines rise, where its sheet ends, where two pages meet."""

import math

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bgtool.geometry.straighten import UNSURE, Wish, straightened
from bgtool.imaging.reading.picture import ArraySource
from tests.support.scans import BED, PAPER, on_bed, page, spread


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


@pytest.mark.parametrize("degrees", [3.7, -6.0, 9.5])
def test_no_line_of_the_bed_stays_along_the_sheet(degrees):
    scan, _ = on_bed(page(), degrees)
    [sheet] = found(scan, deskew=True, sheet=True).pages
    pixels = grey(sheet.window(0, 0, *sheet.size)).astype(float)
    between = (np.mean(PAPER) + np.mean(BED)) / 2
    for line in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert line.mean() > between


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


def shaded(sheet, across):
    """A sheet without a bed in a soft shadow that covers a part of its width, with writing in it."""
    x = np.arange(sheet.width)
    light = 1 - 0.45 / (1 + np.exp(-(x - across * sheet.width) / 12))
    return Image.fromarray((np.asarray(sheet) * light[None, :, None]).astype(np.uint8))


@pytest.mark.parametrize("across", [0.3, 0.75])
def test_what_lies_in_a_shadow_is_not_cut_off(across):
    assert found(shaded(page(), across), sheet=True).pages[0].placement.is_all


def test_a_sheet_on_a_patterned_bed_as_light_as_paper_is_cropped_to_itself():
    rng, sheet = np.random.default_rng(5), page()
    cells = Image.fromarray(rng.integers(150, 256, (90, 70, 3)).astype(np.uint8))
    scan = cells.resize((sheet.width + 140, sheet.height + 120), Image.Resampling.BICUBIC)
    scan.paste(sheet, (60, 70))
    box = found(scan, sheet=True).pages[0].placement.box
    assert np.abs(np.array(box) - [60, 70, 60 + sheet.width, 70 + sheet.height]).max() <= 0.01 * sheet.width


def test_torn_edges_and_a_missing_corner_stay_whole():
    rng, sheet = np.random.default_rng(6), page()
    width, height = sheet.size
    rough = Image.fromarray(rng.integers(0, 256, (height // 9, width // 9)).astype(np.uint8)).resize(sheet.size)
    y, x = np.mgrid[:height, :width]
    edge = np.minimum.reduce([x, y, width - 1 - x, height - 1 - y])
    left = (edge >= np.asarray(rough) / 255 * 10) & (x + y > 90)
    scan = on_bed(Image.new("RGB", sheet.size, BED), 0)[0]
    scan.paste(sheet, (60, 60), Image.fromarray(left))
    x0, y0, x1, y1 = found(scan, sheet=True).pages[0].placement.box
    rows, columns = np.nonzero(left)
    beyond = (columns + 60 < x0) | (rows + 60 < y0) | (columns + 60 >= x1) | (rows + 60 >= y1)
    assert beyond.mean() < 0.015
    assert (x1 - x0) * (y1 - y0) < 1.06 * width * height


def test_a_sheet_that_the_scan_cuts_off_is_cropped_on_its_other_sides():
    scan, _ = on_bed(page(), 0)
    box = found(scan.crop((160, 0, *scan.size)), sheet=True).pages[0].placement.box
    assert np.abs(np.array(box) - [0, 60, 400, 700]).max() <= 5


def test_a_page_whose_writing_tells_no_angle_is_turned_by_its_sheet():
    blots = Image.new("RGB", (500, 640), PAPER)
    chance = np.random.default_rng(4)
    for x, y in chance.uniform(40, 440, (120, 2)):
        ImageDraw.Draw(blots).ellipse((x, y, x + 9, y + 9), fill=(30, 30, 30))
    result = found(on_bed(blots, 6.5)[0], deskew=True)
    assert result.pages[0].placement.degrees == pytest.approx(6.5, abs=0.2)
    assert result.warnings == ()


def test_a_crease_down_a_single_sheet_parts_nothing():
    sheet = np.asarray(Image.new("RGB", (900, 640), PAPER)).astype(float)
    away = np.abs(np.arange(900) - 450)
    sheet *= (1 - 0.15 * np.exp(-away / 3))[None, :, None]
    scan, _ = on_bed(Image.fromarray(sheet.astype(np.uint8)), 0)
    assert len(found(scan, split=True).pages) == 1


def test_a_crease_through_writing_parts_nothing():
    sheet = np.asarray(page((900, 640))).astype(float)
    sheet *= (1 - 0.15 * np.exp(-np.abs(np.arange(900) - 450) / 3))[None, :, None]
    scan, _ = on_bed(Image.fromarray(sheet.astype(np.uint8)), 0)
    assert len(found(scan, split=True).pages) == 1


@pytest.mark.parametrize("low", [216, 226])
def test_a_sheet_as_light_as_its_grainy_bed_is_cropped_to_itself(low):
    rng, sheet = np.random.default_rng(5), page()
    cells = Image.fromarray(rng.integers(low, 256, (64, 56, 3)).astype(np.uint8))
    scan = cells.resize((sheet.width + 140, sheet.height + 120), Image.Resampling.BICUBIC)
    scan.paste(sheet, (60, 70))
    box = found(scan, sheet=True).pages[0].placement.box
    assert np.abs(np.array(box) - [60, 70, 60 + sheet.width, 70 + sheet.height]).max() <= 0.01 * sheet.width


def test_the_grain_of_writing_is_no_sheet():
    scan = Image.new("RGB", (900, 1000), PAPER)
    scan.paste(page(), (200, 180))  # wide margins of the same paper
    assert found(scan, sheet=True).pages[0].placement.is_all


def test_a_thin_strip_of_the_bed_is_cropped_off():
    sheet = page()
    scan = Image.new("RGB", (sheet.width + 60, sheet.height + 60), BED)
    scan.paste(sheet, (30, 9))
    box = found(scan, sheet=True).pages[0].placement.box
    assert np.abs(np.array(box) - [30, 9, 30 + sheet.width, 9 + sheet.height]).max() <= 2


def test_an_empty_sheet_is_turned_by_its_outline():
    result = found(on_bed(Image.new("RGB", (500, 640), PAPER), -4.2)[0], deskew=True)
    assert result.pages[0].placement.degrees == pytest.approx(-4.2, abs=0.2)


def test_pages_with_lines_of_their_own_have_one_angle():
    left, right = page(lines=22), page(lines=31, seed=3)
    both = Image.fromarray(np.concatenate([np.asarray(left), np.asarray(right)], axis=1))
    degrees = found(on_bed(both, 3.1)[0], deskew=True).pages[0].placement.degrees
    assert degrees == pytest.approx(3.1, abs=0.05)


def test_rules_of_a_table_beside_the_fold_do_not_hide_it():
    sheet = spread()
    pen = ImageDraw.Draw(sheet)
    for x in (180, 330, 700, 860):
        pen.line((x, 20, x, 620), fill=(30, 30, 30), width=2)
    assert len(found(on_bed(sheet, 0)[0], split=True, sheet=True).pages) == 2


def test_broad_rules_from_edge_to_edge_do_not_hide_the_broader_fold():
    sheet = Image.new("RGB", (1000, 640), PAPER)
    pen = ImageDraw.Draw(sheet)
    for x in (180, 330, 700, 860):
        pen.line((x, 0, x, 640), fill=(110, 110, 110), width=5)
    away = np.abs(np.arange(1000) - 500)
    folded = np.asarray(sheet) * (1 - 0.6 * np.exp(-away / 15))[None, :, None]
    assert len(found(on_bed(Image.fromarray(folded.astype(np.uint8)), 0)[0], split=True, sheet=True).pages) == 2


def test_the_screen_of_a_printed_picture_is_no_writing():
    y, x = np.mgrid[:640, :500]
    turn = math.radians(9)
    across, down = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
    dots = np.cos(across * 2 * math.pi / 7) + np.cos(down * 2 * math.pi / 7) > 1
    specks = np.random.default_rng(1).random(dots.shape) < 0.2
    sheet = Image.fromarray(np.where((dots | specks)[..., None], 30, np.array(PAPER)).astype(np.uint8))
    result = found(on_bed(sheet, -3.4)[0], deskew=True)
    assert result.pages[0].placement.degrees == pytest.approx(-3.4, abs=0.1)
