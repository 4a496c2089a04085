"""What squares around the cells of a page hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bgtool.imaging.components import Mask, dilated


def widened(mask: Mask, side: int = 3) -> Mask:
    """A mask in which every true cell has become a square of that odd side."""
    return dilated(mask, side // 2)


def opened(mask: Mask, side: int) -> Mask:
    """Those true cells that lie in a square of that side that is all true; beyond the edges all is as at the edge."""
    return ~closed(~mask, side)


def closed(mask: Mask, side: int) -> Mask:
    """A mask without gaps into which no square of that side fits."""
    beyond = np.pad(mask, side, mode="edge")
    return ~widened(~widened(beyond, side), side)[side:-side, side:-side]


def local_mean(levels: NDArray[Any], counted: Mask, side: int) -> NDArray[np.float64]:
    """Mean of the counted cells in the square around each, of all counted ones where there is none in it.

    `counted` must hold something.
    """
    weight = counted.astype(np.float64)
    total, count = box_sum(np.asarray(levels * weight, np.float64), side), box_sum(weight, side)
    usual = float(levels[counted].mean())
    return np.asarray(np.where(count > 0.5, total / np.maximum(count, 1), usual))


def box_sum(values: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Sum over the square of an odd side around each place, 0 beyond the edges."""
    for axis in (0, 1):
        padding = [(side // 2 + 1, side // 2) if each == axis else (0, 0) for each in (0, 1)]
        running = np.pad(values, padding).cumsum(axis)
        size = values.shape[axis]
        values = running.take(range(side, side + size), axis) - running.take(range(size), axis)
    return values
