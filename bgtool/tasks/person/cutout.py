"""From a photo to the person in it, cut out at full size.

The network sees a small copy. A copy some times larger, the guide, tells how alpha and colours behave along the edge
(`bgtool.tasks.person.matting`); the photo itself is then worked window by window, so that beyond the result no array
has its size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from PIL import Image

from bgtool.imaging.pixels import Array, Box
from bgtool.imaging.source import Advance
from bgtool.options import TRANSPARENT
from bgtool.runtime.session import Model
from bgtool.tasks.assessment import of_photo
from bgtool.tasks.confidence import Confidence
from bgtool.tasks.person.backgrounds import BLUR, Background
from bgtool.tasks.person.crop import Crop
from bgtool.tasks.person.framing import cut, frame, printed
from bgtool.tasks.person.geometry import ROWS, Photo, straight, windows
from bgtool.tasks.person.planes import unit
from bgtool.tasks.person.scene import Scene
from bgtool.tasks.person.scenery import Scenery
from bgtool.tasks.person.shape import FLOATING_SHARE, SPECK_SHARE, moved
from bgtool.tasks.person.upright import LYING, Turned, quarter_turns, turned
from bgtool.tasks.person.views import Guide, guide_of

DEFAULT_TILE = 256
"""Side of a window in pixels where the user names none; it changes the memory, never the result."""

LEAST_TILE = 64
"""Smaller windows save nothing and take for ever."""

PERSON = 128
"""Alpha from which on a pixel is called a person's."""

ENLARGED = 1.5
"""Times that a picture of a fixed size may enlarge the photo without a word."""


@dataclass(frozen=True)
class Look:
    """How the result is to look: the options of `bgtool cutout` that concern pixels.

    Attributes:
        background: what stands behind the person.
        mask_only: whether alpha alone is wanted.
        crop: what to show of the photo; None: all of it.
        keep_specks: whether small islands far from any larger one stay; not before a blurred background.
        edge: pixels by which the outline is moved, outwards or (below 0) inwards.
    """

    background: Background
    mask_only: bool = False
    crop: Crop | None = None
    keep_specks: bool = False
    edge: int = 0

    @property
    def specks(self) -> float:
        """Share of the largest island up to which others may go; 0: all stay."""
        if self.background.name == BLUR:
            return FLOATING_SHARE
        return 0.0 if self.keep_specks else SPECK_SHARE


class Cutout(NamedTuple):
    """What came of a photo.

    Attributes:
        pixels: uint8 [H, W, 4] (RGBA) on nothing, [H, W, 3] on a background, [H, W] for the mask.
        found: whether anybody was found. If not, alpha is 0 everywhere and nothing is cropped.
        confidence: how sure that is.
        warnings: a sentence each.
    """

    pixels: Array
    found: bool
    confidence: Confidence
    warnings: tuple[str, ...] = ()


def cut_out(
    photo: Photo,
    model: Model,
    look: Look,
    tile: int = 0,
    advance: Advance = lambda pixels: None,
    profile: bytes | None = None,
) -> Cutout:
    """Cut the person out of a photo.

    A photo that lies on its side or upside down is cut out as if it stood upright, and the result lies as it does; but
    a picture of a fixed size stands upright.

    Args:
        photo: the photo.
        model: a person model.
        look: how the result is to look.
        tile: side of the windows in which the photo is worked, `LEAST_TILE` or more; 0 takes `DEFAULT_TILE`.
        advance: called with the number of pixels done after each window; may raise to stop.
        profile: ICC profile of the photo's colours, to which the background is matched.
    """
    guide = guide_of(photo, model.card.working_size)
    turns = quarter_turns(guide[0], model)
    if not turns:
        return _cut_out(photo, guide, model, look, tile, advance, profile)
    if look.crop and look.crop.aspect and turns % 2:
        look = replace(look, crop=replace(look.crop, aspect=1 / look.crop.aspect))
    found = _cut_out(Turned(photo, turns), _turned(guide, turns), model, look, tile, advance, profile)
    pixels = found.pixels if found.found and look.crop and look.crop.print else turned(found.pixels, -turns)
    return found._replace(pixels=pixels, warnings=(*found.warnings, *([LYING[turns]] if found.found else [])))


def _turned(guide: Guide, turns: int) -> Guide:
    colours, opacity = guide
    return Image.fromarray(turned(np.asarray(colours), turns)), None if opacity is None else turned(opacity, turns)


def _cut_out(
    photo: Photo, guide: Guide, model: Model, look: Look, tile: int, advance: Advance, profile: bytes | None
) -> Cutout:
    """`cut_out` of a photo that stands upright."""
    scene = Scene.of(photo, model, look.specks, guide)
    cutout = _shown(scene, look, max(tile or DEFAULT_TILE, LEAST_TILE), advance)
    alpha = cutout if look.mask_only else cutout[..., 3]
    found = bool((alpha >= PERSON).any())
    confidence = of_photo(scene.believed, found=found)
    if not found:
        cutout[:] = 0
    crop = look.crop if found else None
    box = frame(scene.people(alpha, max(look.edge, 0)), scene.head(), crop, photo.size) if crop else (0, 0, *photo.size)
    cutout = cut(cutout, box)
    if not look.mask_only and look.background.name != TRANSPARENT:
        if look.background.name == BLUR:
            scenery = scene.blurred(box)
        else:
            scenery = look.background.in_profile(profile).behind((box[2] - box[0], box[3] - box[1]))
        cutout = compose(cutout, scenery)
    if not (crop and crop.print):
        return Cutout(cutout, found, confidence)
    warnings = _of_print(box, crop.print.size, photo.size)
    return Cutout(printed(cutout, crop.print.size), found, confidence, warnings)


def copied(photo: Photo, transparent: bool) -> Array:
    """A photo as it is: uint8 [H, W, 4] with its opacity, or [H, W, 3]."""
    whole = (0, 0, *photo.size)
    opacity, pixels = photo.alpha_window(*whole), photo.window(*whole)
    if not transparent:
        return pixels
    if opacity is None:
        opacity = np.full(pixels.shape[:2], 255, np.uint8)
    return np.dstack([straight(pixels, opacity), opacity])


def _shown(scene: Scene, look: Look, tile: int, advance: Advance) -> Array:
    """The mask, or the person in the photo's colours, of the whole photo."""
    if not look.edge:
        return scene.mask(tile, advance) if look.mask_only else scene.rgba(tile, advance)
    alpha = moved(scene.mask(tile, advance if look.mask_only else lambda pixels: None), look.edge)
    return alpha if look.mask_only else scene.dressed(alpha, tile, advance)


def _of_print(box: Box, size: tuple[int, int], photo: tuple[int, int]) -> tuple[str, ...]:
    """What to say of a picture of a fixed size that shows this part of a photo."""
    warnings = []
    if (factor := size[0] / (box[2] - box[0])) > ENLARGED:
        warnings.append(f"the head is small: it was enlarged {factor:.1f} times")
    if box[3] > photo[1]:
        warnings.append("the photo ends above the lower edge of the picture, which is empty there")
    return tuple(warnings)


def compose(cutout: Array, scenery: Scenery) -> Array:
    """A cut-out, uint8 [H, W, 4], before a scenery of its size: uint8 [H, W, 3]."""
    height, width = cutout.shape[:2]
    result = np.empty((height, width, 3), np.uint8)
    for x0, y0, x1, y1 in windows((width, height), ROWS):
        person, behind = cutout[y0:y1, x0:x1], scenery.window(x0, y0, x1, y1).astype(np.float32)
        share = unit(person[..., 3:])
        result[y0:y1, x0:x1] = np.rint(behind + share * (person[..., :3] - behind))
    return result
