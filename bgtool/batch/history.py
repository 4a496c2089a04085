"""What earlier runs put on record in an output folder: read line by line, kept small, for it may be a million lines."""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH100, PTH116, PTH117, PTH118, PTH119, PTH206

from __future__ import annotations

import gc
import json
import os
import struct
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from bgtool.engine.job import STREAM, Status
from bgtool.storage import pending
from bgtool.storage.digest import digest_of
from bgtool.storage.local import TEMPORARY_PREFIX, folder_errors, open_regular
from bgtool.storage.places import obstacle

FILE_NAME = "bgtool-manifest.jsonl"

_LONGEST_LINE = 1 << 24  # bytes; a longer one is not understood
_LONGEST_NAME = 255  # bytes that a file system allows
_BUFFER = 1 << 20
_FIXED = struct.Struct("qqqq32s32s")
_UNKNOWN = -1  # size or mtime of an output, in lines of versions that kept none


class Entry(NamedTuple):
    """The part of a line that is kept in memory.

    Attributes:
        output: relative to the folder.
        options, model_sha256: that made it.
        done: whether it was made.
        fixed: sizes, times and digests, packed; see `Fixed`.
    """

    output: str
    options: str
    model_sha256: str
    done: bool
    fixed: bytes

    @property
    def facts(self) -> Fixed:
        """What is packed."""
        return Fixed(*_FIXED.unpack(self.fixed))


class Fixed(NamedTuple):
    """Size in bytes, mtime in ns and SHA-256 (zeros: unknown) of an input and its output."""

    size: int
    mtime_ns: int
    output_size: int
    output_mtime_ns: int
    input_sha256: bytes
    output_sha256: bytes

    @property
    def of_input(self) -> tuple[int, int, bytes]:
        """Size, time and digest of the input."""
        return self.size, self.mtime_ns, self.input_sha256

    @property
    def of_output(self) -> tuple[int, int, bytes]:
        """Size, time and digest of the output."""
        return self.output_size, self.output_mtime_ns, self.output_sha256


class History:
    """What the manifest of a folder says so far.

    Attributes:
        folder: of the outputs.
        astray: how many lines were passed over because their output is not a place below the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._clear()

    def _clear(self) -> None:
        self.astray = 0
        self._entries: dict[str, Entry] = {}  # by absolute path of the input
        self._holders: dict[str, str] = {}  # by output, the input that had it last
        self._former: dict[str, set[bytes]] = {}  # by output, digests that bgtool gave it before
        self._begun: dict[str, set[str]] = {}  # by output, digests that may have appeared and are not on record
        self._read: tuple[tuple[int, int], int] = (0, 0), 0  # which file, and up to where
        self._hashed: dict[tuple[str, int, int], str] = {}
        self._straight: dict[str, bool] = {"": True}  # by folder of outputs, whether no link leads there

    @property
    def names(self) -> dict[str, str]:
        """The outputs given so far, relative to the folder, by the absolute path of their input; none of them twice."""
        return {source: self._entries[source].output for source in self._entries if self._holds(source)}

    def catch_up(self, file: BinaryIO) -> bool:
        """Take in the lines that came since the last call; whether there were any.

        Lines that cannot be understood, and a last one torn by a kill, are passed over.
        """
        status = os.fstat(file.fileno())
        which, start = self._read
        if which != (status.st_dev, status.st_ino) or status.st_size < start:
            self._clear()
            which, start = (status.st_dev, status.st_ino), 0
        end = start
        with _no_collections():
            for size, line in lines_of(file, start):
                self.take(line)
                if line.endswith(b"\n"):  # else it is read again once it is whole
                    end += size
        self._read = which, end
        self._begun = {}
        for name, digest in pending.listed(self.folder):
            if not self.made(name, digest):
                self._begun.setdefault(name, set()).add(digest)
        return end > start

    def take(self, line: bytes) -> None:
        """Take in one line of JSON."""
        try:
            source, entry = _parsed(json.loads(line.decode()))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError, struct.error):
            return
        if entry.output and not self._is_place(entry.output):
            self.astray += 1
            return
        before = self._entries.pop(source, None)
        self._outdate(before)
        holder = self._holders.get(entry.output)
        self._outdate(self._entries.get(holder) if holder else None)
        self._entries[source] = entry
        if entry.output:
            self._holders[entry.output] = source

    def is_done(
        self, source: str, target: str, options: str, model_sha256: str, *, earlier: str = "", checksum: bool = False
    ) -> bool:
        """Whether an input was done with these options and this model, and neither it nor its output has changed.

        A file of the same size and time counts as unchanged, one of the same size and SHA-256 always.

        Args:
            source: path of the input.
            target: path of the output.
            options: `bgtool.tasks.order.Order.key`.
            model_sha256: digest of the model.
            earlier: absolute path of the input on record, where it was another.
            checksum: compare contents, not times.
        """
        entry = self._entries.get(earlier or os.path.abspath(source))
        if entry is None or not entry.done or (entry.options, entry.model_sha256) != (options, model_sha256):
            return False
        if self.name_of(target) != entry.output:
            return False
        facts = entry.facts
        return self._is_still(source, *facts.of_input, checksum) and self._is_still(target, *facts.of_output, checksum)

    def is_same(self, source: str, earlier: str, *, checksum: bool = False) -> bool:
        """Whether a file has the content that was read from the input `earlier` (an absolute path) on record."""
        entry = self._entries.get(earlier)
        if entry is None:
            return False
        return self._is_still(source, *entry.facts.of_input, checksum)

    def made(self, name: str, digest: str) -> bool:
        """Whether an output, relative to the folder, ever was what has this digest, as far as is on record."""
        wanted = bytes.fromhex(digest)
        holder = self._entries.get(self._holders.get(name, ""))
        if holder and holder.done and holder.output == name and holder.facts.output_sha256 == wanted:
            return True
        return wanted in self._former.get(name, ())

    def is_own(self, target: str) -> bool:
        """Whether the file in an output's place is what a run of bgtool put there."""
        name, digest = self.name_of(target), digest_of(Path(target))
        return bool(digest) and (self.made(name, digest) or digest in self._begun.get(name, ()))

    def output_of(self, source: str) -> str:
        """The output that an input (an absolute path) has on record as done, relative to the folder, or nothing."""
        entry = self._entries.get(source)
        return entry.output if entry and entry.done else ""

    def orphans(self, targets: Collection[str]) -> list[str]:
        """Outputs that are there, while their inputs are not, and that are none of `targets`."""
        gone = [
            entry.output
            for source, entry in self._entries.items()
            if entry.done
            and self._holds(source)
            and os.path.basename(source) != STREAM
            and not os.path.lexists(source)
            and os.path.lexists(os.path.join(self.folder, entry.output))
        ]
        kept = {self.name_of(target) for target in targets} if gone else set()
        return [name for name in gone if name not in kept]

    def name_of(self, target: str) -> str:
        """The path of an output relative to the folder."""
        prefix = f"{self.folder}{os.sep}"
        return target.removeprefix(prefix) if target.startswith(prefix) else os.path.relpath(target, self.folder)

    def _holds(self, source: str) -> bool:
        return self._holders.get(self._entries[source].output) == source

    def _outdate(self, entry: Entry | None) -> None:
        if entry and entry.done:
            self._former.setdefault(entry.output, set()).add(entry.facts.output_sha256)

    def _is_place(self, name: str) -> bool:
        """Whether a name is a plain way down from the folder to a file that may be an output."""
        folder, _, last = name.rpartition(os.sep)
        if folder not in self._straight:
            self._straight[folder] = _is_plain(folder) and not obstacle(
                os.path.join(self.folder, folder), str(self.folder)
            )
        return self._straight[folder] and _is_plain(last) and last != FILE_NAME

    def _is_still(self, path: str, size: int, mtime_ns: int, sha256: bytes, checksum: bool) -> bool:
        """Whether a file is what is on record; it is read only where its time differs, or by request."""
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            return False
        if size not in (status.st_size, _UNKNOWN):
            return False
        if not checksum and mtime_ns in (status.st_mtime_ns, _UNKNOWN):
            return True
        return self._digest(path, status) == sha256.hex()

    def _digest(self, path: str, status: os.stat_result) -> str:
        key = path, status.st_size, status.st_mtime_ns
        if key not in self._hashed:
            self._hashed[key] = digest_of(Path(path))
        return self._hashed[key]


def read(folder: Path) -> History:
    """The history of a folder, without a lock and without writing; empty where there is none.

    Raises:
        OutputError: there is something that cannot be read.
    """
    history, path = History(folder), folder / FILE_NAME
    with folder_errors(path):
        try:
            file = open_regular(path, os.O_RDONLY)
        except (FileNotFoundError, NotADirectoryError):
            return history
        with file:
            history.catch_up(file)
    return history


@contextmanager
def _no_collections() -> Iterator[None]:
    """No garbage is looked for meanwhile: of a million small objects that all stay, a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def lines_of(file: BinaryIO, start: int) -> Iterator[tuple[int, bytes]]:
    """Length in bytes and content of each line from an offset on; overlong lines have no content."""
    with os.fdopen(file.fileno(), "rb", _BUFFER, closefd=False) as reader:
        reader.seek(start)
        while line := reader.readline(_LONGEST_LINE):
            size = len(line)
            while len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
                rest = reader.readline(_LONGEST_LINE)
                size, line = size + len(rest), rest if len(rest) == _LONGEST_LINE else b"\n"
            yield size, line


def _parsed(values: dict[str, Any]) -> tuple[str, Entry]:
    """The absolute path of the input of a line, and the rest; anything else than a record raises what it likes."""
    source, root, output = str(values["input"]), str(values.get("root", "")), str(values["output"])
    fixed = Fixed(
        size=_whole(values["size"]),
        mtime_ns=_whole(values["mtime_ns"]),
        output_size=_whole(values.get("output_size", _UNKNOWN)),
        output_mtime_ns=_whole(values.get("output_mtime_ns", _UNKNOWN)),
        input_sha256=bytes.fromhex(values["input_sha256"]),
        output_sha256=bytes.fromhex(values["output_sha256"]),
    )
    return os.path.join(root, source), Entry(
        output=output,
        options=sys.intern(str(values["options"])),
        model_sha256=sys.intern(str(values["model_sha256"])),
        done=values["status"] == Status.DONE,
        fixed=_FIXED.pack(*fixed),
    )


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _is_plain(name: str) -> bool:
    """Whether a relative path says one way only, none of it upwards, and no file of bgtool's own bookkeeping."""
    try:
        lengths = [len(os.fsencode(part)) for part in name.split(os.sep)]
    except UnicodeEncodeError:
        return False
    return (
        all(0 < length <= _LONGEST_NAME for length in lengths)
        and "\0" not in name
        and not {os.curdir, os.pardir}.intersection(name.split(os.sep))
        and not any(part.startswith(TEMPORARY_PREFIX) for part in name.split(os.sep))
        and not os.path.isabs(name)
        and not os.path.splitdrive(name)[0]
    )
