"""A photo, and what was made out about it on a small copy, from which any part of it is cut out at full size."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.imaging.components import dilated
from bgtool.imaging.pixels import Array, Box
from bgtool.imaging.source import Advance
from bgtool.runtime.session import Model
from bgtool.tasks.person import matting, shape
from bgtool.tasks.person.closer import believed
from bgtool.tasks.person.framing import head_of
from bgtool.tasks.person.geometry import Photo, bounds, straight, veiled, windows
from bgtool.tasks.person.planes import Plane, levels, unit
from bgtool.tasks.person.scenery import Scenery
from bgtool.tasks.person.views import Guide, guide_of

SOMEBODY = 0.6
"""Alpha that the network gives to at least one pixel of a person; where none has it, there is nobody."""

VISIBLE = 13
"""Alpha that counts where people are framed: 5 percent."""

NEARBY = 2
"""Pixels of the guide that must agree for alpha to be what they say."""

BLUR_RADIUS = 0.01
"""Of the longer side; three such means give the blurred background."""


class Scene:
    """A photo, and what has been made out about it at the size of its guide.

    Attributes:
        believed: the network's alpha after all its looks, float32 [h, w], 0..1; set by `of`.
    """

    believed: Plane

    def __init__(self, photo: Photo, guide: Array, visible: Plane, found: Plane) -> None:
        """Take a photo, its guide [h, w, 3], the guide's opacity [h, w], and the network's alpha, [h', w'] of any
        size."""
        scale = max(guide.shape) / max(found.shape)
        alpha = np.asarray(Image.fromarray(found).resize(guide.shape[1::-1], Image.Resampling.BICUBIC))
        alpha = matting.settle(alpha.clip(0, 1))
        self._photo, self._guide, self._visible, self._found = photo, guide, visible, found
        self._unsure = dilated(alpha > 0, NEARBY) & dilated(alpha < 1, NEARBY)
        self._sure = Image.fromarray((alpha == 1).astype(np.float32))
        fit = matting.fit_alpha(guide, alpha, scale)
        self._alpha = matting.apply_alpha(fit, guide)
        self._fit = [Image.fromarray(plane) for plane in fit]
        del fit, alpha  # what comes next is what takes most memory
        colours = matting.fit_colours(guide, self._alpha, visible, scale)
        self._person, self._background = (Image.fromarray(colour) for colour in colours)

    @classmethod
    def of(cls, photo: Photo, model: Model, specks: float = shape.SPECK_SHARE, guide: Guide | None = None) -> Scene:
        """Look at a photo with a person model.

        Args:
            photo: in which people stand upright.
            model: a person model.
            specks: the share up to which islands go, 0 keeps all.
            guide: of the photo, if it was made already.
        """
        seen, opacity = guide or guide_of(photo, model.card.working_size)
        alpha = believed(seen, model)
        found = matting.without_fog(alpha if alpha.max() >= SOMEBODY else np.zeros_like(alpha))
        found = shape.without_holes(found)
        found = shape.without_specks(found, specks) if specks else found
        colours = straight(np.asarray(seen), opacity)
        visible = np.broadcast_to(np.float32(1), colours.shape[:2]) if opacity is None else unit(opacity)
        scene = cls(photo, colours, visible, found)
        scene.believed = alpha
        return scene

    def people(self, alpha: Array, moved: int = 0) -> Box:
        """The smallest box around the people whose alpha, uint8 [H, W] of the photo, is given; specks do not count.

        Somebody must be there. Their outline was moved outwards by so many pixels.
        """
        near = dilated(shape.bodies(self._found), 2)
        left, top, right, bottom = self._in_photo(bounds(near)) if near.any() else (0, 0, *self._photo.size)
        left, top = max(left - moved, 0), max(top - moved, 0)
        right, bottom = right + moved, bottom + moved
        shown = alpha[top:bottom, left:right] >= VISIBLE
        if not shown.any():
            return bounds(alpha >= VISIBLE)
        inner = bounds(shown)
        return left + inner[0], top + inner[1], left + inner[2], top + inner[3]

    def head(self) -> Box:
        """The head of the largest person, whom there must be, by the outline; it may reach beyond the photo."""
        return self._in_photo(head_of(shape.largest(self._found)))

    def mask(self, tile: int, advance: Advance) -> Array:
        """Alpha of the whole photo, uint8 [H, W]."""
        width, height = self._photo.size
        result = np.zeros((height, width), np.uint8)
        for (x0, y0, x1, y1), _, _, alpha, opacity in self._people(tile, advance):
            result[y0:y1, x0:x1] = veiled(levels(alpha), opacity)
        return result

    def rgba(self, tile: int, advance: Advance) -> Array:
        """The person in the photo's own colours, uint8 [H, W, 4]; all four are 0 where there is nobody."""
        width, height = self._photo.size
        result = np.zeros((height, width, 4), np.uint8)
        for (x0, y0, x1, y1), doubt, colours, alpha, opacity in self._people(tile, advance):
            if doubt:
                place = within(doubt, (x0, y0))
                around = (self._spread(colour, doubt) for colour in (self._person, self._background))
                colours = colours.copy()
                colours[place] = matting.clean_colours(colours[place], alpha[place], *around)
            lay(colours, veiled(levels(alpha), opacity), result[y0:y1, x0:x1])
        return result

    def dressed(self, alpha: Array, tile: int, advance: Advance) -> Array:
        """The photo's own colours behind another alpha, uint8 [H, W]: uint8 [H, W, 4]."""
        width, height = self._photo.size
        result = np.zeros((height, width, 4), np.uint8)
        for box in windows(self._photo.size, tile):
            x0, y0, x1, y1 = box
            part, own = result[y0:y1, x0:x1], alpha[y0:y1, x0:x1]
            if own.any():
                opacity = self._photo.alpha_window(*box)
                pixels = straight(self._photo.window(*box), opacity)
                around = (self._spread(colour, box) for colour in (self._person, self._background))
                shown = own if opacity is None else np.minimum(own, opacity)
                lay(matting.clean_colours(pixels, unit(own), *around), shown, part)
            advance((x1 - x0) * (y1 - y0))
        return result

    def blurred(self, box: Box) -> Scenery:
        """The photo's background in that part of it, out of focus; the person's colours have no share in it.

        Beyond the photo its border goes on.
        """
        weight = (1 - self._alpha) * self._visible
        radii = [max(1, round(BLUR_RADIUS * max(weight.shape)))] * 3
        total = matting.cover(weight, radii)
        picture = np.empty_like(self._guide)
        for channel in range(3):
            plane = unit(self._guide[..., channel])
            mean = np.float32((weight * plane).sum() / (weight.sum() + matting.LEAST_COVER))
            picture[..., channel] = levels(matting.weighted_mean(plane, weight, total, radii, mean))
        left, top, right, bottom = self._on_guide(box)
        high, wide = weight.shape
        before, above, after, below = (math.ceil(max(0.0, side)) for side in (-left, -top, right - wide, bottom - high))
        picture = np.pad(picture, ((above, below), (before, after), (0, 0)), mode="edge")
        part = left + before, top + above, right + before, bottom + above
        return Scenery(Image.fromarray(picture), part, (box[2] - box[0], box[3] - box[1]))

    def _people(self, tile: int, advance: Advance) -> Iterator[tuple[Box, Box | None, Array, Plane, Array | None]]:
        """The windows in which there may be somebody.

        With the part of each outside which alpha is 0 or 1 without a look at the photo's pixels, its colours, alpha
        (float32 [h, w]) and opacity.
        """
        for box in windows(self._photo.size, tile):
            doubt = self._doubt_in(box)
            alpha = self._spread(self._sure, box, Image.Resampling.NEAREST)
            if doubt or alpha[0, 0]:
                opacity = self._photo.alpha_window(*box)
                pixels = straight(self._photo.window(*box), opacity)
                if doubt:
                    place, alpha = within(doubt, box[:2]), alpha.copy()
                    fit = [self._spread(plane, doubt) for plane in self._fit]
                    alpha[place] = matting.apply_alpha(fit, pixels[place])
                yield box, doubt, pixels, alpha, opacity
            advance((box[2] - box[0]) * (box[3] - box[1]))

    def _doubt_in(self, box: Box) -> Box | None:
        """The part of a window where the guide leaves a doubt about alpha; None where it leaves none."""
        left, top, right, bottom = self._on_guide(box)
        x0, y0 = math.floor(left), math.floor(top)
        unsure = self._unsure[y0 : math.ceil(bottom), x0 : math.ceil(right)]
        if not unsure.any():
            return None
        around = bounds(unsure)
        (width, height), (high, wide) = self._photo.size, self._alpha.shape
        return (
            max(math.floor((x0 + around[0]) * width / wide), box[0]),
            max(math.floor((y0 + around[1]) * height / high), box[1]),
            min(math.ceil((x0 + around[2]) * width / wide), box[2]),
            min(math.ceil((y0 + around[3]) * height / high), box[3]),
        )

    def _on_guide(self, box: Box) -> tuple[float, float, float, float]:
        (width, height), (high, wide) = self._photo.size, self._alpha.shape
        return box[0] * wide / width, box[1] * high / height, box[2] * wide / width, box[3] * high / height

    def _in_photo(self, box: Box) -> Box:
        """A box of the network's alpha in pixels of the photo, rounded outwards."""
        (width, height), (high, wide) = self._photo.size, self._found.shape
        across, down = width / wide, height / high
        return (
            math.floor(box[0] * across),
            math.floor(box[1] * down),
            math.ceil(box[2] * across),
            math.ceil(box[3] * down),
        )

    def _spread(
        self, field: Image.Image, box: Box, method: Image.Resampling = Image.Resampling.BILINEAR
    ) -> NDArray[Any]:
        """A field of the guide in a window of the photo, at the photo's size."""
        size = box[2] - box[0], box[3] - box[1]
        return np.asarray(field.resize(size, method, self._on_guide(box)))


def within(box: Box, corner: Sequence[int]) -> tuple[slice, slice]:
    """Rows and columns of a box in a window with this left and upper corner."""
    left, top = corner
    return slice(box[1] - top, box[3] - top), slice(box[0] - left, box[2] - left)


def lay(colours: Array, alpha: Array, result: Array) -> None:
    """Put colours, uint8 [h, w, 3], and alpha, uint8 [h, w], into a result, uint8 [h, w, 4]; all are 0 where alpha is.

    Channel by channel: rows of thousands of pixels are faster than pixels of three values.
    """
    shown = alpha > 0
    for channel in range(3):
        np.multiply(colours[..., channel], shown, out=result[..., channel])
    result[..., 3] = alpha
