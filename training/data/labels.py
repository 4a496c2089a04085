"""Masks of photos in which boxes tell where people are: a network sees the whole photo, and each box by itself."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bgtool.imaging.pixels import Box
from bgtool.runtime.session import Model
from bgtool.tasks.person.closer import fits, widened
from bgtool.tasks.person.geometry import scaled
from bgtool.tasks.person.planes import Mask, Plane
from bgtool.tasks.person.views import alpha_of, predict
from training.data.pairs import Pair
from training.data.pictures import read_gray

Boxes = Sequence[tuple[float, float, float, float]]
"""Left, top, right and bottom of each person, in 0..1 of the photo's width and height."""

SURE = 0.7
"""Alpha from which on a pixel is a person's; one of at most 1 - SURE is nobody's, and what lies between is in doubt."""

LEAST_FILLED = 0.2
"""Share of a box that a person fills at least."""


@dataclass(frozen=True)
class Labels:
    """Who is where in a photo.

    Attributes:
        person: bool [H, W].
        ignored: where that is not known, bool [H, W].
    """

    person: Mask
    ignored: Mask

    @classmethod
    def of(cls, alpha: Plane, boxes: Boxes) -> Labels:
        """What an alpha, float32 [H, W] in 0..1, is sure of; but a person whose box is nearly empty was missed."""
        person, ignored = alpha >= 0.5, (alpha > 1 - SURE) & (alpha < SURE)
        for left, top, right, bottom in pixels(boxes, alpha.shape):
            if person[top:bottom, left:right].mean() < LEAST_FILLED:
                ignored[top:bottom, left:right] |= ~person[top:bottom, left:right]
        return cls(person, ignored)

    @classmethod
    def read(cls, pair: Pair) -> Labels:
        """Those of a set's files."""
        person = read_gray(pair.truth)[0].numpy() >= 128
        return cls(person, read_gray(pair.extra)[0].numpy() >= 128 if pair.extra else np.zeros_like(person))

    def save(self, mask: Path, ignored: Path) -> None:
        """Write them as pictures of one bit; the mask comes last, whole or not at all."""
        Image.fromarray(self.ignored).save(ignored)
        part = mask.with_suffix(".part")
        Image.fromarray(self.person).save(part, "PNG")
        part.replace(mask)

    def checking(self, old: Labels) -> Labels:
        """The old labels, unknown too where these are sure of something else."""
        denied = ~self.ignored & (self.person != old.person)
        return Labels(old.person, old.ignored | denied)


def read_boxes(path: Path) -> dict[str, Boxes]:
    """The boxes of each photo, by stem, of a JSON file ``{stem: [[left, top, right, bottom], ...]}``.

    Raises:
        ValueError: the file holds something else.
    """
    held = json.loads(path.read_text())
    if not isinstance(held, dict):
        raise ValueError(f"{path} holds no boxes by the names of photos")
    found = {stem: [tuple(map(float, box)) for box in boxes] for stem, boxes in held.items()}
    for stem, boxes in found.items():
        if any(len(box) != 4 or not 0 <= box[0] < box[2] <= 1 or not 0 <= box[1] < box[3] <= 1 for box in boxes):
            raise ValueError(f"{path}: a box of {stem} is not left, top, right, bottom in 0..1")
    return found  # type: ignore[return-value]


def alpha_in_boxes(photo: Image.Image, boxes: Boxes, model: Model) -> Plane:
    """A network's alpha of a photo, float32 [H, W] in 0..1: nothing outside the boxes.

    In a box it is the mean of what the network sees of the whole photo, at the views of its card, and of what it sees
    of the box with some room around it, at its working size; the mean of all boxes where several overlap. A box that
    nearly fills the photo is seen with it alone.
    """
    whole = resized(predict(photo, model), photo.size)
    inside = np.zeros(whole.shape, bool)
    closer, looks = np.zeros_like(whole), np.zeros_like(whole)
    for box in pixels(boxes, whole.shape):
        rows, columns = slice(box[1], box[3]), slice(box[0], box[2])
        inside[rows, columns] = True
        if not fits(part := widened(box, inside), inside):
            continue
        seen = resized(seen_once(photo.crop(part), model), (part[2] - part[0], part[3] - part[1]))
        closer[rows, columns] += seen[box[1] - part[1] : box[3] - part[1], box[0] - part[0] : box[2] - part[0]]
        looks[rows, columns] += 1
    alpha = np.where(looks > 0, (whole + closer / np.maximum(looks, 1)) / 2, whole)
    return np.where(inside, alpha, np.float32(0))


def pixels(boxes: Boxes, shape: tuple[int, ...]) -> Iterator[Box]:
    """The boxes in pixels of a photo of so many rows and columns."""
    height, width = shape
    for left, top, right, bottom in boxes:
        yield math.floor(left * width), math.floor(top * height), math.ceil(right * width), math.ceil(bottom * height)


def seen_once(picture: Image.Image, model: Model) -> Plane:
    """A network's alpha of a picture at its working size, float32 [h, w] in 0..1."""
    small = picture.resize(scaled(picture.size, model.card.working_size / max(picture.size)), Image.Resampling.BICUBIC)
    return alpha_of(np.asarray(small), model)


def resized(alpha: Plane, size: tuple[int, int]) -> Plane:
    """An alpha at a width and height."""
    return np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BICUBIC)).clip(0, 1)
