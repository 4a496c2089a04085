from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bgtool.api import ArraySource
from bgtool.errors import UsageError
from bgtool.options import Style
from bgtool.tasks.document import COVER, INK_BELOW, clean_page, ink_on_white
from bgtool.tasks.even import Kept
from bgtool.tasks.layout import Layout
from bgtool.tasks.survey import Approach
from bgtool.tasks.views import Enlarged, Inverted, reduced, sharpened
from tests.support.networks import TINY
from training.networks.stacked import receptive_radius

HALO = -(-receptive_radius(TINY) // 4) * 4


def scan(height, width, seed=0):
    """Blotches and noise that make a wild network show every grey level."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (height // 16 + 1, width // 16 + 1, 3))
    pixels = np.repeat(np.repeat(coarse, 16, 0), 16, 1)[:height, :width] + rng.integers(-40, 40, (height, width, 3))
    return ArraySource(pixels.clip(0, 255).astype(np.uint8))


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 420), width=st.integers(1, 420), extra=st.integers(4, 150), seed=st.integers(0, 9))
def test_tiles_give_the_whole_page_to_one_grey_level(tiny_model, height, width, extra, seed):
    source = scan(height, width, seed)
    tiled = clean_page(source, tiny_model, Style.GRAY, tile=2 * HALO + extra)
    whole = clean_page(source, tiny_model, Style.GRAY, tile=10_000)
    assert tiled.shape == (height, width)
    assert np.abs(tiled.astype(int) - whole).max() <= 1


def test_the_network_of_these_tests_would_show_a_seam(tiny_model):
    whole = clean_page(scan(400, 400), tiny_model, Style.GRAY, tile=10_000)
    assert len(np.unique(whole)) > 200


def test_a_smaller_halo_than_the_cards_would_show(tiny_model):
    source = scan(400, 64)
    whole = clean_page(source, tiny_model, Style.GRAY, tile=10_000)
    cut = clean_page(ArraySource(source.pixels[:200]), tiny_model, Style.GRAY, tile=10_000)
    difference = np.abs(cut.astype(int) - whole[:200]).max(axis=1)
    assert difference[: 200 - HALO].max() <= 1
    assert difference[200 - HALO :].max() > 1


def test_a_tile_too_small_for_its_halos_is_a_usage_error(tiny_model):
    with pytest.raises(UsageError, match="or more"):
        clean_page(scan(400, 400), tiny_model, Style.GRAY, tile=2 * HALO)


def test_styles_agree_with_the_gray_page(tiny_model):
    source = scan(90, 70)
    gray = clean_page(source, tiny_model, Style.GRAY)
    bilevel = clean_page(source, tiny_model, Style.BILEVEL)
    color = clean_page(source, tiny_model, Style.COLOR)
    assert bilevel.dtype == np.bool_
    assert (bilevel == (gray >= 128)).all()
    assert color.shape == (90, 70, 3)
    assert (color[gray == 255] == 255).all()
    assert (color[bilevel == 0] == source.pixels[bilevel == 0]).all()


def test_ink_on_white_rounds_to_the_nearest_level():
    scan_levels, page_levels = np.meshgrid(np.arange(256), np.arange(256))
    scan_levels, page_levels = scan_levels.astype(np.uint8), page_levels.astype(np.uint8)
    found = ink_on_white(np.repeat(scan_levels[..., None], 3, axis=2), COVER[page_levels])[..., 0]
    cover = np.minimum(2 * (255.0 - page_levels), 255)
    exact = 255 - (255 - scan_levels.astype(float)) * cover / 255
    assert np.abs(found - exact).max() <= 0.5


def test_advance_is_told_every_pixel_once(tiny_model):
    told = []
    clean_page(scan(300, 333), tiny_model, Style.GRAY, tile=2 * HALO + 64, advance=told.append)
    assert sum(told) == 300 * 333
    assert len(told) > 1


@settings(max_examples=9, deadline=None)
@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    extra=st.integers(4, 60),
    scale=st.sampled_from([2, 3, 4]),
    seed=st.integers(0, 9),
)
def test_tiles_give_the_whole_page_at_every_scale(tiny_model, height, width, extra, scale, seed):
    source, told = scan(height, width, seed), []
    tiled = clean_page(source, tiny_model, Style.GRAY, 2 * HALO + extra, told.append, Approach(scale))
    whole = clean_page(source, tiny_model, Style.GRAY, 10_000, plan=Approach(scale))
    assert tiled.shape == (height, width)
    assert np.abs(tiled.astype(int) - whole).max() <= 1
    assert sum(told) == height * width


@settings(max_examples=12, deadline=None)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    extra=st.integers(4, 60),
    scale=st.sampled_from([1, 2, 3]),
    times=st.sampled_from([2, 3, 4]),
)
def test_tiles_give_the_whole_page_enlarged(tiny_model, size, extra, scale, times):
    source, told, plan = scan(*size), [], Approach(scale).enlarging(times)
    tiled = clean_page(source, tiny_model, Style.GRAY, 2 * HALO + extra, told.append, plan)
    whole = clean_page(source, tiny_model, Style.GRAY, 10_000, plan=plan)
    assert tiled.shape == (size[0] * times, size[1] * times)
    assert np.abs(tiled.astype(int) - whole).max() <= 2  # interpolation goes beyond the levels that it is given
    assert sum(told) == size[0] * size[1]


@settings(max_examples=12, deadline=None)
@given(
    size=st.tuples(st.integers(1, 150), st.integers(1, 150)),
    extra=st.integers(4, 60),
    scale=st.sampled_from([1, 2]),
    times=st.sampled_from([1, 2]),
)
def test_tiles_give_the_whole_page_sharpened(tiny_model, size, extra, scale, times):
    source, told, plan = scan(*size), [], Approach(scale, sharpen=2.0).enlarging(times)
    tiled = clean_page(source, tiny_model, Style.GRAY, 2 * HALO + extra, told.append, plan)
    whole = clean_page(source, tiny_model, Style.GRAY, 10_000, plan=plan)
    assert tiled.shape == (size[0] * times, size[1] * times)
    assert np.abs(tiled.astype(int) - whole).max() <= 10  # two levels at most, three times, and the mean around
    assert sum(told) == size[0] * size[1]


def test_sharpening_keeps_black_and_white_and_brings_up_pale_thin_strokes():
    page = np.full((60, 90), 255, np.uint8)
    page[10:50, 10:30] = 0
    page[10:50, 40:43] = 150
    page[:, 60:] = 150
    sharp = sharpened(page, 1.5)
    assert (sharp[page == 0] == 0).all()
    assert (sharp[page == 255] == 255).all()
    assert (sharp[12:48, 40:43] < INK_BELOW).all()
    assert (sharp[:, 70:80] == 150).all(), "what is grey all around has no strokes"


def test_pictures_are_not_sharpened(tiny_model):
    nothing, levels = np.zeros((20, 20), bool), np.zeros((20, 20), np.uint8)
    pictures = nothing.copy()
    pictures[:, :10] = True
    layout = Layout(nothing, nothing, levels, levels, Kept(255, 0, 0.1, nothing, pictures, nothing))
    plan = Approach(layout=layout)
    plain = clean_page(scan(160, 160), tiny_model, Style.GRAY, plan=plan)
    sharp = clean_page(scan(160, 160), tiny_model, Style.GRAY, plan=replace(plan, sharpen=2.0))
    assert (sharp[:, :80] == plain[:, :80]).all()
    assert (sharp[:, 80:] != plain[:, 80:]).any()


def test_an_enlarged_page_is_the_page_and_keeps_its_colours(tiny_model):
    source = scan(60, 50)
    page, large = (clean_page(source, tiny_model, Style.GRAY, plan=Approach(2).enlarging(times)) for times in (1, 2))
    assert (reduced(large, 2) == page).all()
    color = clean_page(source, tiny_model, Style.COLOR, plan=Approach(2).enlarging(2))
    assert color.shape == (120, 100, 3)
    assert (color[large < INK_BELOW] == Enlarged(source, 2).window(0, 0, 100, 120)[large < INK_BELOW]).all()


@settings(max_examples=20, deadline=None)
@given(corner=st.tuples(st.integers(0, 90), st.integers(0, 90)), scale=st.sampled_from([2, 3, 4]))
def test_a_part_of_an_enlargement_is_what_it_is_in_the_whole(corner, scale):
    source = Enlarged(scan(100, 120), scale)
    whole = source.window(0, 0, *source.size)
    assert whole.shape == (100 * scale, 120 * scale, 3)
    x, y = corner[0] * scale + 1, corner[1] * scale + 1
    part = source.window(x, y, x + 29, y + 23)
    assert np.abs(part.astype(int) - whole[y : y + 23, x : x + 29]).max() <= (scale == 3)


def test_a_page_is_reduced_by_means():
    page = np.array([[0, 100, 7, 7], [100, 200, 7, 9]], np.uint8)
    assert reduced(page, 2).tolist() == [[100, 8]]
    assert reduced(page, 1) is page


def test_sixteen_bits_are_inverted_without_loss():
    class Deep(ArraySource):
        def deep_window(self, *box):
            return self.window(*box).astype(np.uint16) * 257

    source = Inverted(Deep(np.full((2, 3, 3), 3, np.uint8)))
    assert (source.deep_window(0, 0, 3, 2) == 65535 - 3 * 257).all()
    assert (source.window(0, 0, 3, 2) == 252).all()
