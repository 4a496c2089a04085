"""Pages on even paper are kept as the scan has them; on any other paper the network decides."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bgtool.imaging.reading.picture import ArraySource
from bgtool.options import CleanOptions, Pictures, Style
from bgtool.tasks.cells import page_cells
from bgtool.tasks.document import BAYER, clean_page, planned
from bgtool.tasks.layout import layout_of
from bgtool.tasks.views import Enlarged

PAPER, INK = 240, 30
SIZE = 640, 800
PHOTO = slice(400, 640), slice(160, 480)


def sheet(noise=3):
    """Light paper with a little noise and rows of short strokes, uint8 [h, w, 3]."""
    grey = Image.new("L", SIZE, PAPER)
    draw = ImageDraw.Draw(grey)
    for top in range(60, 360, 30):
        for left in range(60, 560, 24):
            draw.rectangle([left, top, left + 12, top + 3], INK)
    speckle = np.random.default_rng(1).integers(-noise, noise + 1, (SIZE[1], SIZE[0]))
    return colours(np.asarray(grey, int) + speckle)


def colours(grey):
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def photo():
    """Slopes of grey with some texture, [240, 320]."""
    down, across = np.mgrid[0:240, 0:320]
    texture = np.random.default_rng(2).integers(-25, 26, (240, 320))
    return 110 + 60 * np.sin(down / 40) * np.cos(across / 50) + texture


def with_photo():
    pixels = sheet()
    pixels[PHOTO] = colours(photo())
    return pixels


def applied(pixels, network=255):
    """What becomes of a page whose network says the same grey everywhere."""
    layout = layout_of(page_cells(ArraySource(pixels)))
    return layout.applied(0, 0, pixels, np.full(pixels.shape[:2], network, np.uint8))


def test_what_the_network_leaves_out_stays():
    pixels = sheet()
    pixels[500:502, 100:500] = 110  # a thin pale rule
    page = applied(pixels)
    assert (page[61:63, 62:70] == 0).all()
    assert (page[500:502, 104:496] < 128).all()
    assert (page[520:] == 255).all()


def test_what_is_drawn_on_ruled_paper_stays():
    pixels = sheet()
    for place in range(0, 800, 24):
        pixels[place] = pixels[:, min(place, 639)] = 216
    pixels[500:502, 100:500] = INK
    page = applied(pixels)
    assert (page[500:502, 104:496] == 0).all()
    assert (page[61:63, 62:70] == 0).all()


def test_what_the_network_sees_stays_too():
    assert (applied(sheet(), network=0)[520:] == 0).all()


def stained(pixels):
    """With a stain that shades off."""
    down, across = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    shade = 90 * np.exp(-((down - 600) ** 2 + (across - 300) ** 2) / 2 / 60**2)
    return np.clip(pixels - shade[..., None], 0, 255).astype(np.uint8)


def uneven(pixels):
    """With light that falls off to one side."""
    return (pixels * np.linspace(1, 0.6, SIZE[0])[None, :, None]).astype(np.uint8)


def shining_through(pixels):
    """With the strokes of the other side, pale and mirrored."""
    back = np.roll(pixels[::, ::-1], 14, axis=0).astype(int)
    return np.minimum(pixels, PAPER - (PAPER - back) * 3 // 10).astype(np.uint8)


@pytest.mark.parametrize("aged", [stained, uneven, shining_through])
def test_other_paper_is_left_to_the_network(aged):
    assert (applied(aged(sheet())) == 255).all()


def test_rough_paper_is_left_to_the_network():
    down, across = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    clouds = 6 * np.sin(down / 17) * np.cos(across / 23)
    assert (applied(np.clip(sheet() + clouds[..., None], 0, 255).astype(np.uint8)) == 255).all()


def test_a_picture_stays_as_the_scan_has_it_on_white():
    pixels = with_photo()
    page = applied(pixels)
    inner = slice(410, 630), slice(170, 470)
    lighter = pixels[inner][..., 0] * (255 / PAPER)
    assert np.abs(page[inner] - lighter).max() < 3
    assert (page[700:] == 255).all()


def test_a_picture_that_comes_in_from_a_corner_is_left_to_the_network():
    pixels = sheet()
    pixels[560:, :320] = colours(photo())
    assert (applied(pixels)[570:, :310] == 255).all()


def cleaned(pixels, model, style, tile=0, **options):
    source = ArraySource(pixels)
    plan = planned(source, CleanOptions(inputs=(), output="", style=style, scale=1, **options), None)
    return clean_page(source, model, style, tile, plan=plan)


def test_pictures_are_dithered_in_bilevel_and_whole_in_colour(tiny_model):
    pixels = with_photo()
    bilevel = cleaned(pixels, tiny_model, Style.BILEVEL)[PHOTO]
    blocks = bilevel.reshape(30, 8, 40, 8).mean(axis=(1, 3))
    tones = pixels[PHOTO][..., 0].reshape(30, 8, 40, 8).mean(axis=(1, 3)) / PAPER
    assert np.abs(blocks - tones)[2:-2, 2:-2].max() < 0.15
    colour = cleaned(pixels, tiny_model, Style.COLOR)
    assert (colour[410:630, 170:470] == pixels[410:630, 170:470]).all()


@pytest.mark.parametrize("scale", [1, 2])
def test_pictures_stay_whole_in_larger_results(tiny_model, scale):
    source = ArraySource(with_photo())
    plan = planned(source, CleanOptions(inputs=(), output="", style=Style.COLOR, scale=scale, enlarge=2), None)
    page = clean_page(source, tiny_model, Style.COLOR, plan=plan)
    assert page.shape == (2 * SIZE[1], 2 * SIZE[0], 3)
    assert (page == Enlarged(source, 2).window(0, 0, 2 * SIZE[0], 2 * SIZE[1]))[820:1260, 340:940].all()


def test_grey_pages_keep_greys_that_others_make_black(tiny_model):
    pixels = sheet()
    pixels[500:510, 100:500] = PAPER - 6 * (PAPER - INK) // 10
    grey = cleaned(pixels, tiny_model, Style.GRAY)[502:508, 104:496]
    assert 60 < np.median(grey) < 128
    assert not cleaned(pixels, tiny_model, Style.BILEVEL)[502:508, 104:496].any()


@pytest.mark.parametrize("style", list(Style))
def test_tiles_make_no_difference(tiny_model, style):
    whole = cleaned(with_photo(), tiny_model, style)
    assert (cleaned(with_photo(), tiny_model, style, tile=2 * tiny_model.card.halo + 64) == whole).all()


def test_pictures_may_be_cleaned_away(tiny_model):
    kept, dropped = (cleaned(with_photo(), tiny_model, Style.GRAY, pictures=each) for each in Pictures)
    assert (kept[PHOTO] != dropped[PHOTO]).any()
    assert (kept[:380] == dropped[:380]).all()


def test_a_tint_is_no_picture():
    pixels = sheet()
    pixels[PHOTO] = np.minimum(pixels[PHOTO], 190)
    assert (applied(pixels)[420:620, 180:460] == 255).all()


def test_dense_hatching_stays():
    pixels = sheet()
    down, across = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    disc = np.hypot(down - 560, across - 300) < 120
    lines = np.clip(110 + 110 * np.sin((down + across) * 2 * np.pi / 5), INK, 200)  # no bare paper between them
    pixels[disc] = colours(lines)[disc]
    page = applied(pixels)
    lost = (page > 200) & disc & (pixels[..., 0] < 60)
    assert lost.sum() < 0.01 * disc.sum()


def test_thresholds_hold_every_tone():
    assert sorted(BAYER.ravel()) == list(range(1, 256, 4))
