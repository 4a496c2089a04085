"""What floats alone, holes, and outlines that are moved."""

import numpy as np
import pytest

from bgtool.tasks.person.shape import bodies, largest, moved, without_doubtful, without_holes, without_specks


def alpha(*boxes, size=(300, 400)):
    """Boxes (left, top, right, bottom) of alpha 1, with a soft rim of one pixel: float32 [h, w]."""
    plane = np.zeros(size, np.float32)
    for left, top, right, bottom in boxes:
        plane[top - 1 : bottom + 1, left - 1 : right + 1] = 0.4
        plane[top:bottom, left:right] = 1
    return plane


BODY = (50, 50, 150, 250)


def test_a_small_island_far_away_goes_with_its_rim_and_all_else_stays():
    person, speck = alpha(BODY), alpha((350, 20, 365, 35))
    assert np.array_equal(without_specks(person + speck), person)


@pytest.mark.parametrize(
    "other",
    [(300, 50, 350, 120), (160, 60, 170, 70), (151, 100, 160, 110)],
    ids=["smaller, not small", "small and near", "small and touching"],
)
def test_other_islands_stay(other):
    both = alpha(BODY, other)
    assert np.array_equal(without_specks(both), both)


def test_what_is_a_speck_depends_on_the_share():
    both = alpha(BODY, (300, 50, 330, 90))  # 6 % of the larger one
    assert np.array_equal(without_specks(both), both)
    assert np.array_equal(without_specks(both, 0.1), alpha(BODY))


def test_where_nobody_is_nothing_is_a_body():
    assert not bodies(np.full((30, 40), 0.3, np.float32)).any()
    assert not bodies(np.zeros((30, 40), np.float32)).any()


def test_the_largest_island_is_one_of_them():
    assert np.array_equal(largest(alpha(BODY, (200, 50, 260, 100))), alpha(BODY) >= 0.5)


@pytest.mark.parametrize(
    ("hole", "level", "closes"),
    [
        ((90, 90, 96, 96), 0.4, True),
        ((90, 90, 96, 96), 0.0, False),
        ((60, 90, 130, 160), 0.4, False),
        ((46, 90, 54, 96), 0.4, False),
    ],
    ids=["small and in doubt", "small and sure", "large", "a notch in the outline"],
)
def test_holes(hole, level, closes):
    person = alpha(BODY)
    left, top, right, bottom = hole
    holed = person.copy()
    holed[top:bottom, left:right] = np.minimum(holed[top:bottom, left:right], level)
    closed = without_holes(holed)
    assert (closed[top:bottom, left:right].min() == 1) == closes
    if not closes:
        assert np.array_equal(closed, holed)


@pytest.mark.parametrize("distance", [-7, -1, 0, 1, 6])
def test_a_straight_outline_moves_by_as_many_pixels(distance):
    mask = np.zeros((100, 120), np.uint8)
    mask[30:, 40:80] = 255  # to the lower edge of the frame
    expected = np.zeros_like(mask)
    expected[30 - distance :, 40 - distance : 80 + distance] = 255
    found = moved(mask, distance)
    corner = abs(distance)
    wrong = (found != expected).nonzero()
    assert np.array_equal(found[50:], expected[50:])
    assert len(wrong[0]) <= corner * corner  # two corners, cut off
    assert np.array_equal(moved(255 - mask, -distance), 255 - found)


def test_an_island_that_is_more_doubt_than_person_goes_and_a_sure_one_stays():
    sure, doubt = alpha(BODY), np.zeros_like(alpha())
    doubt[20:60, 300:360] = 0.45
    doubt[30:40, 310:330] = 0.8
    assert np.array_equal(without_doubtful(sure + doubt), sure)
    doubt[22:58, 302:358] = 0.8
    assert np.array_equal(without_doubtful(sure + doubt), sure + doubt)


def test_haze_beside_a_person_stays_as_it_is():
    haze = np.maximum(alpha(BODY), np.float32(0.15))
    assert np.array_equal(without_doubtful(haze), haze)
    assert without_doubtful(np.full((5, 5), 0.4, np.float32)).max() == 0
