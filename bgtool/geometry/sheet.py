"""The outline of a sheet on its bed, and the box of what is written on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bgtool.geometry.angle import Skew, skew_of_points
from bgtool.geometry.placement import Box
from bgtool.geometry.sides import is_soft, sharpened
from bgtool.geometry.small import COARSER, Colours, Grey, calmed, grey_of, inked
from bgtool.imaging.components import components

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEVELS = 16
"""Of each colour channel that are told apart."""

GRAINS, GRAIN = (3.0, 8.0, 20.0), 3
"""Grey levels that parts of the calm picture vary by, between which kinds of surfaces are told apart, and its pixels on
every side that such a part reaches to."""

RIM = 0.015
"""Share of the scan's sides from its edge on that shows the bed, if there is one."""

LEAST_SHEET, MOST_SHEET = 0.15, 0.985
"""Share of the scan that a sheet takes; one that takes more lies on no bed."""

MOST_GAIN = 2.5
"""Natural logarithm of how much more often a colour occurs on one ground than on the other, at most."""

AROUND = 6
"""Pixels of the calm picture on every side of a pixel that speak for its ground: beds are patterned."""

FLAT = 0.7
"""Share of a bed without grain from which on grain tells nothing: margins of a sheet are flat beside its writing."""

ROUNDS = 6
"""Times that box and colours are found from each other, at most."""

ALIKE = 0.4
"""Share of colours that sheet and bed may have in common to be told apart."""

TORN, LEFT_OF_IT = 0.04, 0.12
"""Share of the sheet's side that torn edges reach beyond it, and of a row that is still paper there."""

BEYOND, ON_BED = 0.005, 0.02
"""Share of the writing that may lie beyond the sheet on the same paper, and beyond sides that are soft as shadows are:
beds have strokes, too."""

SPECK = 12
"""Pixels of ink below which a spot does not count for the box of what is written."""


@dataclass(frozen=True)
class Sheet:
    """What was found of a sheet.

    Attributes:
        box: of a small page that stands straight; None where no sheet is seen.
        doubtful: whether writing would be lost with what lies beyond it.
    """

    box: Box | None = None
    doubtful: bool = False


def sheet_of(colours: Colours) -> Sheet:
    """The sheet in a small page that stands straight, uint8 [h, w, 3]: told by colours and grain where its bed
    is grainy, else by colours alone.
    """
    calm = calmed(colours)
    found = told_apart(surfaces_of(calm))
    if found is None or found.beyond[: LEVELS**3].sum() > FLAT:
        found = told_apart(kinds_of(calm))
    if found is None:
        return Sheet()
    by_colour = gain_of(*(one.reshape(-1, LEVELS**3).sum(axis=0) for one in (found.within, found.beyond)))
    exact, told = sharpened(with_torn_edges(found.box, found.paper), by_colour[kinds_of(colours)], colours)
    return Sheet(exact, not told or cuts_writing(exact, grey_of(colours), found.paper, is_soft(exact, colours)))


@dataclass(frozen=True)
class Apart:
    """A sheet and its bed in a calm picture.

    Attributes:
        box: of the sheet.
        paper: bool [h, w], what is more like the sheet than like the bed.
        within, beyond: frequencies of surfaces within the box and beyond it.
    """

    box: Box
    paper: Mask
    within: Floats
    beyond: Floats


def told_apart(kinds: NDArray[np.intp]) -> Apart | None:
    """Of all boxes the one whose surfaces, [h, w], differ most from those beyond it; None where none differ enough.

    Surfaces and box are found from each other, beginning with the rim of the scan as the bed.
    """
    gain, box = rim_gain(kinds), None
    inside = outside = np.ones(1)
    for _ in range(ROUNDS):
        ground = smoothed(gain[kinds], AROUND)
        before, box = box, best_box(np.sign(ground))
        if box == before or not is_sheet(box, kinds.size):
            break
        inside, outside = on_both_sides(kinds, box)
        gain = gain_of(inside, outside)
    if box is None or np.minimum(inside, outside).sum() > ALIKE or not is_sheet(box, kinds.size):
        return None
    return Apart(box, ground > 0, inside, outside)


def is_sheet(box: Box, scan: int) -> bool:
    """Whether a box is as large as a sheet on a scan of so many pixels."""
    left, top, right, bottom = box
    return LEAST_SHEET < (right - left) * (bottom - top) / scan < MOST_SHEET


def kinds_of(colours: Colours) -> NDArray[np.intp]:
    """The number of each pixel's colour: of uint8 [h, w, 3], [h, w] in 0 .. `LEVELS`³ - 1."""
    red, green, blue = np.moveaxis(colours.astype(np.intp) * LEVELS // 256, 2, 0)
    return np.asarray((red * LEVELS + green) * LEVELS + blue)


def surfaces_of(calm: Colours) -> NDArray[np.intp]:
    """The number of each pixel's colour and grain: of a calm picture, [h, w] in 0 .. `LEVELS`³ · (grains) - 1."""
    varies = np.zeros(calm.shape[:2])
    for channel in np.moveaxis(calm.astype(float), 2, 0):
        varies += np.maximum(smoothed(channel**2, GRAIN) - smoothed(channel, GRAIN) ** 2, 0)
    return np.asarray(np.digitize(np.sqrt(varies), GRAINS) * LEVELS**3 + kinds_of(calm))


def on_both_sides(kinds: NDArray[np.intp], box: Box) -> tuple[Floats, Floats]:
    """Frequencies within a box and beyond it."""
    left, top, right, bottom = box
    beyond = np.ones(kinds.shape, np.bool_)
    beyond[top:bottom, left:right] = False
    return frequencies(kinds[top:bottom, left:right]), frequencies(kinds[beyond])


def frequencies(kinds: NDArray[np.intp]) -> Floats:
    """How often each surface occurs, its colour spread to its neighbours; they add up to 1."""
    count = LEVELS**3 * (len(GRAINS) + 1)
    cube = np.bincount(kinds.ravel(), minlength=count).astype(float).reshape(-1, LEVELS, LEVELS, LEVELS)
    for axis in range(1, 4):
        padded = np.pad(cube, [(1, 1) if one == axis else (0, 0) for one in range(4)])
        low, middle, high = (padded.take(np.arange(LEVELS) + step, axis) for step in range(3))
        cube = (low + 2 * middle + high) / 4
    return np.asarray(cube.ravel() / max(cube.sum(), 1e-9))


def gain_of(inside: Floats, outside: Floats) -> Floats:
    """By colour, how far it speaks for the sheet, from the frequencies within it and beyond it."""
    least = 1e-4  # colours that are rare on both sides say nothing
    return np.asarray(np.log((inside + least) / (outside + least)).clip(-MOST_GAIN, MOST_GAIN))


def rim_gain(kinds: NDArray[np.intp]) -> Floats:
    """The same as far as it can be told before the sheet is known: the bed is what the rim shows."""
    height, width = kinds.shape
    y, x = max(round(RIM * height), 1), max(round(RIM * width), 1)
    rim = np.concatenate([kinds[:y].ravel(), kinds[-y:].ravel(), kinds[:, :x].ravel(), kinds[:, -x:].ravel()])
    return gain_of(frequencies(kinds[y:-y, x:-x]), frequencies(rim))


def smoothed(plane: Floats, reach: int) -> Floats:
    """The mean of the square of side 2 · `reach` + 1 around each value."""
    for _ in range(2):
        sums = np.cumsum(np.pad(plane, ((reach + 1, reach), (0, 0)), mode="edge"), axis=0)
        plane = (sums[2 * reach + 1 :] - sums[: -2 * reach - 1]).T / (2 * reach + 1)
    return plane


def best_box(gain: Floats) -> Box:
    """The box with the greatest sum, as far as it is found by turns from its rows and from its columns."""
    height, width = gain.shape
    box = 0, 0, width, height
    for _ in range(2 * ROUNDS):
        top, bottom = best_run(gain[:, box[0] : box[2]].sum(axis=1))
        left, right = best_run(gain[top:bottom].sum(axis=0))
        before, box = box, (left, top, right, bottom)
        if box == before:
            break
    return box


def best_run(values: Floats) -> tuple[int, int]:
    """First and last (excluded) of the neighbouring values with the greatest sum (Kadane 1984)."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    lowest = np.minimum.accumulate(sums)
    stop = int((sums - lowest).argmax())
    return int(sums[: stop + 1].argmin()), stop


def with_torn_edges(box: Box, paper: Mask) -> Box:
    """A box widened by what a torn edge leaves of the sheet beyond it."""
    left, top, right, bottom = box
    columns, rows = paper[top:bottom].mean(axis=0), paper[:, left:right].mean(axis=1)

    def more(profile: Floats, reach: int) -> int:
        ended = np.flatnonzero(profile[:reach] < LEFT_OF_IT)
        return int(ended[0]) if ended.size else min(reach, len(profile))

    across, down = round(TORN * (right - left)), round(TORN * (bottom - top))
    return (
        left - more(columns[:left][::-1], across),
        top - more(rows[:top][::-1], down),
        right + more(columns[right:], across),
        bottom + more(rows[bottom:], down),
    )


def cuts_writing(box: Box, grey: Grey, paper: Mask, soft: bool) -> bool:
    """Whether writing lies beyond a box, on paper that goes on there or beyond soft sides."""
    left, top, right, bottom = box
    ink, near = inked(grey), 0 if soft else 2 * AROUND * COARSER
    beyond = ink.copy()
    beyond[max(top - near, 0) : bottom + near, max(left - near, 0) : right + near] = False
    parts = components(paper)
    within = parts[top // COARSER : bottom // COARSER, left // COARSER : right // COARSER]
    same = parts == np.bincount(within[within > 0], minlength=2).argmax()
    rows, columns = np.nonzero(beyond)
    height, width = same.shape
    lost = same[np.minimum(rows // COARSER, height - 1), np.minimum(columns // COARSER, width - 1)].sum()
    return bool(lost > BEYOND * ink.sum() or (soft and beyond.sum() > ON_BED * ink.sum()))


def sheet_skew(colours: Colours) -> Skew:
    """The skew that the outline of a sheet on its bed has in a small page, uint8 [h, w, 3]; none where it shows none.

    Its upper and lower sides count as they lie, the others as if they lay across.
    """
    kinds = kinds_of(calmed(colours))
    bed = from_edge(smoothed(rim_gain(kinds)[kinds], AROUND // 2) <= 0)
    y, x = np.nonzero(bed[:, 1:] != bed[:, :-1])
    v, u = np.nonzero(bed[1:] != bed[:-1])
    height, width = bed.shape
    across = np.concatenate([u - width / 2, y - height / 2])
    return skew_of_points(across, np.concatenate([v - height / 2, width / 2 - x]))


def from_edge(mask: Mask) -> Mask:
    """What of a mask hangs together with the edge of the page."""
    parts = components(mask)
    rim = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    return np.isin(parts, rim[rim > 0])


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
