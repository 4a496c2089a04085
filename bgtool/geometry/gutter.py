"""The gutter of a double page: what parts two pages that lie beside each other, over all of their height."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from bgtool.geometry.placement import Box
from bgtool.geometry.small import Colours, grey_of, inked

Floats = NDArray[np.float64]

WIDE = 1.1
"""Times as wide as high that two pages are at least."""

MIDDLE, SEEN = (0.4, 0.6), (0.13, 0.87)
"""Between which shares of the width the gutter lies, and where it is looked for others like it: a grid has many."""

APART, ALIKE = 0.05, 0.5
"""Share of the width from which on another line is another one, and share of the gutter's depth that it may have, over
the same share of its breadth: the shadow of a fold is broader than the rules of a ledger."""

BESIDE = 0.04, 0.12
"""From which to which share of the width beside a column what it is compared with lies."""

BARS, ALL_ALONG = 64, 3
"""Pieces of a page's height that are looked at, and percent of them in which a gutter may be as light as paper: a line
that ends before the edge of the sheet parts nothing."""

SHALLOW, DEEP = 10.0, 42.0
"""Grey levels by which a gutter differs from the paper beside it in all other pieces: from the first on where writing
stands on both sides of it and does not go across, else from the second on, as creases are not so dark."""

ACROSS = 8, 24
"""Pixels from a gutter between which writing is looked for that goes across it."""

GOES_ON, WRITTEN = 0.1, 400
"""Share of the rows with writing near a gutter that have it on both sides, and pixels of ink that a page has."""

BOTTOM = 0.8
"""Share of its depth from which on a column belongs to the bottom of the fold, in whose middle pages are parted."""

BROAD = 0.003
"""Share of the width that it takes at least at half its depth: rules of tables are narrower."""


def gutter_of(colours: Colours, sheet: Box) -> int | None:
    """The column of a small page, uint8 [h, w, 3], that parts the two pages of a sheet; None of a single page."""
    left, top, right, bottom = sheet
    width, height = right - left, bottom - top
    if width < WIDE * height or height < BARS:
        return None
    rim = max(height // 100, 1)
    inner = Image.fromarray(colours[top + rim : bottom - rim, left:right])
    bars = np.asarray(inner.reduce((1, max(height // BARS, 1))), np.float32)
    paper = np.percentile(bars, 70, axis=(0, 1))
    apart = np.percentile(np.abs(bars - paper).max(axis=2), ALL_ALONG, axis=0)
    low, high = round(SEEN[0] * width), round(SEEN[1] * width)
    depth = np.array([apart[column] - beside(apart, column) for column in range(low, high)])
    deepest = int(depth.argmax())
    near = fold(depth, deepest)
    if depth[deepest] < SHALLOW or len(near) < BROAD * width or not MIDDLE[0] < (low + deepest) / width < MIDDLE[1]:
        return None
    broad = sliding_window_view(depth, max(round(BROAD * width), round(ALIKE * len(near)), 1)).min(axis=1)
    elsewhere = np.abs(np.arange(len(broad)) - deepest) > APART * width
    if broad[elsewhere].max(initial=0) > ALIKE * depth[deepest]:
        return None
    gutter = left + low + round(float(fold(depth, deepest, BOTTOM).mean()))
    return gutter if depth[deepest] >= DEEP or parts_writing(inked(grey_of(colours)), gutter) else None


def parts_writing(ink: NDArray[np.bool_], gutter: int) -> bool:
    """Whether writing stands on both sides of a column of a small page, bool [h, w], and does not go across it."""
    near, far = ACROSS
    before, after = ink[:, : max(gutter - near, 0)], ink[:, gutter + near :]
    left, right = before[:, -(far - near) :].any(axis=1), after[:, : far - near].any(axis=1)
    across = (left & right).sum() > GOES_ON * (left | right).sum()
    return bool(not across and min(before.sum(), after.sum()) >= WRITTEN)


def fold(depth: Floats, deepest: int, share: float = 0.5) -> NDArray[np.intp]:
    """The columns around the deepest one that have so much of its depth."""
    lighter = np.flatnonzero(depth < share * depth[deepest])
    before, after = lighter[lighter < deepest], lighter[lighter > deepest]
    return np.arange(before.max(initial=-1) + 1, after.min(initial=len(depth)))


def beside(apart: Floats, column: int) -> float:
    """How far from paper it is on both sides of a column, on the side that is farther."""
    near, far = (round(share * len(apart)) for share in BESIDE)
    sides = apart[column - far : column - near], apart[column + near : column + far]
    return max(float(np.median(side)) for side in sides)
