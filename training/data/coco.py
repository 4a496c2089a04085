"""Photos of people from COCO's own annotations."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pycocotools import mask as masks
from pycocotools.coco import COCO
from torch import Tensor

from training.data.draw import Sample
from training.data.pictures import read_rgb

RunLengths = dict[str, Any]
"""A mask as pycocotools packs it: ``size`` (height, width) and ``counts``."""


@dataclass(frozen=True)
class CocoPhoto:
    """A photo, the union of its people, and the union of its crowds, whose people are not told apart."""

    image: Path
    set_name: str
    people: RunLengths
    crowds: RunLengths
    annotations: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that it is read from."""
        return self.image, self.annotations

    def load(self) -> Sample:
        """``image`` uint8 [3, H, W], ``mask`` uint8 [1, H, W] (255 person), ``ignore`` the same (255: no loss)."""
        people, crowds = unpack(self.people), unpack(self.crowds)
        return {"image": read_rgb(self.image), "mask": people, "ignore": crowds & ~people}


def unpack(run_lengths: RunLengths) -> Tensor:
    """A packed mask as uint8 [1, H, W] of 0 and 255."""
    return torch.from_numpy(masks.decode(run_lengths))[None] * 255


def find_coco(data_dir: Path) -> list[CocoPhoto]:
    """Photos of every ``annotations/instances_SPLIT.json``; they lie in ``SPLIT/`` or ``images/SPLIT/``.

    Photos of the split without people belong to the set ``SPLIT-nobody``, so that they can be weighted apart.
    """
    files = sorted((data_dir / "annotations").glob("instances_*.json"))
    return [photo for file in files for photo in read_instances(file)]


def read_instances(file: Path) -> list[CocoPhoto]:
    """The photos of one annotation file, in order of their numbers.

    Raises:
        FileNotFoundError: a photo that it names is not there.
    """
    split = file.stem.removeprefix("instances_")
    folders = [file.parents[1] / split, file.parents[1] / "images" / split]
    folder = next((f for f in folders if f.is_dir()), folders[0])
    with contextlib.redirect_stdout(sys.stderr):
        coco = COCO(file)
    category = coco.getCatIds(catNms=["person"])
    photos = []
    for image in coco.loadImgs(sorted(coco.getImgIds())):
        path = folder / image["file_name"]
        if not path.exists():
            raise FileNotFoundError(f"{path}, named by {file}, is not there")
        shapes = coco.loadAnns(coco.getAnnIds(imgIds=image["id"], catIds=category))
        people = [shape for shape in shapes if not shape["iscrowd"]]
        crowds = [shape for shape in shapes if shape["iscrowd"]]
        size = (image["height"], image["width"])
        set_name = split if shapes else f"{split}-nobody"
        photos.append(CocoPhoto(path, set_name, union(people, size), union(crowds, size), file))
    return photos


def union(shapes: Sequence[dict[str, Any]], size: tuple[int, int]) -> RunLengths:
    """Polygons and run lengths of instances as one packed mask of (height, width)."""
    nothing = {"size": list(size), "counts": [size[0] * size[1]]}
    parts = [masks.frPyObjects(nothing, *size)]
    for shape in shapes:
        packed = masks.frPyObjects(shape["segmentation"], *size)
        parts += packed if isinstance(packed, list) else [packed]
    return masks.merge(parts)
