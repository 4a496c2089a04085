"""What the user named: files and folders, each once; and that no output comes into the place of an input."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Iterator
from functools import lru_cache

from bgtool.batch.listing import suffix_of
from bgtool.batch.names import folded
from bgtool.engine.job import STREAM, Job
from bgtool.errors import UsageError
from bgtool.imaging.formats import IMAGE_SUFFIXES
from bgtool.storage.stores import absolute, is_folder, is_there, store_of

_OTHER_FILES = frozenset({
    ".ai", ".cr2", ".dds", ".djv", ".djvu", ".dng", ".doc", ".docx", ".emf", ".eps", ".exr", ".fits", ".hdr",
    ".htm", ".html", ".icns", ".ico", ".jls", ".jxl", ".jxr", ".mng", ".nef", ".odt", ".pcx", ".ps",
    ".psb", ".psd", ".raw", ".rtf", ".sgi", ".svg", ".tga", ".txt", ".wmf", ".xcf", ".xps", ".zip",
})  # fmt: skip
"""Suffixes, lower case, that name a file and not a folder, of kinds that are neither read from folders nor written."""

_FOLDERS = 10_000  # whose identity is kept in mind

FileId = Hashable
"""What a store knows a file or folder by."""


def inputs(named: Iterable[str]) -> tuple[list[str], list[str]]:
    """Files, with "-" among them, and folders, each once, in the order they were named."""
    once = {absolute(path) if path != STREAM else STREAM: path for path in reversed(tuple(named))}
    paths = list(reversed(once.values()))
    if not paths:
        raise UsageError("no input was named")
    for path in paths:
        if path != STREAM and not is_there(path):
            raise UsageError(f"{path} does not exist")
    folders = [path for path in paths if path != STREAM and is_folder(path)]
    return [path for path in paths if path not in folders], folders


def is_one_file(output: str, *, one_input: bool) -> bool:
    """Whether an output is meant to be a file and no folder, by its suffix."""
    suffix = suffix_of(output)
    means_file = suffix in IMAGE_SUFFIXES or (one_input and suffix in _OTHER_FILES)
    return means_file and not is_folder(output)


def refuse_to_overwrite(jobs: Iterable[Job]) -> None:
    """Raise UsageError if an output would take the place of an input, or of what an input links to.

    Args:
        jobs: gone through several times.
    """

    @lru_cache(_FOLDERS)
    def id_of_folder(folder: str) -> FileId | None:
        return file_id(folder or os.curdir)

    def place(path: str) -> tuple[FileId | None, str]:
        folder, name = os.path.split(path)
        return id_of_folder(folder), name

    def inputs() -> Iterator[tuple[FileId | None, str]]:
        for path in (job.source for job in jobs if job.source != STREAM):
            yield place(path)
            if (real := store_of(path).resolved(path)) != path:
                yield place(real)

    outputs = {place(job.target)[0] for job in jobs if job.target != STREAM} - {None}  # halves lie there, too
    shared = {folder for folder, _ in inputs() if folder in outputs}
    if not shared:
        return
    places = {(folder, folded(name)) for folder, name in inputs() if folder in shared}
    for job in jobs:
        for target in () if job.target == STREAM else job.targets:
            folder, name = place(target)
            if (folder, folded(name)) in places:
                raise UsageError(f"{target} would take the place of an input", "choose another output folder")


def file_id(path: str) -> FileId | None:
    """What tells a file or folder from any other; None where there is none."""
    return store_of(path).identity(path)
