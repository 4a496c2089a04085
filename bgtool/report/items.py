"""What a manifest says of each input, whole, for those who look at it."""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH118, PTH119, PTH120

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from bgtool.batch.history import read
from bgtool.batch.joined_names import PAGES
from bgtool.batch.joining import TASK
from bgtool.engine.job import STREAM, Outcome, Status
from bgtool.errors import UsageError
from bgtool.storage.base import START
from bgtool.storage.file_journal import FILE_NAME
from bgtool.storage.stores import absolute


class Half(NamedTuple):
    """Where the second half of a double page is.

    Attributes:
        output: path of its file relative to the output folder: one of its own, or that of the first half.
        stamp: size and mtime in ns of that file.
        page: its number there, from 0 on.
    """

    output: str
    stamp: tuple[int, int]
    page: int


@dataclass(frozen=True)
class Item:
    """One input and what became of it.

    Attributes:
        root, name: folder of the input, absolute, and its path from there.
        output: path of the output relative to the output folder; empty where there is none.
        error: why it failed; empty if it is done.
        warnings, reasons: sentences, and words of `bgtool.tasks.confidence.Reason`.
        confidence: 0 to 1; None where it is not known.
        pages, seconds: pages written and time taken.
        stamps: size and mtime in ns of the input and of the output when they were read and written.
        second: the other half where the first page is half a double page.
        mirrored: whether the first half is the right one.
        digest: of input and output together, hex.
        settings: that it was made with, with the model's name.
    """

    root: str
    name: str
    output: str = ""
    error: str = ""
    warnings: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    confidence: float | None = None
    pages: int = 0
    seconds: float = 0.0
    stamps: tuple[tuple[int, int], tuple[int, int]] = ((-1, -1), (-1, -1))
    second: Half | None = None
    mirrored: bool = False
    digest: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def input(self) -> str:
        """Absolute path of the input."""
        return os.path.join(self.root, self.name)

    @property
    def order(self) -> tuple[bool, bool, float, str]:
        """Sort key: failures first, then the least sure; of those that say nothing, the ones with warnings first."""
        unsure = 2.0 - bool(self.warnings) if self.confidence is None else self.confidence
        return not self.error, not self.warnings and unsure == 2.0, unsure, self.name


def folder_of_pages(folder: Path) -> Path:
    """Where the single pages are of which an output folder holds nothing but joined files; else the folder itself."""
    pages = folder / PAGES
    return pages if (pages / FILE_NAME).is_file() and not any(_on_record(folder)) else folder


def items_of(folder: Path, others: Iterable[Outcome] = ()) -> list[Item]:
    """All inputs on record in an output folder, in the order in which they deserve a look.

    Args:
        folder: of the outputs.
        others: outcomes of a run; failures among them that are not on record, as of a folder that cannot be read, are
            added.

    Raises:
        UsageError: the folder has no manifest.
        OutputError: the manifest cannot be read.
    """
    found = {item.input: item for item in _on_record(folder)}
    for outcome in others:
        path = absolute(outcome.source)
        if outcome.status is Status.FAILED and path not in found:
            found[path] = Item(os.path.dirname(path), os.path.basename(path), error=outcome.error)
    return sorted(found.values(), key=lambda item: item.order)


def _on_record(folder: Path) -> Iterator[Item]:
    """The last line of each input whose output is still its own; joined files and other lines are passed over."""
    if not (folder / FILE_NAME).is_file():
        raise UsageError(f"{folder} holds no {FILE_NAME}", "name the output folder of a run")
    history = read(folder)
    latest: dict[str, Item] = {}
    for _, line in history.journal.lines(START):
        try:
            item = _parsed(json.loads(line))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            continue
        latest.pop(item.input, None)
        latest[item.input] = item
    for source, item in latest.items():
        if (
            item.name != STREAM
            and item.settings.get("task") != TASK
            and (item.error or (item.output in history.files_of(source)[:1] and history.entry(source)))
        ):
            yield item


def _parsed(values: dict[str, Any]) -> Item:
    """A line as an item; anything else than a record raises what it likes."""
    failed = values["status"] != Status.DONE
    confidence, seconds = values.get("confidence"), float(values["seconds"])
    if not isfinite(seconds + float(confidence or 0)):
        raise ValueError
    root, name = str(values.get("root", "")), str(values["input"])
    if not root:  # a line of version 0.1.0
        root, name = os.path.split(name)
    settings = {"model": str(values["model"]), **dict(values.get("settings") or {})}
    return Item(
        root=root,
        name=name,
        output="" if failed else str(values["output"]),
        error=(str(values["error"]) or "it failed") if failed else "",
        warnings=tuple(map(str, values["warnings"])),
        reasons=tuple(map(str, values.get("reasons", ()))),
        confidence=None if confidence is None else min(max(float(confidence), 0.0), 1.0),
        pages=int(values["pages"]),
        seconds=seconds,
        stamps=(
            (int(values["size"]), int(values["mtime_ns"])),
            (int(values.get("output_size", -1)), int(values.get("output_mtime_ns", -1))),
        ),
        digest=f"{str(values['input_sha256'])[:16]}{str(values['output_sha256'])[:16]}",
        second=None if failed else _second(values),
        mirrored=settings.get("right_to_left") is True,
        settings=settings,
    )


def _second(values: dict[str, Any]) -> Half | None:
    own, placed = values.get("second"), values.get("geometry") or []
    if own is None and not (len(placed) > 1 and "gutter" in (placed[0] or {})):
        return None
    file = own or values
    stamp = int(file["output_size"]), int(file["output_mtime_ns"])
    return Half(str(file["output"]), stamp, 0 if own else 1)
