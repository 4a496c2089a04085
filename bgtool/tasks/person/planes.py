"""Planes of float32, values 0..1: means over squares, half and double size, and the parts where there is doubt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.imaging.pixels import Array

Plane = NDArray[np.float32]
"""[h, w]"""

Planes = NDArray[np.float32]
"""[..., h, w]"""

Mask = NDArray[np.bool_]
Part = tuple[slice, slice]
"""Rows and columns."""

BAND = 128
"""Rows of the guide that are worked at a time, where there is doubt in them."""


def unit(pixels: Array) -> Planes:
    """Grey levels as values 0..1."""
    values: Planes = pixels * np.float32(1 / 255)
    return values


def levels(values: Planes) -> Array:
    """Values 0..1 as grey levels."""
    rounded: Array = np.rint(values * 255).astype(np.uint8)
    return rounded


def box_mean(planes: Planes, radius: int) -> Planes:
    """Means over squares of side 2·radius + 1, as if the edge of a plane went on outwards: float32 [..., h, w]."""
    if not radius:
        return planes
    side = 2 * radius + 1
    for axis in (-2, -1):
        lines = planes.swapaxes(axis, 0)
        lines = np.concatenate([*[lines[:1]] * radius, lines, *[lines[-1:]] * radius])
        planes = sums(lines, side).swapaxes(axis, 0)
    return planes * np.float32(1 / side**2)


def sums(lines: Planes, side: int) -> Planes:
    """Sums of `side` lines that follow each other, [n, ...] to [n - side + 1, ...], from those of 1, 2, 4 and so on.

    The side is odd.
    """
    length, done, span = len(lines) - side + 1, 1, 1
    total = lines[:length]
    while done < side:
        lines, span = lines[:-span] + lines[span:], 2 * span
        if side & span:
            total, done = total + lines[done : done + length], done + span
    return total


def blurred(planes: Planes, radii: Sequence[int]) -> Planes:
    """One `box_mean` after the other."""
    for radius in radii:
        planes = box_mean(planes, radius)
    return planes


def halved(plane: Plane) -> Plane:
    """A plane at half its height and width, rounded up: means of squares of two."""
    return np.asarray(Image.fromarray(np.ascontiguousarray(plane)).reduce(2))


def doubled(plane: Plane, place: Part) -> Plane:
    """A place in a plane of twice the height and width, between whose pixels those of the given one lie."""
    rows, columns = place
    box = columns.start / 2, rows.start / 2, columns.stop / 2, rows.stop / 2
    size = columns.stop - columns.start, rows.stop - rows.start
    return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR, box))


def doubtful(alpha: Plane) -> Mask:
    """Where alpha is neither 0 nor 1: bool [h, w]. All work along the edge is done there."""
    result: Mask = (alpha > 0) & (alpha < 1)
    return result


def parts(doubt: Mask, reach: int) -> Iterator[tuple[Part, Part]]:
    """Rectangles that hold all doubt: bands of `BAND` rows, cut where no doubt is over more than twice the reach.

    Each comes alone and with so many pixels around it, an even number, which end at the frame. All begin at even pixels
    and end at even ones or at the frame.
    """
    height, width = doubt.shape
    reach += reach % 2
    for top in range(0, height, BAND):
        rows = slice(top, min(top + BAND, height))
        places = np.flatnonzero(doubt[rows].any(axis=0))
        for run in np.split(places, np.flatnonzero(np.diff(places) > 2 * reach) + 1):
            if run.size:
                columns = slice(int(run[0]) // 2 * 2, min(int(run[-1]) // 2 * 2 + 2, width))
                above, left = max(0, rows.start - reach), max(0, columns.start - reach)
                around = slice(above, min(rows.stop + reach, height)), slice(left, min(columns.stop + reach, width))
                yield (rows, columns), around


def inner(place: Part, around: Part) -> Part:
    """The place within what lies around it."""
    rows, columns = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(place, around, strict=True))
    return rows, columns
