"""Windows of a page, cut at random places, scales and angles."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as tv

from training.transforms.chances import chance, integer, log_uniform, uniform


class RandomWindow:
    """A square window at a random place, scale and small angle, the same for all pictures given.

    Args:
        size: side of the window that comes out, in pixels.
        scales: range of the magnification, drawn log-uniformly.
        degrees: largest rotation to either side.
        native: probability that the window is cut as it is, neither scaled nor turned.
    """

    def __init__(self, size: int, scales: tuple[float, float], degrees: float, native: float = 0.0) -> None:
        self.size = size
        self.scales = scales
        self.degrees = degrees
        self.native = native
        radians = math.radians(degrees)
        self.margin = math.cos(radians) + math.sin(radians)

    def scale(self) -> float:
        """A magnification, as `__call__` draws it; 1.0 is cut as it is."""
        return 1.0 if chance(self.native) else log_uniform(*self.scales)

    def __call__(self, *pictures: Tensor, scale: float | None = None) -> tuple[Tensor, ...]:
        """From uint8 [C, H, W] tensors of one height and width to uint8 [C, size, size], at a random scale if none
        is given."""
        scale = self.scale() if scale is None else scale
        rotate = self.degrees > 0 and scale != 1 and chance(0.5)
        outer = math.ceil(self.size * self.margin) if rotate else self.size
        side = max(8, round(outer / scale))
        height, width = pictures[0].shape[-2:]
        top, left = integer(max(1, height - side + 1)), integer(max(1, width - side + 1))
        angle = uniform(-self.degrees, self.degrees)
        results = []
        for picture in pictures:
            patch = picture[..., top : top + side, left : left + side]
            patch = repeat_to(patch, side)
            patch = tv.resize(patch, [outer, outer], antialias=True) if side != outer else patch
            if rotate:
                patch = tv.rotate(patch, angle, interpolation=v2.InterpolationMode.BILINEAR)
                patch = tv.center_crop(patch, [self.size, self.size])
            results.append(patch)
        return tuple(results)


def repeat_to(patch: Tensor, side: int) -> Tensor:
    """A [C, h, w] patch, repeated to the right and below until it is at least side × side.

    Its mirror image would show mirrored writing as ink.
    """
    height, width = patch.shape[-2:]
    return patch[..., torch.arange(max(height, side))[:, None] % height, torch.arange(max(width, side)) % width]
