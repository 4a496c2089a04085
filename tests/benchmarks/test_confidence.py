"""How the ordering by confidence is measured."""

import numpy as np
import pytest

from benchmarks.suites.confidence import ranks, share_of_tenth, spearman


def test_equal_values_share_their_mean_rank():
    assert ranks(np.array([3.0, 1.0, 3.0, 9.0])).tolist() == [2.5, 1.0, 2.5, 4.0]


def test_rank_correlation_sees_order_alone():
    values = np.array([0.1, 0.5, 0.2, 0.9, 0.3])
    assert spearman(values, values**3) == pytest.approx(1)
    assert spearman(values, -values) == pytest.approx(-1)


def test_the_least_sure_tenth_holds_its_share_of_the_error():
    error = np.array([5.0, *[1.0] * 15, 5.0, 1.0, 1.0, 1.0])
    assert share_of_tenth(error, error) == pytest.approx(10 / 28)
    assert share_of_tenth(-error, error) == pytest.approx(2 / 28)
