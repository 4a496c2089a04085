"""From a photo to the person in it, cut out at full size.

The network sees a small copy. A copy some times larger, the guide, tells how alpha and colours behave along the edge
(`bgtool.tasks.person.matting`); the photo itself is then worked window by window, so that beyond the result no array
has its size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bgtool.imaging.pixels import Array
from bgtool.imaging.source import Advance
from bgtool.options import TRANSPARENT
from bgtool.runtime.session import Model
from bgtool.tasks.confidence import Confidence, of_photo
from bgtool.tasks.person.backgrounds import BLUR, Background, Scenery
from bgtool.tasks.person.geometry import ROWS, Photo, bounds, windows
from bgtool.tasks.person.matting import unit
from bgtool.tasks.person.scene import Scene

DEFAULT_TILE = 256
"""Side of a window in pixels where the user names none; it changes the memory, never the result."""

LEAST_TILE = 64
"""Smaller windows save nothing and take for ever."""

PERSON = 128
"""Alpha from which on a pixel is called a person's."""

VISIBLE = 13
"""Alpha that a crop keeps: 5 percent."""


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
    tell: Callable[[Confidence], None] = lambda confidence: None,
) -> tuple[Array, bool]:
    """Cut the person out of a photo.

    Args:
        photo: the photo.
        model: a person model.
        look: how the result is to look.
        tile: side of the windows in which the photo is worked, `LEAST_TILE` or more; 0 takes `DEFAULT_TILE`.
        advance: called with the number of pixels done after each window; may raise to stop.
        profile: ICC profile of the photo's colours, to which the background is matched.
        tell: is told how sure the result is.

    Returns:
        uint8 [H, W, 4] (RGBA) on nothing, [H, W, 3] on a background, [H, W] for the mask; and whether anybody was
        found. If not, alpha is 0 everywhere and nothing is cropped.
    """
    scene = Scene.of(photo, model)
    tile = max(tile or DEFAULT_TILE, LEAST_TILE)
    cutout = scene.mask(tile, advance) if look.mask_only else scene.rgba(tile, advance)
    alpha = cutout if look.mask_only else cutout[..., 3]
    found = bool((alpha >= PERSON).any())
    tell(of_photo(scene.believed, found=found))
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


def compose(cutout: Array, scenery: Scenery) -> Array:
    """A cut-out, uint8 [H, W, 4], before a scenery of its size: uint8 [H, W, 3]."""
    height, width = cutout.shape[:2]
    result = np.empty((height, width, 3), np.uint8)
    for x0, y0, x1, y1 in windows((width, height), ROWS):
        person, behind = cutout[y0:y1, x0:x1], scenery.window(x0, y0, x1, y1).astype(np.float32)
        share = unit(person[..., 3:])
        result[y0:y1, x0:x1] = np.rint(behind + share * (person[..., :3] - behind))
    return result
