"""Which way is up in a photo that lies on its side or upside down, and the photo turned that way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.imaging.pixels import Array, Box
from bgtool.runtime.session import Model
from bgtool.tasks.person.geometry import Photo, scaled
from bgtool.tasks.person.views import padded

SIDE = 160
"""Longer side in pixels at which the network looks for it."""

SURE = 5.0
"""Nats by which another way up must seem likelier than that of the file: where it is wrong, a photo that stood upright
is cut out badly. Of 196 validation photos of people one is taken for lying, and 89 % of those that lie are put right;
by three nats, four and 94 %."""

UPRIGHT = 6.0
"""Score from which on a photo stands upright, and the other ways up are not looked at: most upright photos have it, and
1 % of those that lie."""

LYING = {
    1: "it lies on its side, its top to the right",
    2: "it is upside down",
    3: "it lies on its side, its top to the left",
}
"""Of a photo that so many quarter turns to the left put upright."""


def quarter_turns(photo: Image.Image, model: Model) -> int:
    """How many quarter turns to the left put a photo upright; 0 where that is not sure, or the model cannot tell.

    Args:
        photo: it, or a copy of it, RGB.
        model: a person model.
    """
    if not model.tells_upright:
        return 0
    views = ways_up(photo, model.card.stride)
    scores = [float(model.upright(views[0][None])[0])]
    if scores[0] >= UPRIGHT:
        return 0
    scores += [float(model.upright(view[None])[0]) for view in views[1:]]
    best = int(np.argmax(scores))
    return best if scores[best] - scores[0] > SURE else 0


def ways_up(photo: Image.Image, stride: int) -> list[Array]:
    """A photo made small, turned by 0 to 3 quarters to the left, as the network is shown it: uint8 [h, w, 3] each."""
    size = scaled(photo.size, SIDE / max(photo.size))
    small = np.asarray(photo.resize(size, Image.Resampling.BICUBIC, reducing_gap=3))
    return [padded(np.rot90(small, turns), stride) for turns in range(4)]


@dataclass(frozen=True)
class Turned:
    """A photo turned by quarters.

    Attributes:
        photo: as it lies.
        turns: quarters to the left.
    """

    photo: Photo
    turns: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, turned."""
        width, height = self.photo.size
        return (height, width) if self.turns % 2 else (width, height)

    @property
    def depth(self) -> int:
        """Bits of a sample."""
        return self.photo.depth

    def window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        """As of the photo, in pixels of the turned one."""
        return turned(self.photo.window(*self._lying((x0, y0, x1, y1))), self.turns)

    def deep_window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[Any]:
        """As of the photo, in pixels of the turned one."""
        return turned(self.photo.deep_window(*self._lying((x0, y0, x1, y1))), self.turns)

    def alpha_window(self, x0: int, y0: int, x1: int, y1: int) -> Array | None:
        """As of the photo, in pixels of the turned one."""
        opacity = self.photo.alpha_window(*self._lying((x0, y0, x1, y1)))
        return None if opacity is None else turned(opacity, self.turns)

    def _lying(self, box: Box) -> Box:
        """Where pixels of the turned photo are on the photo as it lies."""
        x0, y0, x1, y1 = box
        width, height = self.photo.size
        match self.turns % 4:
            case 1:
                return width - y1, x0, width - y0, x1
            case 2:
                return width - x1, height - y1, width - x0, height - y0
            case 3:
                return y0, height - x1, y1, height - x0
        return box


def turned(picture: NDArray[Any], turns: int) -> NDArray[Any]:
    """A picture, [H, W] or [H, W, C], turned by quarters to the left."""
    return np.ascontiguousarray(np.rot90(picture, turns))
