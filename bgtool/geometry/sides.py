"""The very sides of a sheet: where paper turns to bed, or where colours change along all of a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bgtool.geometry.placement import Box
from bgtool.geometry.small import COARSER, Colours

Floats = NDArray[np.float64]

NEAR = 8
"""Pixels of the calm picture beside the side of a box where the very edge of the sheet is looked for."""

CLOSE, SHARP = 4, 0.8
"""Pixels within which paper turns to bed where a side is sharp, and the share of the turn that happens there."""

SOFT, STEP = 0.5, 8.0
"""Share of a change of colour that happens within `CLOSE` pixels of a side where no shadow begins, and grey levels from
which on it is one."""

ON_PAPER, TURN = 0.2, 1.75
"""Gain from which on what lies within a side is paper, and how much less the bed has: shadows turn by less."""

MOST_OF_IT, STANDS_OUT, LEAST_STEP = 30, 2.0, 8.0
"""Percent of a side along which colours may change less than is said where its edge is looked for, times that such a
change is greater than usual near it, and the sum of three channels from which on it is one: no writing is as long."""

BLEND, BLENDED = 0.5, 2
"""Share of the bed's colour in a line from which on it is not the sheet's, and how many lines may be so at a side that
is sharp: less than a pixel of a black bed is a rule along the page once it is cleaned.
"""

EDGE_FROM = 8
"""Percent of the scan by which an edge may lie farther out than where it is looked for."""


def sharpened(box: Box, gain: Floats, colours: Colours) -> tuple[Box, bool]:
    """A box of the calm picture as one of the small page, each side where paper turns to bed or else where its edge
    shows; and whether that is told of all sides.
    """
    height, width = gain.shape
    left, top, right, bottom = (COARSER * side for side in box)
    here = left, top, right, bottom
    sides = [turning(profile, side) for profile, side in inwards(here, gain)]
    if not all(told for _, told in sides):
        edges = [edge(steps, side) for steps, side in changes(here, colours)]
        sides = [one if one[1] or found is None else (found, True) for one, found in zip(sides, edges, strict=True)]
    (x0, y0, x1, y1), told = zip(*sides, strict=True)
    x0, y0, x1, y1 = (unblended(*one) for one in inwards((x0, y0, width - x1, height - y1), colours))
    return (x0, y0, width - x1, height - y1), all(told)


def unblended(profile: Floats, side: int) -> int:
    """A side without the lines whose colour is in part the bed's, of a profile [n, 3] that comes from the bed."""
    if not CLOSE <= side < len(profile) - CLOSE - BLENDED:
        return side
    bed, paper = profile[side - CLOSE], profile[side + CLOSE]
    away = float(np.square(bed - paper).sum())
    shares = (profile[side : side + BLENDED + 1] - paper) @ (bed - paper) / max(away, STEP**2)
    blended = int((shares > BLEND).argmin())
    return side + blended if shares[blended] <= BLEND else side


def changes(box: Box, colours: Colours) -> Iterator[tuple[Floats, int]]:
    """Along the sides of a box, as `inwards` has them: how much colours change at least on most of each line."""
    height, width = colours.shape[:2]
    left, top, right, bottom = box
    levels = colours.astype(np.int16)
    across, down = (np.abs(np.diff(levels, axis=axis)).sum(axis=2) for axis in (1, 0))
    columns = np.pad(np.percentile(across[top:bottom], MOST_OF_IT, axis=0), (1, 0))
    rows = np.pad(np.percentile(down[:, left:right], MOST_OF_IT, axis=1), (1, 0))
    yield from ((columns, left), (rows, top))
    yield from ((columns[:0:-1], width - right), (rows[:0:-1], height - bottom))


def edge(steps: Floats, side: int) -> int | None:
    """The first place on the way in where colours change along all of a line; None where there is none nearby."""
    first = max(side - EDGE_FROM * len(steps) // 100, 0)
    near = steps[first : side + NEAR * COARSER]
    found = np.flatnonzero(near > max(STANDS_OUT * float(np.median(near)), LEAST_STEP))
    if not found.size:
        return None
    place = int(found[0])
    return first + place + int(near[place : place + CLOSE].argmax())


def inwards(box: Box, plane: NDArray[Any]) -> Iterator[tuple[NDArray[Any], int]]:
    """Means of a plane, [h, w] or [h, w, 3], along the left, upper, right and lower side of a box, from the edge of the
    scan inwards, and where on that way the side lies.
    """
    height, width = plane.shape[:2]
    left, top, right, bottom = box
    columns, rows = plane[top:bottom].mean(axis=0), plane[:, left:right].mean(axis=1)
    yield from ((columns, left), (rows, top), (columns[::-1], width - right), (rows[::-1], height - bottom))


def turning(profile: Floats, side: int) -> tuple[int, bool]:
    """Where a profile that comes from the bed turns to the sheet, near a known place; whether paper meets bed there.

    A sheet that reaches the edge of the scan ends there; one whose edge is not sharp, as torn ones, where it is known.
    """
    reach = NEAR * COARSER
    if side <= COARSER and profile[:COARSER].mean() > 0:
        return 0, True
    first = max(side - reach, 0)
    near = profile[first : side + reach]
    bed, paper = float(near[: max(min(side, reach) // 2, 1)].mean()), float(near[-reach // 2 :].mean())
    place = int(np.concatenate([[0.0], np.cumsum(near - (bed + paper) / 2)]).argmin())
    before, after = near[max(place - CLOSE, 0)], near[min(place + CLOSE, len(near) - 1)]
    sharp = after - before > SHARP * (paper - bed)
    return (first + place if sharp else side), paper > ON_PAPER and paper - bed > TURN


def is_soft(box: Box, colours: Colours) -> bool:
    """Whether colours change as slowly at a side of a box as where a shadow begins."""
    for profile, side in inwards(box, colours):
        reach = min(NEAR * COARSER, side, len(profile) - 1 - side)
        if reach > 2 * CLOSE:
            far, close = (np.abs(profile[side + step] - profile[side - step]).max() for step in (reach, CLOSE))
            if far > STEP and close < SOFT * far:
                return True
    return False
