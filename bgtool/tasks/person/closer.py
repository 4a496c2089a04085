"""The network's second look: parts of a photo with small people are seen once more, larger, and finds are weighed.

How much the second look counts stands on the model's card (`second_look`); a model that names nothing looks once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from PIL import Image

from bgtool.imaging.components import components, dilated
from bgtool.imaging.pixels import Box
from bgtool.runtime.session import Model
from bgtool.tasks.person.geometry import bounds
from bgtool.tasks.person.planes import Mask, Plane
from bgtool.tasks.person.shape import without_doubtful
from bgtool.tasks.person.views import predict

HINT = 0.1
"""Alpha of the first look from which on a pixel is looked at again."""

MARGIN = 0.3
"""Around the hints, in longer sides of the box that holds them."""

LEAST = 0.25
"""Side of a part over the longer side of the photo, at least: a smaller one would show little more."""

LARGEST = 0.75
"""The same at most: a larger one would be seen hardly larger than before, and the network's work is saved."""

NEAR = 0.05
"""Hints this near to each other, in longer sides of the photo, are looked at together where not all fit one part."""

MOST_PARTS = 4
"""Groups that are looked at, each by itself."""

FADE = 0.1
"""Sides of a part over which the second look comes in from its border."""


def believed(guide: Image.Image, model: Model) -> Plane:
    """The network's alpha of a photo after as many looks as its card asks for, float32 [h, w], 0..1.

    Args:
        guide: the photo, or a copy of it, RGB.
        model: a person model.
    """
    alpha = predict(guide, model)
    share = np.float32(model.card.second_look)
    if not share:
        return alpha
    for left, top, right, bottom in parts(alpha):
        part = alpha[top:bottom, left:right]
        seen = predict(guide.crop(on_guide((left, top, right, bottom), alpha, guide)), model)
        second = np.asarray(Image.fromarray(seen).resize((right - left, bottom - top), Image.Resampling.BICUBIC))
        part += share * fading((left, top, right, bottom), alpha.shape) * (second.clip(0, 1) - part)
    return without_doubtful(alpha)


def parts(alpha: Plane) -> Iterator[Box]:
    """The parts of a photo to look at again, by the alpha of the first look: groups with the highest sum of it first.

    They end before a group that fills the frame: looking at what lies beside it won nothing on validation photos.
    """
    hints = alpha >= HINT
    if not hints.any():
        return
    whole = widened(bounds(hints), hints)
    if fits(whole, hints):
        yield whole
        return
    groups = components(dilated(hints, math.ceil(NEAR * max(hints.shape) / 2))) * hints
    weights = np.bincount(groups.ravel(), weights=alpha.ravel())
    weights[0] = 0
    for group in np.argsort(-weights)[:MOST_PARTS]:
        if not (weights[group] and fits(box := widened(bounds(groups == group), hints), hints)):
            return
        yield box


def fits(box: Box, hints: Mask) -> bool:
    """Whether a part is small enough to be worth another look."""
    return bool(max(box[2] - box[0], box[3] - box[1]) <= LARGEST * max(hints.shape))


def widened(box: Box, hints: Mask) -> Box:
    """A box with some room around it, moved to end at the frame at most."""
    room = MARGIN * max(box[2] - box[0], box[3] - box[1])
    longest, (height, width) = max(hints.shape), hints.shape
    left, right = span(box[0], box[2], room, LEAST * longest, width)
    top, bottom = span(box[1], box[3], room, LEAST * longest, height)
    return left, top, right, bottom


def span(start: int, end: int, room: float, least: float, limit: int) -> tuple[int, int]:
    """A range of pixels with room on both sides, of a least length, moved into 0..limit."""
    length = min(limit, round(max(end - start + 2 * room, least)))
    first = min(max(0, round((start + end - length) / 2)), limit - length)
    return first, first + length


def on_guide(box: Box, alpha: Plane, guide: Image.Image) -> Box:
    """A part of the alpha in pixels of the guide."""
    across, down = guide.width / alpha.shape[1], guide.height / alpha.shape[0]
    left, top = min(round(box[0] * across), guide.width - 1), min(round(box[1] * down), guide.height - 1)
    return left, top, max(round(box[2] * across), left + 1), max(round(box[3] * down), top + 1)


def fading(box: Box, shape: tuple[int, ...]) -> Plane:
    """How far a second look counts in its part: from 0 at the border, but not at the photo's, to 1, float32 [h, w]."""
    rows, columns = (ramp(box[1], box[3], shape[0]), ramp(box[0], box[2], shape[1]))
    return rows[:, None] * columns[None]


def ramp(start: int, end: int, limit: int) -> Plane:
    """`fading` along one side, float32 [end - start]."""
    steps = (np.arange(end - start, dtype=np.float32) + np.float32(0.5)) / np.float32(max(1.0, FADE * (end - start)))
    up = steps if start > 0 else np.ones_like(steps)
    down = steps[::-1] if end < limit else np.ones_like(steps)
    return np.minimum(np.minimum(up, down), np.float32(1))
