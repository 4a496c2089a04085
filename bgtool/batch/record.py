"""The line of a manifest: what became of one input."""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH120

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bgtool._version import __version__
from bgtool.engine.base import ModelInfo
from bgtool.engine.job import Job, Outcome, Status, halves_of
from bgtool.storage.stores import absolute, store_of
from bgtool.tasks.order import Order


@dataclass(frozen=True, kw_only=True)
class Record:
    """What became of one input.

    Attributes:
        input: its path relative to `root`; lines of version 0.1.0 have the absolute path, and no root.
        root: absolute path of the input folder, or of the folder of a named file, as it was then.
        size, mtime_ns, input_sha256: of the input as it was read, bytes, nanoseconds and a hex digest.
        options: `Order.key`.
        settings: `Order.settings`, which the key is made from.
        model, model_sha256: name and digest of the model.
        output, output_sha256: path and digest of the output; the path is kept relative to the folder of the manifest,
            so that the folder can be moved.
        output_size, output_mtime_ns: of the output, bytes and nanoseconds; -1 where there is none.
        pages, seconds: pages written and time taken.
        status: done or failed.
        warnings: a sentence each.
        error: why it failed, empty if it is done.
        version: of bgtool.
        device: that the model ran on.
        confidence, reasons: how sure the result is, 0 to 1, and why it deserves a look, as `bgtool.tasks.confidence`
            says; None and none where that is not known.
        geometry: where each page of the output lies on its scan, as `bgtool.geometry.placement.Placement.said` has it,
            and the gutter; the line has none where nothing was looked for.
        second: output, output_sha256, output_size and output_mtime_ns of the second half of a double page that became
            two files; the line has none where there is one file.
    """

    input: str
    root: str
    size: int
    mtime_ns: int
    input_sha256: str
    options: str
    settings: Mapping[str, Any]
    model: str
    model_sha256: str
    output: str
    output_sha256: str
    output_size: int
    output_mtime_ns: int
    pages: int
    seconds: float
    status: Status
    warnings: tuple[str, ...]
    error: str
    version: str
    device: str
    confidence: float | None = None
    reasons: tuple[str, ...] = ()
    geometry: tuple[Mapping[str, Any] | None, ...] = ()
    second: Mapping[str, Any] | None = None


def record(job: Job, outcome: Outcome, order: Order, model: ModelInfo, roots: Sequence[str]) -> Record:
    """The manifest's line for an outcome; `roots` as `roots_of` gives them."""
    (size, mtime_ns), (output_size, output_mtime_ns) = outcome.stamp, outcome.output_stamp
    root, source = below_root(job.source, roots)
    return Record(
        input=source,
        root=root,
        size=size,
        mtime_ns=mtime_ns,
        input_sha256=outcome.input_sha256,
        options=order.key,
        settings=order.settings,
        model=model.name,
        model_sha256=model.sha256,
        output=outcome.output,
        output_sha256=outcome.output_sha256,
        output_size=output_size,
        output_mtime_ns=output_mtime_ns,
        pages=outcome.pages,
        seconds=round(outcome.seconds, 3),
        status=outcome.status,
        warnings=outcome.warnings,
        error=outcome.error,
        version=__version__,
        device=model.device,
        confidence=round(outcome.confidence.value, 4) if outcome.confidence else None,
        reasons=outcome.confidence.reasons if outcome.confidence else (),
        geometry=outcome.geometry,
        second=_second(job, outcome) if outcome.second_sha256 else None,
    )


def _second(job: Job, outcome: Outcome) -> dict[str, Any]:
    size, mtime_ns = outcome.second_stamp
    return {
        "output": halves_of(job.target)[1],
        "output_sha256": outcome.second_sha256,
        "output_size": size,
        "output_mtime_ns": mtime_ns,
    }


def roots_of(folders: Iterable[str]) -> list[str]:
    """Folders, absolute; one that lies in another comes before it."""
    return sorted(map(absolute, folders), key=len, reverse=True)


def below_root(source: str, roots: Sequence[str]) -> tuple[str, str]:
    """The root that an input lies below, its own folder if none, and its path from there."""
    path = absolute(source)
    root = next((root for root in roots if path.startswith(store_of(root).join(root, ""))), os.path.dirname(path))
    return root, path.removeprefix(store_of(root).join(root, ""))
