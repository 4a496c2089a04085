"""A photo, and what was made out about it on a small copy, from which any part of it is cut out at full size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.imaging.pixels import Array, Box
from bgtool.imaging.source import Advance
from bgtool.runtime.session import Model
from bgtool.tasks.person import matting
from bgtool.tasks.person.backgrounds import Scenery
from bgtool.tasks.person.geometry import Photo, straight, veiled, windows
from bgtool.tasks.person.matting import Plane, levels, unit
from bgtool.tasks.person.views import guide_of, predict

SOMEBODY = 0.6
"""Alpha that the network gives to at least one pixel of a person; where none has it, there is nobody."""

BLUR_RADIUS = 0.01
"""Of the longer side; three such means give the blurred background."""


class Scene:
    """A photo, and what has been made out about it at the size of its guide.

    Attributes:
        believed: the network's alpha, float32 [h, w], 0..1; set by `of`.
    """

    believed: Plane

    def __init__(self, photo: Photo, guide: Array, visible: Plane, alpha: Plane, scale: float) -> None:
        """Take a photo, guide [h, w, 3], its opacity [h, w], the network's alpha at that size, which was `scale` times
        smaller."""
        alpha = matting.settle(alpha)
        self._photo, self._guide, self._visible = photo, guide, visible
        self._settled = np.where((alpha > 0) & (alpha < 1), np.float32(0.5), alpha)
        fit = matting.fit_alpha(guide, alpha, scale)
        self._alpha = matting.apply_alpha(fit, guide)
        self._fit = [Image.fromarray(plane) for plane in fit]
        del fit, alpha  # what comes next is what takes most memory
        colours = matting.fit_colours(guide, self._alpha, visible, scale)
        self._person, self._background = (Image.fromarray(colour) for colour in colours)

    @classmethod
    def of(cls, photo: Photo, model: Model) -> Scene:
        """Look at a photo with a person model."""
        seen, opacity = guide_of(photo, model.card.working_size)
        believed = predict(seen, model)
        found = matting.without_fog(believed if believed.max() >= SOMEBODY else np.zeros_like(believed))
        alpha = np.asarray(Image.fromarray(found).resize(seen.size, Image.Resampling.BICUBIC))
        guide = straight(np.asarray(seen), opacity)
        visible = np.broadcast_to(np.float32(1), alpha.shape) if opacity is None else unit(opacity)
        scene = cls(photo, guide, visible, alpha.clip(0, 1), max(seen.size) / max(believed.shape))
        scene.believed = believed
        return scene

    def mask(self, tile: int, advance: Advance) -> Array:
        """Alpha of the whole photo, uint8 [H, W]."""
        width, height = self._photo.size
        result = np.zeros((height, width), np.uint8)
        for (x0, y0, x1, y1), _, alpha, opacity in self._people(tile, advance):
            result[y0:y1, x0:x1] = veiled(levels(alpha), opacity)
        return result

    def rgba(self, tile: int, advance: Advance) -> Array:
        """The person in the photo's own colours, uint8 [H, W, 4]; all four are 0 where there is nobody."""
        width, height = self._photo.size
        result = np.zeros((height, width, 4), np.uint8)
        for box, pixels, alpha, opacity in self._people(tile, advance):
            x0, y0, x1, y1 = box
            part = result[y0:y1, x0:x1]
            part[..., 3] = veiled(levels(alpha), opacity)
            part[..., :3] = self._colours_of(box, pixels, alpha) * (part[..., 3:] > 0)
        return result

    def blurred(self, box: Box) -> Scenery:
        """The photo's background in that part of it, out of focus; the person's colours have no share in it."""
        weight = (1 - self._alpha) * self._visible
        radii = [max(1, round(BLUR_RADIUS * max(weight.shape)))] * 3
        total = matting.cover(weight, radii)
        picture = np.empty_like(self._guide)
        for channel in range(3):
            plane = unit(self._guide[..., channel])
            mean = np.float32((weight * plane).sum() / (weight.sum() + matting.LEAST_COVER))
            picture[..., channel] = levels(matting.weighted_mean(plane, weight, total, radii, mean))
        return Scenery(Image.fromarray(picture), self._on_guide(box), (box[2] - box[0], box[3] - box[1]))

    def _people(self, tile: int, advance: Advance) -> Iterator[tuple[Box, Array, Plane, Array | None]]:
        """The windows in which there may be somebody, with their colours, alpha (float32 [h, w]) and opacity."""
        for box in windows(self._photo.size, tile):
            settled = self._settled_at(box)
            if settled != 0:
                opacity = self._photo.alpha_window(*box)
                pixels = straight(self._photo.window(*box), opacity)
                alpha = np.ones(pixels.shape[:2], np.float32) if settled else self._alpha_of(box, pixels)
                yield box, pixels, alpha, opacity
            advance((box[2] - box[0]) * (box[3] - box[1]))

    def _alpha_of(self, box: Box, pixels: Array) -> Plane:
        fit = np.stack([self._spread(plane, box) for plane in self._fit])
        return matting.apply_alpha(fit, pixels)

    def _colours_of(self, box: Box, pixels: Array, alpha: Plane) -> Array:
        """The person's own colours in a window, uint8 [h, w, 3]."""
        if self._settled_at(box) == 1:
            return pixels
        around = (self._spread(colour, box) for colour in (self._person, self._background))
        return matting.clean_colours(pixels, alpha, *around)

    def _settled_at(self, box: Box) -> float | None:
        """0 or 1 where that is the alpha of a whole window, without a look at its pixels; else None."""
        left, top, right, bottom = (round(side) for side in self._on_guide(box))
        around = self._settled[max(top - 2, 0) : bottom + 2, max(left - 2, 0) : right + 2]
        lowest, highest = around.min(), around.max()
        return float(lowest) if lowest == highest != 0.5 else None

    def _on_guide(self, box: Box) -> tuple[float, float, float, float]:
        (width, height), (high, wide) = self._photo.size, self._alpha.shape
        return box[0] * wide / width, box[1] * high / height, box[2] * wide / width, box[3] * high / height

    def _spread(self, field: Image.Image, box: Box) -> NDArray[Any]:
        """A field of the guide in a window of the photo, at the photo's size."""
        size = box[2] - box[0], box[3] - box[1]
        return np.asarray(field.resize(size, Image.Resampling.BILINEAR, self._on_guide(box)))
