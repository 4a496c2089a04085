"""The pseudo weights by hand on bars, and their parts against slow, plain versions."""

import itertools

import numpy as np
import pytest

from bgtool.imaging.components import label
from bgtool.scoring.pseudo import distances, flood, gather, layers, pseudo_weights, thin


def bars(*rows, height, width=41):
    """Horizontal bars; each is (first row, thickness)."""
    page = np.zeros((height, width), dtype=np.bool_)
    for first, thickness in rows:
        page[first : first + thickness, 10:31] = True
    return page


def random_page(seed):
    rng = np.random.default_rng(seed)
    return rng.random(rng.integers(1, 25, size=2)) < rng.uniform(0.1, 0.9)


def plane(image):
    stride = image.shape[1] + 2
    ring = np.array([-stride, 1 - stride, 1, 1 + stride, stride, stride - 1, -1, -1 - stride])
    return np.pad(image, 1).ravel(), ring, stride


def unplane(values, stride):
    return values.reshape(-1, stride)[1:-1, 1:-1]


def chessboard(pixels, others):
    return np.abs(pixels[:, None] - others[None]).max(axis=2)


def components(image):
    """Sets of pixels, grown one by one."""
    todo, found = {tuple(p) for p in np.argwhere(image).tolist()}, []
    while todo:
        grown, fresh = set(), [todo.pop()]
        while fresh:
            row, column = fresh.pop()
            grown.add((row, column))
            near = {(row + down, column + right) for down, right in itertools.product((-1, 0, 1), repeat=2)} & todo
            todo -= near
            fresh.extend(near)
        found.append(frozenset(grown))
    return set(found)


class TestWeightsOfBars:
    @pytest.mark.parametrize(
        ("thickness", "expected"),
        [
            (1, [1]),
            (3, [0, 1 / 2, 0]),
            (4, [0, 1 / 2, 1 / 2, 0]),
            (5, [0, 1 / 4, 2 / 4, 1 / 4, 0]),
            (7, [0, 1 / 9, 2 / 9, 3 / 9, 2 / 9, 1 / 9, 0]),
        ],
    )
    def test_recall_across_a_bar(self, thickness, expected):
        weights = pseudo_weights(bars((10, thickness), height=30))
        assert weights.recall[10 : 10 + thickness, 20] == pytest.approx(expected)

    def test_precision_rises_over_one_stroke_width(self):
        weights = pseudo_weights(bars((10, 3), height=30))
        assert weights.precision[:10, 20][::-1] == pytest.approx([1 / 4, 2 / 4, 3 / 4, 1, 0, 0, 0, 0, 0, 0])

    def test_precision_reaches_1_in_the_middle_of_a_narrow_gap(self):
        weights = pseudo_weights(bars((10, 3), (16, 3), height=30))
        assert weights.precision[13:16, 20] == pytest.approx([1 / 2, 1, 1 / 2])

    def test_a_square_of_four_keeps_a_weight(self):
        page = np.zeros((6, 6), dtype=np.bool_)
        page[2:4, 2:4] = True
        assert pseudo_weights(page).recall.sum() == pytest.approx(1)


@pytest.mark.parametrize("seed", range(40))
class TestOfAnyPage:
    def test_weights_keep_to_their_side(self, seed):
        page = random_page(seed)
        weights = pseudo_weights(page)
        assert weights.recall.shape == weights.precision.shape == page.shape
        assert weights.recall.dtype == weights.precision.dtype == np.float32
        assert not weights.recall[~page].any()
        assert not weights.precision[page].any()
        for values in (weights.recall, weights.precision):
            assert np.isfinite(values).all()
            assert (values >= 0).all()
            assert (values <= 2).all()

    def test_every_component_can_be_hit(self, seed):
        page = random_page(seed)
        recall = pseudo_weights(page).recall
        assert all(sum(recall[pixel] for pixel in component) > 0 for component in components(page))

    def test_label(self, seed):
        page = random_page(seed)
        ink, _, stride = plane(page)
        labels = unplane(label(ink, stride), stride)
        assert np.array_equal(labels > 0, page)
        assert set(np.unique(labels[page])) == set(range(1, labels.max() + 1))
        found = {frozenset(map(tuple, np.argwhere(labels == n).tolist())) for n in range(1, labels.max() + 1)}
        assert found == components(page)

    def test_thin_leaves_a_connected_line_in_each_component(self, seed):
        page = random_page(seed)
        ink, ring, stride = plane(page)
        skeleton = unplane(thin(ink, ring), stride)
        assert not (skeleton & ~page).any()
        assert np.array_equal(unplane(thin(plane(skeleton)[0], ring), stride), skeleton)
        lines = components(skeleton)
        assert all(sum(line <= component for line in lines) <= 1 for component in components(page))

    def test_floods_over_open_ground(self, seed):
        rng = np.random.default_rng(seed)
        seeds_at = random_page(seed)
        if not seeds_at.any():
            return
        ground, ring, stride = plane(np.ones_like(seeds_at))
        seeds = plane(seeds_at)[0]
        sorted_pixels = layers(seeds, ground, ring)
        to_seed = distances(sorted_pixels, ground.size)
        apart = chessboard(np.argwhere(np.ones_like(seeds_at)), np.argwhere(seeds_at))
        nearest = apart == apart.min(axis=1, keepdims=True)
        assert np.array_equal(unplane(to_seed, stride).ravel(), apart.min(axis=1))

        values = np.where(seeds, rng.integers(0, 99, seeds.size), -1).astype(np.int32)
        expected = np.where(nearest, values[seeds], -1).max(axis=1)
        flood(values, sorted_pixels, ring)
        assert np.array_equal(unplane(values, stride).ravel(), expected)

        values = np.where(ground, rng.integers(0, 99, seeds.size), -1).astype(np.int32)
        expected = np.where(nearest, values[ground][:, None], -1).max(axis=0)
        gather(values, sorted_pixels, to_seed, ring)
        assert np.array_equal(values[seeds], expected)


def test_layers_stop_at_their_limit():
    ground, ring, stride = plane(np.ones((1, 9), dtype=np.bool_))
    seeds = plane(np.eye(1, 9, dtype=np.bool_))[0]
    reached = unplane(distances(layers(seeds, ground, ring, limit=3), ground.size), stride)
    assert reached.tolist() == [[0, 1, 2, 3, -1, -1, -1, -1, -1]]
