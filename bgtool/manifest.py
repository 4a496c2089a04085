"""The record of an output folder: one JSON line per finished input, so that a run can take up where the last one ended.

Lines are only ever appended, each in one write, so a kill at any moment costs at most the line being written. A later
line about an input overrides the earlier ones. The file is locked while a run writes into its folder.

A second, hidden file lists, for as long as a run lasts, the outputs that it may make, behind the size that the manifest
had before: after a kill, or a power cut, it tells outputs that came before their line from files that are others'.
"""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH100, PTH116

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from bgtool.atomic import folder_errors, lock, output_errors, replacing
from bgtool.digest import digest_of
from bgtool.errors import OutputError
from bgtool.outcome import Status
from bgtool.signature import may_be_own

FILE_NAME = "bgtool-manifest.jsonl"
BEGUN_NAME = ".bgtool-begun"


@dataclass(frozen=True, kw_only=True)
class Record:
    """What became of one input.

    Attributes:
        input: its path; kept absolute in the file.
        size, mtime_ns, input_sha256: of the input as it was read, bytes, nanoseconds and a hex digest.
        options: `BatchOptions.key`.
        model, model_sha256: name and digest of the model.
        output, output_sha256: path and digest of the output; the path is kept relative to the folder of the manifest,
            so that the folder can be moved.
        pages, seconds: pages written and time taken.
        status: done or failed.
        warnings: a sentence each.
        error: why it failed, empty if it is done.
        version: of bgtool.
        device: that the model ran on.
    """

    input: str
    size: int
    mtime_ns: int
    input_sha256: str
    options: str
    model: str
    model_sha256: str
    output: str
    output_sha256: str
    pages: int
    seconds: float
    status: Status
    warnings: tuple[str, ...]
    error: str
    version: str
    device: str


class _Entry(NamedTuple):
    """The part of a line that is kept in memory, for a folder may have a million of them."""

    size: int
    mtime_ns: int
    options: str
    model_sha256: str
    output: str
    digest: str
    done: bool


class History:
    """What the manifest of a folder says so far."""

    def __init__(self, folder: Path, lines: Iterator[bytes]) -> None:
        """Take in all lines that can be understood; others, and a last one torn by a kill, are passed over."""
        self.folder = folder
        self._entries: dict[str, _Entry] = {}
        self._former: dict[str, set[str]] = {}  # by output, digests that bgtool gave it and no entry has any more
        size, self._begun = _read_begun(folder / BEGUN_NAME)  # outputs that may have been made and are not on record
        for line in lines:
            name = self._take(line)
            size -= len(line)
            if size < 0:
                self._begun.discard(name)

    @property
    def names(self) -> dict[str, str]:
        """The outputs given so far, relative to the folder, by the absolute path of their input."""
        return {source: entry.output for source, entry in self._entries.items()}

    def is_done(self, source: str, target: str, options: str, model_sha256: str) -> bool:
        """Whether an unchanged input was done with the same options and model and this output of it is still there."""
        entry = self._entries.get(os.path.abspath(source))
        if entry is None or not entry.done or (entry.options, entry.model_sha256) != (options, model_sha256):
            return False
        if os.path.relpath(target, self.folder) != entry.output:
            return False
        try:
            status = os.stat(source)
            os.stat(self.folder / entry.output)
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (entry.size, entry.mtime_ns)

    def strangers(self, targets: Iterable[str]) -> set[str]:
        """Those outputs whose place is taken by a file that no run of bgtool has put there as it is."""
        there = {target: os.path.relpath(target, self.folder) for target in targets if os.path.lexists(target)}
        if not there:
            return set()
        made = self._made(set(there.values()))
        return {
            target
            for target, name in there.items()
            if digest_of(Path(target)) not in made.get(name, ())
            and not (name in self._begun and may_be_own(Path(target)))
        }

    def _made(self, names: set[str]) -> dict[str, set[str]]:
        """The digests that those of these outputs (relative to the folder) ever had which were ever done."""
        made = {name: set(self._former[name]) for name in names & self._former.keys()}
        for entry in self._entries.values():
            if entry.done and entry.output in names:
                made.setdefault(entry.output, set()).add(entry.digest)
        return made

    def _take(self, line: bytes) -> str:
        """The output that a line is about, empty where it cannot be understood."""
        try:
            values: dict[str, Any] = json.loads(line)
            entry = _Entry(
                size=int(values["size"]),
                mtime_ns=int(values["mtime_ns"]),
                options=sys.intern(str(values["options"])),
                model_sha256=sys.intern(str(values["model_sha256"])),
                output=str(values["output"]),
                digest=str(values["output_sha256"]),
                done=values["status"] == Status.DONE,
            )
            source = str(values["input"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return ""
        before = self._entries.get(source)
        if before and before.done:
            self._former.setdefault(before.output, set()).add(before.digest)
        self._entries[source] = entry
        return entry.output


class Manifest(History):
    """A history that is being written. Made by `open_manifest`."""

    def __init__(self, folder: Path, file: BinaryIO) -> None:
        file.seek(0)
        super().__init__(folder, iter(file))
        self._file = file
        self._at_line_start = _ends_with_newline(file)
        self._under_way: set[str] = set()

    def add(self, record: Record) -> None:
        """Append a record.

        Raises:
            OutputError: the file cannot be written, e.g. because the disk is full, or is no longer in its place.
        """
        values = dict(vars(record))
        values["input"] = os.path.abspath(record.input)
        values["output"] = os.path.relpath(record.output, self.folder) if record.output else ""
        line = json.dumps(values).encode("ascii") + b"\n"
        path = self.folder / FILE_NAME
        with output_errors(path):
            if not os.path.samestat(path.stat(), os.fstat(self._file.fileno())):
                raise OutputError(f"{path} has been replaced while it was written")
            self._append(line if self._at_line_start else b"\n" + line)
        self._take(line)
        self._begun.discard(values["output"])
        self._under_way.discard(values["output"])

    def begin(self, targets: Iterable[str]) -> None:
        """List the outputs that are going to be made, before the first is there, until `end`.

        Raises:
            OutputError: the list cannot be written.
        """
        self._under_way = {os.path.relpath(target, self.folder) for target in targets}
        self._list(self._begun | self._under_way)

    def end(self) -> None:
        """Forget what was begun, but for what lies there unrecorded, as after a kill; nothing is under way any more."""
        begun = self._begun | (self._under_way - self._made(self._under_way).keys())
        self._begun = {name for name in begun if os.path.lexists(self.folder / name)}
        self._under_way = set()
        with suppress(OSError, OutputError):
            if self._begun:
                self._list(self._begun)
            else:
                (self.folder / BEGUN_NAME).unlink()

    def _list(self, names: Iterable[str]) -> None:
        path, size = self.folder / BEGUN_NAME, os.fstat(self._file.fileno()).st_size
        with folder_errors(path), replacing(path) as file:  # whole, and on the disk before the first output
            file.writelines(os.fsencode(name) + b"\0" for name in (str(size), *names))

    def _append(self, data: bytes) -> None:
        self._at_line_start = False  # until the whole line is there
        while data:
            data = data[os.write(self._file.fileno(), data) :]
        self._at_line_start = True


def _read_begun(path: Path) -> tuple[int, set[str]]:
    """Size of the manifest when outputs were begun, and these outputs, relative to the folder; none without a list."""
    try:
        size, *names, _ = path.read_bytes().split(b"\0")
        return int(size), set(map(os.fsdecode, names))
    except (OSError, ValueError):
        return 0, set()


def read(folder: Path) -> History:
    """The history of a folder, without a lock and without writing; empty where there is none."""
    try:
        with (folder / FILE_NAME).open("rb") as file:
            return History(folder, iter(file))
    except OSError:
        return History(folder, iter(()))


@contextmanager
def open_manifest(folder: Path) -> Iterator[Manifest]:
    """Lock the manifest of a folder, made if need be, and read it.

    Raises:
        OutputError: another run is writing into the folder, or the folder cannot be written.
    """
    path = folder / FILE_NAME
    with folder_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b", buffering=0)
    with file:
        _lock(file)
        yield Manifest(folder, file)


def _ends_with_newline(file: BinaryIO) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 40  # beyond any line: a locked byte cannot be read there

    def _lock(file: BinaryIO) -> None:
        file.seek(_FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise OutputError(_LOCKED) from error

else:

    def _lock(file: BinaryIO) -> None:
        try:
            lock(file)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise OutputError(_LOCKED, "wait for it, or choose another output folder") from error
            # else the file system knows no locks, as some network shares do: go on without


_LOCKED = "another run of bgtool is writing into the output folder"
