"""A scan as the network is to see it: enlarged, with more contrast, or with dark and light changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from bgtool.imaging.source import Source

REACH = 4
"""Pixels of the scan around a part that its enlargement depends on, and some."""

BESIDE = 3
"""Pixels of the scan on each side of one with which it is compared when a page is sharpened, twice in turn."""


@dataclass(frozen=True)
class Inverted:
    """A scan whose dark is light: a page that is light on dark becomes dark on light. As a `Source`."""

    source: Source

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.source.size

    @property
    def depth(self) -> int:
        """Bits of a sample, 8 or 16."""
        return self.source.depth

    def window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        """RGB of a part, uint8 [y1-y0, x1-x0, 3]."""
        return 255 - self.source.window(x0, y0, x1, y1)

    def deep_window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[Any]:
        """The same without a loss of depth."""
        return ~self.source.deep_window(x0, y0, x1, y1)  # of unsigned numbers: the highest less the number


@dataclass(frozen=True)
class Darkened:
    """A pale scan, every level `gain` times as far below `white`; what is lighter is white. As a `Source` of 8 bits."""

    source: Source
    gain: float
    white: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.source.size

    @property
    def depth(self) -> int:
        """Bits of a sample: 8."""
        return 8

    @cached_property
    def _levels(self) -> NDArray[np.uint8]:
        below = np.maximum(self.white - np.arange(256), 0)
        return np.asarray((255 - self.gain * below).round().clip(0, 255), np.uint8)

    def window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        """RGB of a part, uint8 [y1-y0, x1-x0, 3]."""
        return self._levels[self.source.window(x0, y0, x1, y1)]

    deep_window = window


@dataclass(frozen=True)
class Enlarged:
    """A scan of `factor` times the size, by bicubic interpolation; any part of it is as it would be of the whole."""

    source: Source
    factor: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels of the enlargement."""
        width, height = self.source.size
        return width * self.factor, height * self.factor

    @property
    def depth(self) -> int:
        """Bits of a sample: 8."""
        return 8

    def window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        """RGB of a part of the enlargement, uint8 [y1-y0, x1-x0, 3]."""
        factor, (width, height) = self.factor, self.source.size
        left, top = max(x0 // factor - REACH, 0), max(y0 // factor - REACH, 0)
        right, bottom = min(-(-x1 // factor) + REACH, width), min(-(-y1 // factor) + REACH, height)
        large = enlarged(self.source.window(left, top, right, bottom), factor)
        return large[y0 - top * factor : y1 - top * factor, x0 - left * factor : x1 - left * factor]

    deep_window = window


def enlarged(picture: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """A picture `factor` times as large, uint8 [h, w] or [h, w, 3]: bicubic, so less than `REACH` pixels count."""
    image = Image.fromarray(picture)
    return np.asarray(image.resize((image.width * factor, image.height * factor), Image.Resampling.BICUBIC))


def reduced(page: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """A grey page of one `factor`-th of the size: uint8 [h, w], means of squares; sides are multiples of `factor`."""
    return page if factor == 1 else np.asarray(Image.fromarray(page).reduce(factor))


def sharpened(page: NDArray[np.uint8], strength: float, times: int = 1) -> NDArray[np.uint8]:
    """A grey page whose pixels differ more from their surroundings, so that a threshold keeps pale and thin strokes.

    Unsharp masking. What is black or white stays so. A part is as in the whole from 2 · `BESIDE` pixels of the scan
    within its borders on.

    Args:
        page: uint8 [h, w].
        strength: how many times the difference from the mean around is added.
        times: how many times as large as the scan the page is.
    """
    image, box = Image.fromarray(page), ImageFilter.BoxBlur(BESIDE * times)
    return np.asarray(Image.blend(image.filter(box).filter(box), image, 1 + strength))
