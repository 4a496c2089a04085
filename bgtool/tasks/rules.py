"""Straight lines along the sides of a page, however pale: the rules of tables, ledgers and graph paper."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bgtool.imaging.components import Mask
from bgtool.tasks.squares import local_mean, opened

Grid = NDArray[np.float32]

STANDS_OUT = 0.05
"""How much darker than in the lighter half of the blank cells the darkest pixel of a rule's cells is."""

LENGTH, THICK = 8, 3
"""Cells of a rule that stand in a row without a gap, and side of the smallest square that no pale rule fills."""

STEADY = 0.65
"""Share of their mean that the palest of so many cells holds at least: writing that shines through has gaps."""

AROUND = 33
"""Side in cells of the square whose bare cells say how dark the paper is."""


def ruled(darkest: Grid, level: Grid, blank: Mask, inked: Mask) -> Mask:
    """The cells of rules, bool [rows, columns].

    Args:
        darkest, level: darkness (0 paper .. 1 ink) of each cell's darkest pixel, and its mean: float32 [rows, columns].
        blank: bool [rows, columns], cells that hold nothing or what is very pale; some have to be there.
        inked: bool [rows, columns], cells that hold ink, through which a rule goes on.
    """
    marked = darkest > np.percentile(darkest[blank], 25) + STANDS_OUT
    bare = blank & ~marked
    if not bare.any():
        return np.zeros_like(marked)
    above_paper = np.clip(level - local_mean(level, bare, AROUND), 0, None)
    thin = marked & ~opened(marked & ~inked, THICK)
    return in_rows(thin, above_paper) | in_rows(thin.T, above_paper.T).T


def in_rows(thin: Mask, depth: NDArray[np.float64]) -> Mask:
    """Those cells that stand in a row with others, all about as dark as the rest, a slanting one's neighbours added."""
    found = np.zeros_like(thin)
    places = thin.shape[1] - LENGTH + 1
    if places < 1:
        return found
    wide = np.pad(depth, ((1, 1), (0, 0)))
    windows = np.sort(sliding_window_view(depth + np.maximum(wide[:-2], wide[2:]), LENGTH, axis=1), axis=2)
    steady = windows[..., 0] >= STEADY * windows[..., LENGTH // 2 - 1]
    starts = steady & sliding_window_view(thin, LENGTH, axis=1).all(axis=2)
    for offset in range(LENGTH):
        found[:, offset : offset + places] |= starts
    return found
