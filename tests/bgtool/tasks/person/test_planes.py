"""Means over squares, half and double size, and the parts where there is doubt."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bgtool.tasks.person.planes import box_mean, doubled, halved, levels, parts, unit


def test_levels_come_back():
    pixels = np.arange(256, dtype=np.uint8)
    assert (levels(unit(pixels)) == pixels).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 15), st.integers(0, 9))
def test_box_mean_is_the_mean_of_a_square_with_the_edge_repeated(height, width, radius, seed):
    stack = np.random.default_rng(seed).random((2, height, width), np.float32)
    padded = np.pad(stack, [(0, 0), (radius, radius), (radius, radius)], mode="edge")
    side = 2 * radius + 1
    expected = np.lib.stride_tricks.sliding_window_view(padded, (side, side), (1, 2)).mean(axis=(3, 4))
    assert np.allclose(box_mean(stack, radius), expected, atol=1e-5)
    assert np.allclose(box_mean(stack[0], radius), expected[0], atol=1e-5)


@pytest.mark.parametrize("shape", [(40, 60), (41, 61)])
def test_a_place_of_a_plane_doubled_lies_where_it_was_before_it_was_halved(shape):
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    plane = rows + 100 * columns
    place = slice(10, 24), slice(6, 40)
    assert np.allclose(doubled(halved(plane), place), plane[place], atol=0.01)


def test_parts_hold_all_doubt_once():
    doubt = np.zeros((301, 407), bool)
    doubt[10:290, 31] = doubt[10:290, 350] = True
    doubt[140, 31:351] = True
    held = np.zeros(doubt.shape, int)
    for place, around in parts(doubt, 9):
        held[place] += 1
        assert all(side.start % 2 == 0 for side in (*place, *around))
        assert all(a.start <= p.start and p.stop <= a.stop for p, a in zip(place, around, strict=True))
    assert held.max() == 1
    assert held[doubt].min() == 1
    assert held[20:100, 100:300].max() == 0  # between two edges that are far apart
    assert not list(parts(np.zeros((30, 30), bool), 4))
