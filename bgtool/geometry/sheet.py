"""The outline of a sheet on its bed, and the box of what is written on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bgtool.geometry.placement import Box
from bgtool.geometry.small import COARSER, Colours, Grey, calmed, inked
from bgtool.imaging.components import components

Mask = NDArray[np.bool_]

APART = 20.0
"""Difference in colour, in grey levels, from which something is not paper."""

COVERED = 0.5
"""Share of the sheet's usual extent that a row or column has to have to belong to it."""

LEAST_SHEET, MOST_SHEET = 0.15, 0.985
"""Share of the scan that a sheet takes; one that takes more lies on no bed."""

HALF = 0.4
"""Share of the largest light area that another one has to have to be a page beside it."""

BEYOND = 0.1
"""Share of the writing that may lie beyond the sheet: a grained bed has strokes too."""

SPECK = 12
"""Pixels of ink below which a spot does not count for the box of what is written."""


def sheet_box(colours: Colours) -> Box | None:
    """The box of the sheet in a small page that stands straight, uint8 [h, w, 3]; None where no bed is seen.

    Paper is what the middle of the page is mostly made of. What is unlike it and comes in from the edge is the bed;
    rows and columns belong to the sheet from half of its usual extent on, so torn edges and missing corners stay in.
    """
    calm = calmed(colours).astype(np.float32)
    height, width = calm.shape[:2]
    middle = calm[height // 4 : height - height // 4, width // 4 : width - width // 4].reshape(-1, 3)
    grey = middle.mean(axis=1)
    paper = np.median(middle[grey >= np.percentile(grey, 40)], axis=0)
    apart = np.abs(calm - paper).max(axis=2)
    bed = from_edge(apart > threshold(apart))
    sheet = largest(~bed)
    if sheet is None:
        return None
    rows, columns = covered(sheet.sum(axis=1)), covered(sheet.sum(axis=0))
    box = columns[0], rows[0], columns[1], rows[1]  # of the calm picture
    share = (box[2] - box[0]) * (box[3] - box[1]) / (width * height)
    if not LEAST_SHEET < share < MOST_SHEET:
        return None
    (left, top), (right, bottom) = (box[0] + 1, box[1] + 1), (box[2] - 1, box[3] - 1)  # without the edge's own shadow
    return left * COARSER, top * COARSER, right * COARSER, bottom * COARSER


def written_beyond(sheet: Box, grey: Grey) -> bool:
    """Whether a good part of what is written on a small page, uint8 [h, w], would be cut off with what is not sheet."""
    ink, (left, top, right, bottom) = inked(grey), sheet
    return bool(ink.sum() - ink[top:bottom, left:right].sum() > BEYOND * ink.sum())


def threshold(apart: NDArray[np.float32]) -> float:
    """The difference in colour that tells bed from paper: half of the way to what the rim of the scan mostly shows."""
    rim = np.concatenate([apart[:3].ravel(), apart[-3:].ravel(), apart[:, :3].ravel(), apart[:, -3:].ravel()])
    unlike = rim[rim > APART]
    return max(APART, 0.5 * float(np.median(unlike))) if unlike.size else APART


def from_edge(mask: Mask) -> Mask:
    """What of a mask hangs together with the edge of the page."""
    parts = components(mask)
    rim = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    return np.isin(parts, rim[rim > 0])


def largest(mask: Mask) -> Mask | None:
    """The largest connected part of a mask, and what is nearly as large, as the other page beyond a dark gutter is."""
    parts = components(mask)
    counts = np.bincount(parts.ravel())
    counts[0] = 0
    return (counts >= HALF * counts.max())[parts] & (parts > 0) if counts.any() else None


def covered(extent: NDArray[np.intp]) -> tuple[int, int]:
    """First and last row or column, that one excluded, of a good part of the usual extent."""
    usual = float(np.percentile(extent[extent > 0], 75))
    found = np.flatnonzero(extent >= COVERED * usual)
    return int(found[0]), int(found[-1]) + 1


def ink_box(grey: Grey, within: Box) -> Box | None:
    """The box of what is written in a part of a small page, uint8 [h, w]; None where nothing is."""
    left, top, right, bottom = within
    parts = components(inked(grey[top:bottom, left:right]))
    counts = np.bincount(parts.ravel())
    ink = counts >= SPECK
    ink[0] = False
    rows, columns = np.nonzero(ink[parts])
    if not len(rows):
        return None
    return left + int(columns.min()), top + int(rows.min()), left + int(columns.max()) + 1, top + int(rows.max()) + 1
