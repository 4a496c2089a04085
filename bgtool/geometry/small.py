"""A scan made small: all that is measured on it is measured there, so that a page of any size costs the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from bgtool.imaging.source import Source

Grey = NDArray[np.uint8]
Colours = NDArray[np.uint8]

LONGEST = 1800
"""Pixels of the longer side of what is measured, at most: lines of 8-point type are some 25 apart on A4 then."""

STRIP = 512
"""Rows of a scan that are read at once, about."""

THICKEST = 15
"""Pixels across the thickest stroke that counts as ink where a page is measured; odd."""

COARSER, CALM = 2, 5
"""How many times smaller a picture without writing is, and the side of the median that takes the writing off."""


@dataclass(frozen=True)
class Small:
    """A scan of one `factor`-th of the size.

    Attributes:
        colours: uint8 [h, w, 3], RGB, means of squares.
        factor: side of those squares in pixels of the scan.
    """

    colours: Colours
    factor: int

    @property
    def grey(self) -> Grey:
        """The same in grey, uint8 [h, w]."""
        return grey_of(self.colours)

    @cached_property
    def calm(self) -> Colours:
        """The same of a `COARSER`-th of the size, without what is written: uint8 [h, w, 3]."""
        return calmed(self.colours)


def grey_of(colours: Colours) -> Grey:
    """A picture in grey: of uint8 [h, w, 3], uint8 [h, w]."""
    return np.asarray(Image.fromarray(colours).convert("L"))


def made_small(source: Source) -> Small:
    """Read a scan once, from top to bottom, and make it small."""
    width, height = source.size
    factor = -(-max(width, height) // LONGEST)
    rows = max(STRIP // factor, 1) * factor
    strips = [
        np.asarray(Image.fromarray(source.window(0, top, width, min(top + rows, height))).reduce(factor))
        for top in range(0, height, rows)
    ]
    return Small(np.concatenate(strips), factor)


def strokes(grey: Grey) -> NDArray[np.float32]:
    """How much darker than its surroundings each pixel is, where it is thin: float32 [h, w], 0 to 255.

    A closing fills in what is thinner than `THICKEST`: what it changes is writing and lines, and neither beds nor
    stains nor solid areas.
    """
    closed = spread(spread(grey, np.maximum), np.minimum)
    return closed.astype(np.float32) - grey


def spread(grey: Grey, choose: np.ufunc) -> Grey:
    """The largest or smallest of the square of side `THICKEST` around each pixel."""
    half = THICKEST // 2
    for _ in range(2):
        grey = np.pad(grey, ((half, half), (0, 0)), mode="edge")
        span = 1
        while span < THICKEST:
            step = min(span, THICKEST - span)
            grey, span = choose(grey[:-step], grey[step:]), span + step
        grey = np.ascontiguousarray(grey.T)
    return grey


def calmed(colours: Colours) -> Colours:
    """A picture of a `COARSER`-th of the size, without what is written: uint8 [h, w, 3]."""
    return np.asarray(Image.fromarray(colours).reduce(COARSER).filter(ImageFilter.MedianFilter(CALM)))


def inked(grey: Grey) -> NDArray[np.bool_]:
    """Where writing and lines are, as far as a threshold can tell: bool [h, w]."""
    depth = strokes(grey)
    marked = depth[depth > FAINTEST]
    if not marked.size:
        return np.zeros(grey.shape, np.bool_)
    return depth > max(FAINTEST, 0.4 * float(np.percentile(marked, 90)))


FAINTEST = 18.0
"""Grey levels by which ink is darker than its paper at least."""
