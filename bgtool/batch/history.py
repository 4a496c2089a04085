"""What earlier runs put on record in an output folder: read line by line, kept small, for it may be a million lines."""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH100, PTH116, PTH118, PTH119

from __future__ import annotations

import gc
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from bgtool.batch.entry import NOT_A_RECORD, UNKNOWN, Entry, lines_of, parsed
from bgtool.batch.names import FILE_NAME, is_plain
from bgtool.engine.job import STREAM
from bgtool.storage import pending
from bgtool.storage.digest import digest_of
from bgtool.storage.local import folder_errors, open_regular
from bgtool.storage.places import obstacle


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
        self._pending: dict[str, set[str]] = {}  # by output, digests that may have appeared and are not on record
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
        self._pending = {}
        for name, digest in pending.listed(self.folder):
            if not self.made(name, digest):
                self._pending.setdefault(name, set()).add(digest)
        return end > start

    def take(self, line: bytes) -> None:
        """Take in one line of JSON."""
        try:
            source, entry = parsed(line)
        except NOT_A_RECORD:
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
        fixed = entry.fixed
        return self._is_still(source, *fixed.of_input, checksum) and self._is_still(target, *fixed.of_output, checksum)

    def is_same(self, source: str, earlier: str, *, checksum: bool = False) -> bool:
        """Whether a file has the content that was read from the input `earlier` (an absolute path) on record."""
        entry = self._entries.get(earlier)
        if entry is None:
            return False
        return self._is_still(source, *entry.fixed.of_input, checksum)

    def made(self, name: str, digest: str) -> bool:
        """Whether an output, relative to the folder, ever was what has this digest, as far as is on record."""
        wanted = bytes.fromhex(digest)
        holder = self._entries.get(self._holders.get(name, ""))
        if holder and holder.done and holder.output == name and holder.fixed.output_sha256 == wanted:
            return True
        return wanted in self._former.get(name, ())

    def is_own(self, target: str) -> bool:
        """Whether the file in an output's place is what a run of bgtool put there."""
        name, digest = self.name_of(target), digest_of(Path(target))
        return bool(digest) and (self.made(name, digest) or digest in self._pending.get(name, ()))

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
            self._former.setdefault(entry.output, set()).add(entry.fixed.output_sha256)

    def _is_place(self, name: str) -> bool:
        """Whether a name is a plain way down from the folder to a file that may be an output."""
        folder, _, last = name.rpartition(os.sep)
        if folder not in self._straight:
            self._straight[folder] = is_plain(folder) and not obstacle(
                os.path.join(self.folder, folder), str(self.folder)
            )
        return self._straight[folder] and is_plain(last) and last != FILE_NAME

    def _is_still(self, path: str, size: int, mtime_ns: int, sha256: bytes, checksum: bool) -> bool:
        """Whether a file is what is on record; it is read only where its time differs, or by request."""
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            return False
        if size not in (status.st_size, UNKNOWN):
            return False
        if not checksum and mtime_ns in (status.st_mtime_ns, UNKNOWN):
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
