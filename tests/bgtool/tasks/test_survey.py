"""One look at a page decides at which scale and polarity all of it is cleaned."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

import bgtool
from bgtool.api import ArraySource
from bgtool.imaging.metadata import Resolution
from bgtool.options import Polarity
from bgtool.tasks.survey import approach

PAPER, INK = (240, 236, 226), (40, 38, 42)


def written(size, *, ground=PAPER, ink=INK, page=(900, 700), margin=30):
    """A page full of letters of that many pixels."""
    image = Image.new("RGB", page, ground)
    font, draw = ImageFont.load_default(size), ImageDraw.Draw(image)
    text = "The committee met again in March and carried the balance forward to the next account. " * 6
    for y in range(margin, page[1] - margin - size, round(size * 1.5)):
        draw.text((margin, y), text[y % 40 : y % 40 + 2 * (page[0] - 2 * margin) // size], fill=ink, font=font)
    noise = np.random.default_rng(size).normal(0, 3, (page[1], page[0], 1))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def chosen(image, scale=0, polarity=Polarity.AUTO, dpi=None):
    resolution = Resolution(Fraction(dpi), Fraction(dpi)) if dpi else None
    return approach(ArraySource(np.asarray(image.convert("RGB"))), scale, polarity, resolution)


@pytest.mark.parametrize("size", [9, 11, 14])
def test_small_writing_is_enlarged(size):
    assert chosen(written(size)).scale == 2
    assert chosen(written(size, ground=(30, 30, 32), ink=(220, 220, 216))).scale == 2


@pytest.mark.parametrize("size", [32, 60, 200])
def test_ordinary_and_large_writing_is_not(size):
    assert chosen(written(size)).scale == 1


def test_rules_of_one_pixel_do_not_make_writing_small():
    page = written(34)
    draw = ImageDraw.Draw(page)
    for y in range(20, 700, 50):
        draw.line((20, y, 880, y), fill=INK)
    assert chosen(page).scale == 1


def test_a_page_without_writing_goes_by_its_resolution():
    blank = Image.new("RGB", (850, 1100), PAPER)
    assert chosen(blank).scale == 1
    assert chosen(blank, dpi=100).scale == 2
    assert chosen(blank, dpi=300).scale == 1
    assert chosen(Image.new("RGB", (4000, 3000), PAPER), dpi=72).scale == 1  # no sheet is 55 inches wide


def test_a_scale_asked_for_is_taken():
    assert chosen(written(9), scale=1).scale == 1
    assert chosen(written(60), scale=3).scale == 3


@pytest.mark.parametrize("ground", [(28, 28, 30), (38, 70, 140), (44, 62, 52)])
def test_a_page_that_is_light_on_dark_is_inverted_and_says_so(ground):
    found = chosen(written(28, ground=ground, ink=(225, 225, 222)))
    assert found.inverted
    assert "light on dark" in found.warnings[0]


def test_a_light_rim_around_a_dark_page_does_not_hide_it():
    page = Image.new("RGB", (900, 700), PAPER)
    page.paste(written(28, ground=(30, 30, 30), ink=(220, 220, 220), page=(840, 640)), (30, 30))
    assert chosen(page).inverted


def test_a_dark_bed_or_dark_areas_do_not_invert_a_page():
    on_bed = Image.new("RGB", (1100, 900), (20, 20, 22))
    on_bed.paste(written(28), (100, 100))
    assert not chosen(on_bed).inverted
    narrow = Image.new("RGB", (1100, 1500), (20, 20, 22))
    narrow.paste(written(28, page=(500, 800)), (300, 300))
    assert not chosen(narrow).inverted
    headed = written(28)
    headed.paste(written(28, ground=(30, 40, 90), ink=(250, 250, 250), page=(900, 200)), (0, 0))
    assert not chosen(headed).inverted
    assert not chosen(Image.new("RGB", (900, 700), (20, 20, 22))).inverted


@pytest.mark.parametrize(("polarity", "inverted"), [(Polarity.KEEP, False), (Polarity.INVERT, True)])
def test_polarity_can_be_settled(polarity, inverted):
    for page in (written(28), written(28, ground=(28, 28, 30), ink=(225, 225, 222))):
        found = chosen(page, polarity=polarity)
        assert (found.inverted, found.warnings) == (inverted, ())


def test_an_inverted_page_is_what_its_positive_is(tiny_model):
    page = np.asarray(written(28))
    for style in ("gray", "bilevel", "color"):
        positive = bgtool.clean(page, model=tiny_model, style=style)
        negative = bgtool.clean(255 - page, model=tiny_model, style=style)
        assert positive.tobytes() == negative.tobytes()


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (700, 2), (97, 191), (96, 96), (200, 400)])
def test_pages_of_any_size_can_be_looked_at(size):
    assert chosen(Image.new("RGB", size, PAPER)).scale == 1
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    approach(ArraySource(noise), 0, Polarity.AUTO)


@pytest.mark.parametrize(("size", "fine"), [(11, True), (24, True), (60, False), (200, False)])
def test_pages_of_fine_writing_are_sharpened_for_black_and_white(size, fine):
    assert bool(chosen(written(size)).sharpen) is fine
    assert not chosen(Image.new("RGB", (900, 700), PAPER)).sharpen


def test_fine_writing_that_pales_is_kept_in_black_and_white(monkeypatch):
    text = np.asarray(written(24, ground=(255, 255, 255), ink=(0, 0, 0)).convert("L"), np.float32) / 255
    ink, strokes = np.linspace(150, 205, text.shape[1]), text < 0.4
    page = (ink + (225 - ink) * text).astype(np.uint8)
    sharp = np.asarray(bgtool.clean(page, style="bilevel").convert("L")) == 0
    monkeypatch.setattr("bgtool.tasks.survey.SHARPENED", 0.0)
    plain = np.asarray(bgtool.clean(page, style="bilevel").convert("L")) == 0
    left_out, lost = ((strokes & ~grown(ink)).sum() for ink in (plain, sharp))
    assert left_out > 0.01 * strokes.sum()
    assert lost < left_out / 4
    assert not (sharp & ~grown(strokes, 7)).any(), "and nothing else comes up"


def grown(mask, side=3):
    return np.asarray(Image.fromarray(mask).convert("L").filter(ImageFilter.MaxFilter(side))) > 0


PALE = (196, 194, 190)


@pytest.mark.parametrize("size", [24, 40])
def test_the_contrast_of_a_pale_copy_is_raised(size):
    plan = chosen(written(size, ink=PALE))
    assert 2 < plan.gain <= 4
    assert abs(plan.white - PAPER[0]) < 8


@pytest.mark.parametrize("degrees", [0, 6])
def test_a_bed_does_not_hide_that_a_copy_is_pale(degrees):
    sheet = written(24, ink=PALE).rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=(22, 21, 24))
    scan = Image.new("RGB", (sheet.width + 120, sheet.height + 90), (22, 21, 24))
    scan.paste(sheet, (70, 40))
    assert chosen(scan).gain > 2


@pytest.mark.parametrize("ink", [INK, (130, 126, 120)])
def test_that_of_other_pages_is_not(ink):
    assert chosen(written(30, ink=ink)).gain == 1


def test_a_page_with_some_dark_writing_is_not_pale():
    page = written(30, ink=PALE)
    page.paste(written(30).crop((0, 0, 900, 200)), (0, 0))
    assert chosen(page).gain == 1


def test_a_pale_page_with_a_slip_of_whiter_paper_is_left_as_it_is():
    page = written(30, ground=(190, 188, 184), ink=(158, 156, 152))
    page.paste(written(30, ground=(250, 249, 246), ink=(218, 216, 212), page=(500, 300)), (200, 300))
    assert chosen(page).gain == 1


def test_a_blank_page_is_not_pale():
    noise = np.random.default_rng(0).normal(225, 6, (700, 900, 1))
    assert chosen(Image.fromarray(np.repeat(noise, 3, axis=2).clip(0, 255).astype(np.uint8))).gain == 1


@pytest.mark.parametrize("ground", [(240, 240, 240), (170, 160, 150)])
def test_the_grain_of_a_blank_page_is_no_writing(ground):
    grain = np.random.default_rng(3).normal(0, 9, (700, 900, 1))
    page = chosen(Image.fromarray((np.array(ground) + grain).clip(0, 255).astype(np.uint8)))
    assert page.gain == 1
    assert page.scale == 1


def test_pale_graph_paper_is_no_pale_copy():
    image = Image.new("RGB", (900, 700), PAPER)
    draw = ImageDraw.Draw(image)
    for place in range(0, 900, 24):
        draw.line((place, 0, place, 700), (205, 214, 226))
        draw.line((0, place, 900, place), (205, 214, 226))
    draw.line((100, 600, 800, 600), INK, 3)
    assert chosen(image).gain == 1


def test_a_pale_copy_is_read_and_its_colours_stay_as_they_are():
    page = written(30, ink=PALE)
    scan = np.asarray(page)
    letters = scan[..., 0] < 210
    assert (np.asarray(bgtool.clean(page))[letters] < 128).mean() > 0.9
    colours = np.asarray(bgtool.clean(page, style="color"))
    assert np.abs(colours[letters].astype(int) - scan[letters]).max(axis=1).mean() < 12
