"""Alpha that finds the picture's edge, and edge colours without the old background."""

import numpy as np
import pytest

from bgtool.imaging.components import dilated
from bgtool.tasks.person import matting, planes
from bgtool.tasks.person.matting import apply_alpha, clean_colours, fit_alpha, fit_colours, settle
from bgtool.tasks.person.planes import box_mean, doubtful, levels

SCALE = 4.0


def disk(size=160, radius=50, soft=3.0):
    """A disk whose alpha falls from 1 to 0 over `soft` pixels: float32 [size, size]."""
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    return np.clip((radius - np.hypot(rows, columns)) / soft + 0.5, 0, 1).astype(np.float32)


def texture(seed, base, size=160):
    """A picture around a colour with waves and noise, as cloth and walls have: float32 [size, size, 3]."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size] / size
    waves = sum(0.04 * np.sin(40 * rng.random() * rows + 40 * rng.random() * columns + seed) for _ in range(3))
    picture = np.asarray(base) + waves[..., None] + rng.normal(0, 0.02, (size, size, 3))
    return picture.clip(0, 1).astype(np.float32)


def mix(person, alpha, background):
    return levels(alpha[..., None] * person + (1 - alpha[..., None]) * background)


def network_alpha(alpha, shift=0, reach=6):
    """What a network that sees a quarter of the pixels makes of an alpha: out of focus, and a little off."""
    return settle(box_mean(np.roll(alpha, shift, axis=1), reach))


def test_solve3_solves():
    rng = np.random.default_rng(1)
    root = rng.random((5, 7, 3, 3)) + np.eye(3)
    matrix, right = root @ root.swapaxes(-1, -2), rng.random((5, 7, 3))
    expected = np.linalg.solve(matrix, right[..., None])[..., 0]
    found = matting.solve3(np.moveaxis(matrix, (2, 3), (0, 1)).astype(np.float32), np.moveaxis(right, 2, 0))
    assert np.allclose(np.moveaxis(found, 0, 2), expected, rtol=1e-3)


@pytest.mark.parametrize("shift", [0, 3, -4])
def test_the_edge_moves_to_where_the_colours_change(shift):
    truth = disk()
    guide = mix(texture(1, (0.7, 0.5, 0.4)), truth, texture(2, (0.3, 0.4, 0.5)))
    seen = network_alpha(truth, shift)
    found = apply_alpha(fit_alpha(guide, seen, SCALE), guide)
    assert np.abs(found - truth).mean() < np.abs(seen - truth).mean() / 3
    assert ((found > 0.5) != (truth > 0.5)).mean() < 0.005


def test_where_colours_tell_nothing_the_networks_alpha_stays():
    guide = texture(3, (0.5, 0.5, 0.5))
    seen = network_alpha(disk())
    found = apply_alpha(fit_alpha(guide, seen, SCALE), guide)
    assert np.abs(found - seen).mean() < 0.02
    assert (
        (found > 0.5) != (seen > 0.5)
    ).mean() < 0.02  # of an outline of 314 pixels: not half a pixel of the network's


def test_settled_alpha_is_exact_whatever_the_colours():
    guide = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
    seen = network_alpha(disk())
    fit = fit_alpha(guide, seen, SCALE)
    for value in (0, 1):
        assert (seen == value).any()
        assert (apply_alpha(fit, guide)[seen == value] == value).all()
        assert (fit[:3, seen == value] == 0).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (90, 1), (3, 2)])
def test_a_picture_smaller_than_the_window_is_no_trouble(size):
    guide = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    alpha = np.full(size, 0.5, np.float32)
    found = apply_alpha(fit_alpha(guide, alpha, SCALE), guide)
    person, background = fit_colours(guide, found, np.ones(size, np.float32), SCALE)
    assert found.shape == size
    assert np.isfinite(found).all()
    assert person.shape == background.shape == guide.shape


def edge_error(found, person, alpha):
    """Mean absolute error of the person's colours on the edge band, in levels, weighted by what shows of them."""
    weight = np.where((alpha > 0.02) & (alpha < 0.98), alpha, 0)
    return (np.abs(found - 255 * person).mean(axis=2) * weight).sum() / weight.sum()


@pytest.mark.parametrize("backdrop", [(0.1, 0.6, 0.2), (0.95, 0.95, 0.95), (0.05, 0.05, 0.1)])
@pytest.mark.parametrize("known", [True, False], ids=["true alpha", "fitted alpha"])
def test_colour_error_on_the_edge_falls_by_half(backdrop, known):
    truth, person = disk(soft=10), texture(4, (0.7, 0.45, 0.35))
    seen = mix(person, truth, texture(5, backdrop))
    alpha = truth if known else apply_alpha(fit_alpha(seen, network_alpha(truth, 1), SCALE), seen)
    around = fit_colours(seen, alpha, np.ones_like(alpha), SCALE)
    found = clean_colours(seen, alpha, *around)
    assert edge_error(found, person, truth) < edge_error(seen, person, truth) / 2


def test_what_is_all_person_keeps_its_colours_to_the_level():
    truth = disk()
    seen = mix(texture(6, (0.6, 0.5, 0.5)), truth, texture(7, (0.1, 0.2, 0.8)))
    found = clean_colours(seen, truth, *fit_colours(seen, truth, np.ones_like(truth), SCALE))
    assert (found[truth == 1] == seen[truth == 1]).all()


def test_transparent_parts_lend_their_colour_to_nobody():
    truth, person = disk(), np.broadcast_to(np.uint8([204, 51, 51]), (160, 160, 3))
    visible = (truth > 0).astype(np.float32)
    seen = np.where(visible[..., None] > 0, person, np.uint8(255))  # a cut-out laid on white
    found = clean_colours(seen, truth, *fit_colours(seen, truth, visible, SCALE))
    assert np.abs(found - person.astype(float))[truth > 0].max() < 5


def test_doubt_away_from_edges_is_no_fog_and_soft_edges_stay():
    alpha = disk(soft=6.0)
    doubtful = alpha.copy()
    doubtful[:20, :20] = 0.25
    doubtful[75:85, 75:85] = 0.75
    cleared = matting.without_fog(doubtful)
    assert cleared[:15, :15].max() == 0
    assert cleared[77:83, 77:83].min() == 1
    edge = (alpha > 0.02) & (alpha < 0.98)
    assert np.abs(cleared - alpha)[edge].max() < 0.02


def test_what_is_worked_in_parts_is_what_it_is_as_a_whole(monkeypatch):
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[:300, :420]
    alpha = np.clip((90 - np.hypot(rows - 150, columns - 200)) / 14 + 0.5, 0, 1).astype(np.float32)
    guide = (rng.integers(0, 60, (300, 420, 3)) + alpha[..., None] * 150).astype(np.uint8)

    def worked():
        fit = fit_alpha(guide, alpha, SCALE)
        found = apply_alpha(fit, guide)
        near = dilated(doubtful(found), 1)
        return [fit, *(colours[near] for colours in fit_colours(guide, found, np.ones_like(alpha), SCALE))]

    in_parts = worked()
    monkeypatch.setattr(planes, "BAND", 1000)
    for part, whole in zip(in_parts, worked(), strict=True):
        assert np.allclose(part, whole, atol=1 if part.dtype == np.uint8 else 1e-3)
