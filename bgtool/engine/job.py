"""One input: where its result goes, and what became of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from bgtool.storage.base import NO_STAMP
from bgtool.storage.places import FREE, Stamp
from bgtool.storage.stores import stamp_of_file
from bgtool.tasks.confidence import Confidence

STREAM = "-"
"""Stands for standard input or output."""


def halves_of(path: str) -> tuple[str, str]:
    """The names of the files that a double page becomes where a file holds one page: x-1.png and x-2.png of x.png."""
    stem, suffix = os.path.splitext(path)  # noqa: PTH122 - a plan may hold a million
    return f"{stem}-1{suffix}", f"{stem}-2{suffix}"


class Job(NamedTuple):
    """One input and where its result goes; strings, because a plan may hold a million.

    Attributes:
        source: path of the input, as the user's arguments lead to it; "-" for standard input.
        target: path of the output; "-" for standard output.
        over: what the output may replace.
        earlier: of an input that was done elsewhere, before its folder was moved or copied: its absolute path there.
        halves: what each of the two files may replace that stand for the output if the input is a double page
            (`halves_of`); none where one file holds both pages, or none is parted.
    """

    source: str
    target: str
    over: Stamp = FREE
    earlier: str = ""
    halves: tuple[Stamp, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """Every place where something may appear."""
        return (self.target, *halves_of(self.target)) if self.halves else (self.target,)

    def half(self, number: int) -> Job:
        """The job of one half, 0 or 1, by itself."""
        return self._replace(target=halves_of(self.target)[number], over=self.halves[number], halves=())

    @property
    def input(self) -> Path:
        """The source as a path."""
        return Path(self.source)

    @property
    def output(self) -> Path:
        """The target as a path."""
        return Path(self.target)

    def stamp(self) -> tuple[int, int]:
        """Size in bytes and mtime in ns of the input as it is now; `NO_STAMP` where there is none."""
        return size_and_time(self.source)


def size_and_time(path: str) -> tuple[int, int]:
    """Size in bytes and mtime in ns of a file; `NO_STAMP` where there is none, and of a stream."""
    return NO_STAMP if path == STREAM else stamp_of_file(path)


class Status(StrEnum):
    """How it went with an input."""

    DONE = "done"
    FAILED = "failed"


@dataclass
class Outcome:
    """What became of one input file.

    Attributes:
        source, target: names as the user knows them.
        status: done or failed.
        pages, seconds: pages written and time taken.
        warnings: what the user should know although it went well.
        error: why it failed, one sentence.
        stamp: size in bytes and mtime in ns of the input before it was read; -1 where there is none.
        input_sha256, output_sha256: hex digests of the files; empty where there is none.
        output_stamp: size in bytes and mtime in ns of the output; -1 where there is none.
        second_sha256, second_stamp: of the second file, where the output became two (`halves_of`); the first is told of
            above.
        confidence: how sure its least sure page is; None where that is not known.
        geometry: where each page written lies on its scan, in plain values; empty where nothing was looked for.
        files: how many inputs it stands for: several, where one obstacle keeps them from being done.
    """

    source: str
    target: str
    status: Status
    pages: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    error: str = ""
    stamp: tuple[int, int] = (-1, -1)
    input_sha256: str = ""
    output_sha256: str = ""
    output_stamp: tuple[int, int] = (-1, -1)
    second_sha256: str = ""
    second_stamp: tuple[int, int] = (-1, -1)
    confidence: Confidence | None = None
    geometry: tuple[dict[str, Any] | None, ...] = ()
    files: int = 1

    @property
    def output(self) -> str:
        """The file that was written, the first of two."""
        return halves_of(self.target)[0] if self.second_sha256 else self.target
