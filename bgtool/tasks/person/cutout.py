"""From a photo to the person in it, cut out at full size.

The network sees a small copy. A copy some times larger, the guide, tells how alpha and colours behave along the edge
(`bgtool.tasks.person.matting`); the photo itself is then worked window by window, so that beyond the result no array
has its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.imaging.source import Advance, Source
from bgtool.options import TRANSPARENT
from bgtool.runtime.session import Model
from bgtool.tasks.person import matting
from bgtool.tasks.person.backgrounds import BLUR, Background, Scenery
from bgtool.tasks.person.matting import Plane, levels, unit

Array = NDArray[np.uint8]
Box = tuple[int, int, int, int]

DEFAULT_TILE = 256
"""Side of a window in pixels where the user names none; it changes the memory, never the result."""

LEAST_TILE = 64
"""Smaller windows save nothing and take for ever."""

GUIDE_SCALE = 4
"""Longer side of the guide in working sizes."""

SURE = 0.6
"""Alpha that the network gives to at least one pixel of a person; where none has it, there is nobody."""

PERSON = 128
"""Alpha from which on a pixel is called a person's."""

VISIBLE = 13
"""Alpha that a crop keeps: 5 percent."""

BLUR_RADIUS = 0.01
"""Of the longer side; three such means give the blurred background."""

ROWS = 512


class Photo(Source, Protocol):
    """A decoded picture that also says how opaque its parts are."""

    def alpha_window(self, x0: int, y0: int, x1: int, y1: int) -> Array | None:
        """Opacity of the same pixels, uint8 [y1-y0, x1-x0], 255 opaque; None where all are."""


@dataclass(frozen=True)
class Look:
    """How the result is to look: the options of `bgtool cutout` that concern pixels.

    Attributes:
        background: what stands behind the person.
        mask_only: whether alpha alone is wanted.
        crop: whether to keep no more than the box around the person.
    """

    background: Background
    mask_only: bool = False
    crop: bool = False


def cut_out(
    photo: Photo,
    model: Model,
    look: Look,
    tile: int = 0,
    advance: Advance = lambda pixels: None,
    profile: bytes | None = None,
) -> tuple[Array, bool]:
    """Cut the person out of a photo.

    Args:
        photo: the photo.
        model: a person model.
        look: how the result is to look.
        tile: side of the windows in which the photo is worked, `LEAST_TILE` or more; 0 takes `DEFAULT_TILE`.
        advance: called with the number of pixels done after each window; may raise to stop.
        profile: ICC profile of the photo's colours, to which the background is matched.

    Returns:
        uint8 [H, W, 4] (RGBA) on nothing, [H, W, 3] on a background, [H, W] for the mask; and whether anybody was
        found. If not, alpha is 0 everywhere and nothing is cropped.
    """
    scene = Scene.of(photo, model)
    tile = max(tile or DEFAULT_TILE, LEAST_TILE)
    cutout = scene.mask(tile, advance) if look.mask_only else scene.rgba(tile, advance)
    alpha = cutout if look.mask_only else cutout[..., 3]
    found = bool((alpha >= PERSON).any())
    if not found:
        cutout[:] = 0
    box = bounds(alpha >= VISIBLE) if look.crop and found else (0, 0, *photo.size)
    cutout = np.ascontiguousarray(cutout[box[1] : box[3], box[0] : box[2]])
    if look.mask_only or look.background.name == TRANSPARENT:
        return cutout, found
    if look.background.name == BLUR:
        scenery = scene.blurred(box)
    else:
        scenery = look.background.in_profile(profile).behind((box[2] - box[0], box[3] - box[1]))
    return compose(cutout, scenery), found


class Scene:
    """A photo, and what has been made out about it at the size of its guide."""

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
        found = predict(seen, model)
        if found.max() < SURE:
            found = np.zeros_like(found)
        found = matting.without_fog(found)
        alpha = np.asarray(Image.fromarray(found).resize(seen.size, Image.Resampling.BICUBIC))
        guide = straight(np.asarray(seen), opacity)
        visible = np.broadcast_to(np.float32(1), alpha.shape) if opacity is None else unit(opacity)
        return cls(photo, guide, visible, alpha.clip(0, 1), max(seen.size) / max(found.shape))

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


def guide_of(photo: Photo, working_size: int) -> tuple[Image.Image, Array | None]:
    """The guide of a photo, mode RGB, and the guide's opacity (None: opaque)."""
    longest = max(photo.size)
    return shrink(photo, scaled(photo.size, min(longest, GUIDE_SCALE * working_size) / longest))


def predict(guide: Image.Image, model: Model) -> Plane:
    """The network's alpha of a photo: the mean over all views that the model's card asks for.

    Args:
        guide: the photo, or a copy of it, RGB.
        model: a person model.

    Returns:
        float32 [h, w], 0..1, at the size of the largest view.
    """
    card, longest = model.card, max(guide.size)
    sizes = [scaled(guide.size, scale * card.working_size / longest) for scale in sorted(card.scales, reverse=True)]
    views = []
    for size in sizes:
        found = alpha_of(np.asarray(guide.resize(size, Image.Resampling.BICUBIC, reducing_gap=3)), model)
        views.append(np.asarray(Image.fromarray(found).resize(sizes[0], Image.Resampling.BICUBIC)))
    return np.mean(views, axis=0, dtype=np.float32).clip(0, 1)


def alpha_of(picture: Array, model: Model) -> Plane:
    """Alpha of uint8 [h, w, 3], float32 [h, w], 0..1; mirrored too, and the mean taken, where the card asks for it.

    The picture is padded at right and bottom to the stride by its last column and row. One view at a time: two at once
    take as long, and more memory.
    """
    height, width = picture.shape[:2]
    stride = model.card.stride

    def seen(view: Array) -> Plane:
        padded = np.pad(view, ((0, -height % stride), (0, -width % stride), (0, 0)), mode="edge")
        return unit(model.run(padded[None])[0, :height, :width])

    alpha = seen(picture)
    if model.card.mirrored:
        alpha += seen(picture[:, ::-1])[:, ::-1]
        alpha /= 2
    return alpha


def shrink(photo: Photo, size: tuple[int, int]) -> tuple[Image.Image, Array | None]:
    """A photo at a smaller size, mode RGB, and its opacity, uint8 [h, w] (None: opaque).

    Read by strips, each made smaller by a whole number and brought to its width; the height comes last, as where Pillow
    resizes all at once. So the photo is never held whole.
    """
    width, height = photo.size
    factor = max(1, min(width // size[0], height // size[1]) // 2)
    step = factor * max(1, ROWS // factor)
    strips = [(0, top, width, min(top + step, height)) for top in range(0, height, step)]

    def narrowed(piece: Array) -> Array:
        strip = Image.fromarray(piece).reduce(factor)
        part = (0, 0, width / factor, strip.height)
        return np.asarray(strip.resize((size[0], strip.height), Image.Resampling.BICUBIC, part))

    def whole(pieces: Iterable[Array]) -> Image.Image:
        joined = Image.fromarray(np.concatenate([narrowed(piece) for piece in pieces]))
        return joined.resize(size, Image.Resampling.BICUBIC, (0, 0, size[0], height / factor))

    colours = whole(photo.window(*strip) for strip in strips)
    if photo.alpha_window(0, 0, 1, 1) is None:
        return colours, None
    opacity = whole(piece for strip in strips if (piece := photo.alpha_window(*strip)) is not None)
    return colours, np.asarray(opacity)


def scaled(size: tuple[int, int], factor: float) -> tuple[int, int]:
    """A width and height times a factor, at least one pixel each."""
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def windows(size: tuple[int, int], side: int) -> Iterator[Box]:
    """Squares that cover a frame, cut at its right and bottom."""
    width, height = size
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield left, top, min(left + side, width), min(top + side, height)


def straight(on_white: Array, opacity: Array | None) -> Array:
    """Colours as they were before they were laid on white, uint8 [h, w, 3]; white where nothing shows."""
    if opacity is None:
        return on_white
    darkness = unit(255 - on_white) / unit(np.maximum(opacity, 1))[..., None]
    return levels(1 - np.minimum(darkness, 1))


def veiled(alpha: Array, opacity: Array | None) -> Array:
    """Alpha times opacity, uint8 [h, w]."""
    return alpha if opacity is None else ((alpha.astype(np.uint16) * opacity + 127) // 255).astype(np.uint8)


def bounds(shown: NDArray[np.bool_]) -> Box:
    """The smallest box around all that is True, which must be something."""
    rows, columns = (np.flatnonzero(shown.any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def compose(cutout: Array, scenery: Scenery) -> Array:
    """A cut-out, uint8 [H, W, 4], before a scenery of its size: uint8 [H, W, 3]."""
    height, width = cutout.shape[:2]
    result = np.empty((height, width, 3), np.uint8)
    for x0, y0, x1, y1 in windows((width, height), ROWS):
        person, behind = cutout[y0:y1, x0:x1], scenery.window(x0, y0, x1, y1).astype(np.float32)
        share = unit(person[..., 3:])
        result[y0:y1, x0:x1] = np.rint(behind + share * (person[..., :3] - behind))
    return result
