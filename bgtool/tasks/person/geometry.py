"""Frames, the boxes within them, and pixels as they were before they were laid on white."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bgtool.imaging.pixels import Array, Box
from bgtool.imaging.source import Source
from bgtool.tasks.person.planes import levels, unit

ROWS = 512
"""Of a photo that are held at a time."""


class Photo(Source, Protocol):
    """A decoded picture that also says how opaque its parts are."""

    def alpha_window(self, x0: int, y0: int, x1: int, y1: int) -> Array | None:
        """Opacity of the same pixels, uint8 [y1-y0, x1-x0], 255 opaque; None where all are."""


def scaled(size: tuple[int, int], factor: float) -> tuple[int, int]:
    """A width and height times a factor, at least one pixel each."""
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def windows(size: tuple[int, int], side: int) -> Iterator[Box]:
    """Squares that cover a frame, cut at its right and bottom."""
    width, height = size
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield left, top, min(left + side, width), min(top + side, height)


def bounds(shown: NDArray[np.bool_]) -> Box:
    """The smallest box around all that is True, which must be something."""
    rows, columns = (np.flatnonzero(shown.any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def straight(on_white: Array, opacity: Array | None) -> Array:
    """Colours as they were before they were laid on white, uint8 [h, w, 3]; white where nothing shows."""
    if opacity is None:
        return on_white
    darkness = unit(255 - on_white) / unit(np.maximum(opacity, 1))[..., None]
    return levels(1 - np.minimum(darkness, 1))


def veiled(alpha: Array, opacity: Array | None) -> Array:
    """Alpha times opacity, uint8 [h, w]."""
    return alpha if opacity is None else ((alpha.astype(np.uint16) * opacity + 127) // 255).astype(np.uint8)
