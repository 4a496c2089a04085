"""What is seen behind a person, window by window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True)
class Scenery:
    """A picture of which a part is spread over a frame.

    Attributes:
        image: mode RGB.
        box: left, top, right and bottom of that part in pixels; fractions count.
        size: width and height of the frame in pixels.
    """

    image: Image.Image
    box: tuple[float, float, float, float]
    size: tuple[int, int]

    def window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        """The pixels in columns x0 to x1 and rows y0 to y1 of the frame, ends excluded: uint8 [y1-y0, x1-x0, 3]."""
        left, top, right, bottom = self.box
        x, y = (right - left) / self.size[0], (bottom - top) / self.size[1]
        part = left + x0 * x, top + y0 * y, min(left + x1 * x, right), min(top + y1 * y, bottom)
        return np.asarray(self.image.resize((x1 - x0, y1 - y0), Image.Resampling.BICUBIC, part))
