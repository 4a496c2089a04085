"""What a decoded picture owes those who work on it, and what they hand on to those who write it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bgtool.imaging.formats import Pixels

Advance = Callable[[int], None]
"""Is told the number of pixels done since the last call; may raise to stop."""

AnyPixels = NDArray[Any]
"""bool, uint8 or uint16."""


class Source(Protocol):
    """A decoded picture that can be read in parts."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    @property
    def depth(self) -> int:
        """Bits of a sample, 8 or 16."""

    def window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        """RGB from (x0, y0) up to, without, (x1, y1), transparent parts on white: uint8 [y1-y0, x1-x0, 3]."""

    def deep_window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[Any]:
        """The same without a loss of depth: uint16 where `depth` is 16, 65535 white, else uint8."""


def kind_of(pixels: AnyPixels) -> Pixels:
    """The kind of result that an array is. Raises ValueError for a shape or type that is none."""
    if pixels.ndim == 2 and pixels.dtype in (np.bool_, np.uint8):
        return Pixels.BILEVEL if pixels.dtype == np.bool_ else Pixels.GRAY
    if pixels.ndim == 3 and pixels.shape[2] in (3, 4) and pixels.dtype in (np.uint8, np.uint16):
        return Pixels.RGB if pixels.shape[2] == 3 else Pixels.RGBA
    raise ValueError(f"no image: {pixels.dtype} {pixels.shape}")


def whole(rows: Iterable[AnyPixels], height: int) -> AnyPixels:
    """Bands that follow each other, `height` rows together, in one array."""
    bands = iter(rows)
    first = next(bands)
    if len(first) == height:
        return first
    pixels = np.empty((height, *first.shape[1:]), first.dtype)
    pixels[: len(first)], filled = first, len(first)
    for band in bands:
        pixels[filled : filled + len(band)] = band
        filled += len(band)
    return pixels


@dataclass(frozen=True)
class Bands:
    """A result that comes from top to bottom, so that a large one need not be held whole.

    Attributes:
        kind: what it is made of.
        size: width and height in pixels.
        rows: arrays that follow each other downwards, to be gone through once: bool [h, W] with True for white,
            uint8 [h, W] grey, uint8 or uint16 [h, W, 3] RGB or [h, W, 4] RGBA.
        depth: bits of a sample, 8 (also of bilevel rows) or 16.
    """

    kind: Pixels
    size: tuple[int, int]
    rows: Iterable[AnyPixels]
    depth: int = 8

    @classmethod
    def of(cls, pixels: AnyPixels) -> Bands:
        """A picture that is there already."""
        return cls(kind_of(pixels), (pixels.shape[1], pixels.shape[0]), (pixels,), 8 * pixels.itemsize)

    def whole(self) -> AnyPixels:
        """All rows in one array."""
        return whole(self.rows, self.size[1])

    def strips(self, rows: int) -> Iterator[AnyPixels]:
        """The picture in pieces of so many rows, the last one with what is left."""
        rest: AnyPixels | None = None
        for band in self.rows:
            joined = band if rest is None else np.concatenate([rest, band])
            even = len(joined) // rows * rows
            for top in range(0, even, rows):
                yield joined[top : top + rows]
            rest = joined[even:] if even < len(joined) else None
        if rest is not None:
            yield rest
