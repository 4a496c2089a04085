"""What hangs together on a grid of cells, by its four neighbours."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bgtool.imaging.components import Labels, Mask

AnyNumber = TypeVar("AnyNumber", np.int32, np.float32)

ALONG = 0.2
"""Share of a page's side along which a bed shows."""


def reached(grid: Mask, start: Mask) -> Mask:
    """Those true places of a grid that a way through true places leads to from where it starts."""
    found, count = grid & start, -1
    while count != (count := int(found.sum())):
        found = along_rows(along_rows(found, grid).T, grid.T).T
    return found


def along_rows(found: Mask, grid: Mask) -> Mask:
    """What was found, widened to the whole of the runs of true places in rows that it touches."""
    fenced = np.pad(grid, ((0, 0), (0, 1)))  # runs end with their row
    flat, touched = fenced.ravel(), np.pad(found, ((0, 0), (0, 1))).ravel()
    run = np.cumsum(~flat)
    hit = np.zeros(run[-1] + 1, bool)
    hit[run[touched]] = True
    return np.asarray((hit[run] & flat).reshape(fenced.shape)[:, :-1])


def neighbours(values: NDArray[AnyNumber]) -> NDArray[AnyNumber]:
    """By cell, the highest value of the four cells around it; at the edges the cell itself stands for those beyond."""
    wide = np.pad(values, 1, mode="edge")
    around = wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:]
    return np.asarray(np.maximum.reduce(around))


def beside(areas: Labels) -> Labels:
    """By cell that is in no area, the number of one that it lies beside; 0 elsewhere."""
    return np.where(areas > 0, 0, neighbours(areas))


def share_of(mask: Mask, areas: Labels, count: int) -> NDArray[np.float64]:
    """By number up to, without, `count`: the share of an area's cells that a mask holds."""
    cells = np.bincount(areas.ravel(), minlength=count)
    return np.bincount(areas.ravel(), mask.ravel(), count) / np.maximum(cells, 1)


def boxes(areas: Labels) -> NDArray[np.intp]:
    """By number: first row, first column, last row and last column of an area, [4, count]; those of 0 mean nothing."""
    rows, columns = np.nonzero(areas)
    numbers, count = areas[rows, columns], int(areas.max()) + 1
    first, last = (np.full((2, count), fill, np.intp) for fill in (areas.size, -1))
    for axis, places in enumerate((rows, columns)):
        np.minimum.at(first[axis], numbers, places)
        np.maximum.at(last[axis], numbers, places)
    return np.concatenate([first, last])


def long_runs(dark: Mask) -> Mask:
    """Those cells along the edges of a page that are all dark over a long stretch, as a bed is and no bar that ends
    there."""
    found = np.zeros_like(dark)
    sides = (dark[0], found[0]), (dark[-1], found[-1]), (dark[:, 0], found[:, 0]), (dark[:, -1], found[:, -1])
    for line, into in sides:
        bounds = np.flatnonzero(np.diff(np.pad(line, 1).astype(np.int8)))
        for start, stop in zip(bounds[::2], bounds[1::2], strict=True):
            into[start:stop] |= stop - start >= ALONG * len(line)
    return found
