"""Photos of people with their masks: folders, COCO, and photos of nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from training.data.coco import find_coco
from training.data.draw import Sample, WeightedDraw
from training.data.pairs import Member, Pair, find_pairs
from training.data.pictures import SUFFIXES, read_gray, read_rgb


class Photo(Member, Protocol):
    """A photo whose mask is known. Photos are read when they are drawn: 4 ms each, and no bound on their number."""

    def load(self) -> Sample:
        """``image`` uint8 [3, H, W], ``mask`` uint8 [1, H, W] (255 person), ``ignore`` the same (255: no loss)."""


@dataclass(frozen=True)
class FolderPhoto:
    """A photo with its mask, and perhaps a picture of what to ignore, as files."""

    pair: Pair

    @property
    def image(self) -> Path:
        """The photo's file."""
        return self.pair.image

    @property
    def set_name(self) -> str:
        """Name of its set."""
        return self.pair.set_name

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that it is read from."""
        return self.pair.files

    def load(self) -> Sample:
        """See `Photo`."""
        mask = read_gray(self.pair.truth)
        ignore = read_gray(self.pair.extra) if self.pair.extra else torch.zeros_like(mask)
        return {"image": read_rgb(self.image), "mask": mask, "ignore": ignore}


@dataclass(frozen=True)
class Background:
    """A photo without people."""

    image: Path
    set_name: str

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that it is read from."""
        return (self.image,)

    def load(self) -> Sample:
        """See `Photo`."""
        image = read_rgb(self.image)
        nothing = torch.zeros_like(image[:1])
        return {"image": image, "mask": nothing, "ignore": nothing}


def find_people(data_dir: Path) -> list[Photo]:
    """Photos of a folder in COCO's layout, or else of sets of ``img/``, ``mask/`` and perhaps ``ignore/``.

    Raises:
        FileNotFoundError: there are none, or a file is missing.
    """
    return [*find_coco(data_dir)] or [FolderPhoto(pair) for pair in find_pairs(data_dir, "mask", "ignore")]


def find_backgrounds(folder: Path) -> list[Background]:
    """Pictures of a folder as photos without people, in a set that bears the folder's name."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    return [Background(path, folder.name) for path in files]


PersonTransform = Callable[[Sample, Callable[[], Sample]], Sample]
"""From a photo and a way to get another one, whose people may be pasted on it, to the tensors of one sample."""


class WeightedPeople(WeightedDraw):
    """Weighted draw of photos, each with another that is drawn from all photos alike.

    Args:
        photos: what to draw from.
        transform: see `PersonTransform`.
        weights, length, seed: see `WeightedDraw`.
    """

    def __init__(
        self, photos: Sequence[Photo], transform: PersonTransform, weights: Mapping[str, float], length: int, seed: int
    ) -> None:
        super().__init__(photos, weights, length, seed)
        self.photos = photos
        self.transform = transform

    def sample(self) -> Sample:
        """A photo, perhaps with people of the other."""
        (chosen,) = self.draw(1)
        other = int(torch.randint(len(self.photos), ()))
        return self.transform(self.photos[chosen].load(), self.photos[other].load)
