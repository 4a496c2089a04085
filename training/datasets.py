"""Folders of pairs, and the order in which a training sees them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset
from torchvision import tv_tensors

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})


class Member(Protocol):
    """One picture of a data set."""

    @property
    def image(self) -> Path:
        """Its file."""

    @property
    def set_name(self) -> str:
        """Name of its set."""

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that it is read from."""


@dataclass(frozen=True)
class Pair:
    """A scan or photo and its truth; `extra` is a third picture (regions without loss), if there is one."""

    image: Path
    truth: Path
    set_name: str
    extra: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that it is read from."""
        return (self.image, self.truth, *([self.extra] if self.extra else []))


def find_pairs(data_dir: Path, truth_name: str, extra_name: str = "ignore") -> list[Pair]:
    """All pairs below a folder that holds ``img/`` and ``truth_name/``, or whose subfolders do (one per set).

    Raises:
        FileNotFoundError: no pair at all, or an image without truth.
    """
    roots = [data_dir] if (data_dir / "img").is_dir() else sorted(p.parent for p in data_dir.glob("*/img"))
    pairs = []
    for root in roots:
        truths = {p.stem: p for p in (root / truth_name).glob("*") if p.suffix.lower() in SUFFIXES}
        extras = {p.stem: p for p in (root / extra_name).glob("*") if p.suffix.lower() in SUFFIXES}
        for image in sorted(p for p in (root / "img").iterdir() if p.suffix.lower() in SUFFIXES):
            if image.stem not in truths:
                raise FileNotFoundError(f"{image} has no truth of the same stem in {root / truth_name}")
            pairs.append(Pair(image, truths[image.stem], root.name, extras.get(image.stem)))
    if not pairs:
        raise FileNotFoundError(f"no pairs below {data_dir}: img/ and {truth_name}/ with files of the same stem")
    return pairs


AnyMember = TypeVar("AnyMember", bound=Member)


def split_members(members: Sequence[AnyMember], share: float) -> tuple[list[AnyMember], list[AnyMember]]:
    """Training and validation part: of every set the given share, chosen by the hash of each stem.

    A set of five or more gives at least one member, unless the share is 0.

    The choice depends on names alone, so adding a picture moves no other across.
    """

    def rank(member: Member) -> str:
        return hashlib.sha256(f"{member.set_name}/{member.image.stem}".encode()).hexdigest()

    training: list[AnyMember] = []
    validation: list[AnyMember] = []
    for name in sorted({member.set_name for member in members}):
        ranked = sorted((m for m in members if m.set_name == name), key=rank)
        count = max(round(len(ranked) * share), 1 if share and len(ranked) >= 5 else 0)
        validation += ranked[:count]
        training += ranked[count:]
    return training, validation


def digest(members: Iterable[Member]) -> str:
    """SHA-256 in hex over names and contents of all files of data sets, wherever their folders lie."""
    files = {(f"{member.set_name}/{file.parent.name}/{file.name}", file) for member in members for file in member.files}
    whole = hashlib.sha256()
    for name, file in sorted(files):
        whole.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def read_rgb(path: Path) -> Tensor:
    """An image file as uint8 [3, H, W]."""
    with Image.open(path) as image:
        return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).contiguous()


def read_gray(path: Path) -> Tensor:
    """An image file as uint8 [1, H, W]."""
    with Image.open(path) as image:
        return torch.from_numpy(np.array(image.convert("L")))[None]


Sample = dict[str, Tensor]
Transform = Callable[[Sample], Sample]


class WeightedDraw(Dataset[Sample]):
    """Endless weighted draw of augmented samples.

    Item i of epoch e is drawn and augmented from the seed (seed, e, i) alone: a resumed run sees what an
    undisturbed one would have seen, whatever the number of loader processes.

    Args:
        members: what to draw from.
        weights: weight of one member of a set, by set name; 1 where a set is not named.
        length: samples per epoch.
        seed: start of all random numbers.
    """

    def __init__(self, members: Sequence[Member], weights: Mapping[str, float], length: int, seed: int) -> None:
        self.length = length
        self.seed = seed
        self.epoch = 0
        self.weights = torch.tensor([weights.get(member.set_name, 1.0) for member in members])

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Sample:
        torch.manual_seed(hash((self.seed, self.epoch, index)) % 2**63)
        return self.sample()

    def draw(self, count: int) -> list[int]:
        """Indices of members, with replacement."""
        return torch.multinomial(self.weights, count, replacement=True).tolist()

    def sample(self) -> Sample:
        """One augmented sample, from torch's generator alone."""
        raise NotImplementedError


class WeightedPairs(WeightedDraw):
    """Weighted draw of pairs that are held decoded in memory.

    Args:
        pairs: what to draw from.
        transform: from a dict of ``image`` uint8 [3, H, W] and ``truth`` uint8 [1, H, W] (tv_tensors, and a second
            truth of another pair under ``other``) to the tensors of one sample.
        weights, length, seed: see `WeightedDraw`.
        own: transforms of single sets by name, in place of `transform`.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        transform: Transform,
        weights: Mapping[str, float],
        length: int,
        seed: int,
        own: Mapping[str, Transform] | None = None,
    ) -> None:
        super().__init__(pairs, weights, length, seed)
        own = own or {}
        self.transforms = [own.get(pair.set_name, transform) for pair in pairs]
        self.images = [read_rgb(pair.image) for pair in pairs]
        self.truths = [read_gray(pair.truth) for pair in pairs]

    def sample(self) -> Sample:
        """A pair, and the truth of another."""
        chosen, other = self.draw(2)
        return self.transforms[chosen](
            {
                "image": tv_tensors.Image(self.images[chosen]),
                "truth": tv_tensors.Image(self.truths[chosen]),
                "other": tv_tensors.Image(self.truths[other]),
            }
        )
