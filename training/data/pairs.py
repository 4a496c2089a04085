"""Folders of pairs, and which of them are kept for validation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from training.data.pictures import SUFFIXES


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
    """A scan or photo and its truth; `extra` is a third picture (regions without loss, or pictures on a page), if there
    is one."""

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
