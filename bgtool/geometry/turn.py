"""A straight page as a source: each part is made of the scan around it, by one bicubic interpolation.

Any part is as it would be of the whole, so tiles stay exact, and no more is held than what one part needs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.geometry.placement import Box, Placement
from bgtool.geometry.small import COARSER, Small
from bgtool.imaging.source import Source

REACH = 3
"""Pixels of the scan around a place that its interpolation depends on, and one more."""

Affine = tuple[float, float, float, float, float, float]
"""As `Placement.affine` gives it."""


@dataclass(frozen=True)
class Straight:
    """A part of a scan, turned. As a `Source`.

    Attributes:
        source: the scan.
        placement: where the page lies on it.
        small: the scan made small: beyond the scan its edge goes on, without what is written there.
    """

    source: Source
    placement: Placement
    small: Small

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.placement.size

    @property
    def depth(self) -> int:
        """Bits of a sample, 8 or 16."""
        return self.source.depth

    def window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        """RGB of a part, uint8 [y1-y0, x1-x0, 3]."""
        return np.asarray(self._made((x0, y0, x1, y1), deep=False), np.uint8)

    def deep_window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[Any]:
        """The same without a loss of depth."""
        return self._made((x0, y0, x1, y1), deep=self.depth == 16)

    def _made(self, box: Box, deep: bool) -> NDArray[Any]:
        read = self.source.deep_window if deep else self.source.window
        left, top = self.placement.box[:2]
        if not self.placement.degrees:  # nothing is turned: the very pixels
            return read(left + box[0], top + box[1], left + box[2], top + box[3])
        size = box[2] - box[0], box[3] - box[1]
        affine = shifted(self.placement.affine(), box[0], box[1])
        around = reached(affine, size, self.source.size)
        if around is None:
            return self._beyond(affine, size, deep)
        pixels = turned(read(*around), moved(affine, around[0], around[1]), size)
        outside = beyond(affine, size, self.source.size)
        if outside.any():
            pixels[outside] = self._beyond(affine, size, deep)[outside]
        return pixels

    def _beyond(self, affine: Affine, size: tuple[int, int], deep: bool) -> NDArray[Any]:
        """What is shown beyond the scan: its calmed edge, going on."""
        u, v = places(affine, size)
        calm, factor = self.small.calm, self.small.factor * COARSER
        columns = np.clip(u / factor, 0, calm.shape[1] - 1).astype(np.intp)
        rows = np.clip(v / factor, 0, calm.shape[0] - 1).astype(np.intp)
        colours = calm[rows, columns]
        return colours.astype(np.uint16) * 257 if deep else colours


def shifted(affine: Affine, x: int, y: int) -> Affine:
    """The same for pixels that are counted from (x, y) of the result on."""
    a, b, c, d, e, f = affine
    return a, b, a * x + b * y + c, d, e, d * x + e * y + f


def moved(affine: Affine, x: int, y: int) -> Affine:
    """The same for a scan of which only what begins at (x, y) is there."""
    a, b, c, d, e, f = affine
    return a, b, c - x, d, e, f - y


def places(affine: Affine, size: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Across and down on the scan, [h, w] each, of the middles of a part's pixels."""
    a, b, c, d, e, f = affine
    x, y = np.arange(size[0])[None] + 0.5, np.arange(size[1])[:, None] + 0.5
    return np.asarray(a * x + b * y + c), np.asarray(d * x + e * y + f)


def beyond(affine: Affine, size: tuple[int, int], scan: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels of a part do not lie on the scan."""
    u, v = places(affine, size)
    return np.asarray((u < 0) | (v < 0) | (u >= scan[0]) | (v >= scan[1]))


def reached(affine: Affine, size: tuple[int, int], scan: tuple[int, int]) -> Box | None:
    """The part of the scan that a part of the result is made of; None where that lies beyond it."""
    a, b, c, d, e, f = affine
    corners = ((0, 0), (size[0], 0), (0, size[1]), size)
    u = [a * x + b * y + c for x, y in corners]
    v = [d * x + e * y + f for x, y in corners]
    left, top = max(math.floor(min(u)) - REACH, 0), max(math.floor(min(v)) - REACH, 0)
    right, bottom = min(math.ceil(max(u)) + REACH, scan[0]), min(math.ceil(max(v)) + REACH, scan[1])
    return (left, top, right, bottom) if left < right and top < bottom else None


def turned(pixels: NDArray[Any], affine: Affine, size: tuple[int, int]) -> NDArray[Any]:
    """A part of a result, [h, w, 3] of the scan's own depth, from uint8 or uint16 [H, W, 3] of the scan."""
    if pixels.dtype == np.uint8:
        image = Image.fromarray(np.ascontiguousarray(pixels))
        made = image.transform(size, Image.Transform.AFFINE, affine, Image.Resampling.BICUBIC)
        return np.array(made)
    channels = [
        Image.fromarray(pixels[..., channel].astype(np.float32)).transform(
            size, Image.Transform.AFFINE, affine, Image.Resampling.BICUBIC
        )
        for channel in range(3)
    ]
    return np.stack([np.asarray(one).round().clip(0, 65535).astype(np.uint16) for one in channels], axis=-1)
