"""What the benchmarks of edges and of photos without people measure with."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.harness.empty import empty_part
from benchmarks.studies.edges import figures, gradient_error


def test_gradient_error_of_a_slope_is_its_square():
    flat = np.zeros((40, 100), np.float32)
    slope = np.broadcast_to(np.linspace(0, 1, 100, dtype=np.float32), flat.shape)
    assert gradient_error(slope, slope) == 0
    assert gradient_error(flat, slope) == pytest.approx(flat.size / 99**2, rel=0.1)  # flatter at the two borders
    assert gradient_error(flat.T, slope.T) == pytest.approx(gradient_error(flat, slope), rel=1e-4)


def test_soft_truth_is_compared_as_alpha():
    truth = np.full((20, 50), 0.5, np.float32)
    found = figures(truth, truth + np.float32(0.1), soft=True)
    assert found["SAD/1000"] == pytest.approx(0.1)
    assert found["MSE"] == pytest.approx(0.01)
    assert found["Jaccard"] == 1


def test_the_largest_part_without_people():
    mask = Image.new("L", (480, 240))
    mask.paste(255, (100, 60, 200, 240))
    assert empty_part(mask) == (200, 0, 480, 240)
    assert empty_part(Image.new("L", (480, 240), 255)) == (0, 0, 0, 0)
