"""Parts of photos in which nobody is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.imaging.pixels import Box

CROWDED = ("ccp", "pennfudan")
"""Sets in which passers-by are not labelled: what is left of a photo may hold people."""

GRID = 48
"""Rectangles have their corners on a grid of so many lines to each side."""

LEAST_SHARE = 0.3
"""Of a photo: smaller parts are not looked at."""


def empty_part(mask: Image.Image) -> Box:
    """The largest rectangle, by the grid, in which a mask is 0; of no size where there is none."""
    taken = np.asarray(mask.resize((GRID, GRID), Image.Resampling.BOX)) > 0
    best = (0, 0, 0, 0)
    for top in range(GRID):
        for bottom in range(top + 1, GRID + 1):
            left, right = longest_run(~taken[top:bottom].any(axis=0))
            if (right - left) * (bottom - top) > (best[2] - best[0]) * (best[3] - best[1]):
                best = left, top, right, bottom
    across, down = mask.width / GRID, mask.height / GRID
    return round(best[0] * across), round(best[1] * down), round(best[2] * across), round(best[3] * down)


def longest_run(free: NDArray[np.bool_]) -> tuple[int, int]:
    """Start and end of the longest run of True; (0, 0) where there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], free, [False]]).astype(np.int8)))
    runs = [(0, 0), *zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)]
    return max(runs, key=lambda run: run[1] - run[0])
