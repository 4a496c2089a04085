"""What hangs together on a grid of cells, by its four neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


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


def components(mask: Mask) -> NDArray[np.intp]:
    """Number the areas of a mask from 1 on, 0 elsewhere: [rows, columns]."""
    labels = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    before = np.zeros_like(labels)
    while not np.array_equal(before, labels):
        before, labels = labels, least_along_rows(least_along_rows(labels).T).T
    return np.where(mask, np.searchsorted(np.unique(labels[mask]), labels) + 1, 0)


def least_along_rows(labels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Every run of labels in a row with the least of them; 0 is none."""
    flat = np.pad(labels, ((0, 0), (0, 1))).ravel()  # runs end with their row
    starts = np.flatnonzero(np.diff(flat > 0, prepend=not flat[0] > 0))
    least = np.minimum.reduceat(flat, starts)
    runs = np.repeat(least, np.diff(starts, append=len(flat)))
    return runs.reshape(len(labels), -1)[:, :-1]


def neighbours(areas: NDArray[np.intp]) -> NDArray[np.intp]:
    """By cell, the highest number among the four cells around it."""
    wide = np.pad(areas, 1)
    around = wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:]
    return np.asarray(np.maximum.reduce(around))


def share_of(mask: Mask, areas: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """By number up to, without, `count`: the share of an area's cells that a mask holds."""
    cells = np.bincount(areas.ravel(), minlength=count)
    return np.bincount(areas.ravel(), mask.ravel(), count) / np.maximum(cells, 1)
