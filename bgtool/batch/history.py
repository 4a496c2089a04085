"""What earlier runs put on record in an output folder: read line by line, and compared with what is there now."""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH119

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from bgtool.batch.entry import NOT_A_RECORD, NOTHING, UNKNOWN, Entry, parsed
from bgtool.batch.index import Index
from bgtool.batch.names import is_plain
from bgtool.engine.job import STREAM
from bgtool.errors import BgtoolError
from bgtool.storage.base import START, Journal
from bgtool.storage.file_journal import FILE_NAME
from bgtool.storage.stores import absolute, is_there, store_of
from bgtool.storage.tables import Tables, stored

_FOLDERS = 10_000
"""Folders of outputs that are kept in mind."""


class History:
    """What the manifest of a folder says so far.

    Attributes:
        folder: of the outputs.
        journal: that keeps the lines.
        astray: outputs whose lines were passed over because they are no places below the folder.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = os.fspath(folder)
        self._store = store_of(self.folder)
        self.journal: Journal = self._store.journal(self.folder)
        self._clear()

    def _clear(self) -> None:
        self.astray: list[str] = []
        self._index = Index()
        self._pending: dict[str, set[str]] = {}  # by output, digests that may have appeared and are not on record
        self._mark = START
        self._digests = Tables("CREATE TABLE digests (path BLOB PRIMARY KEY, size, time, digest) WITHOUT ROWID")
        self._straight: dict[str, bool] = {}  # by folder of outputs, whether no link leads there

    @property
    def names(self) -> dict[str, str]:
        """The outputs given so far, relative to the folder, by the absolute path of their input; none of them twice."""
        return dict(self._index.pairs())

    def catch_up(self) -> bool:
        """Take in the lines that came since the last call; whether there were any.

        Lines that cannot be understood, and a last one torn by a kill, are passed over.
        """
        if not self.journal.begins_with(self._mark):
            self._clear()
        start = self._mark
        for mark, line in self.journal.lines(start):
            self.take(line)
            self._mark = mark
        self._pending = {}
        for name, digest in self.journal.announced():
            if not self.made(name, digest):
                self._pending.setdefault(name, set()).add(digest)
        return self._mark != start

    def take(self, line: bytes) -> None:
        """Take in one line of JSON."""
        try:
            source, entry = parsed(line)
        except NOT_A_RECORD:
            return
        if entry.output and not self._is_place(entry.output):
            self.astray.append(entry.output)
            return
        self._index.add(source, entry)

    def is_done(
        self, source: str, target: str, options: str, model_sha256: str, *, earlier: str = "", checksum: bool = False
    ) -> bool:
        """Whether an input was done with these options and this model, and neither it nor its output, if any, changed.

        A file of the same size and time counts as unchanged, one of the same size and SHA-256 always.

        Args:
            source: path of the input.
            target: path of the output.
            options: `bgtool.tasks.order.Order.key`.
            model_sha256: digest of the model.
            earlier: absolute path of the input on record, where it was another.
            checksum: compare contents, not times.
        """
        entry = self._index.entry(earlier or absolute(source))
        if entry is None or not entry.done or (entry.options, entry.model_sha256) != (options, model_sha256):
            return False
        return self._is_still(source, *entry.fixed.of_input, checksum) and self.has_output(entry, target, checksum)

    def has_output(self, entry: Entry, target: str, checksum: bool = False) -> bool:
        """Whether what was written, if anything, is the file in this place, and did not change."""
        if entry.fixed.output_sha256 == NOTHING:
            return True
        return self.name_of(target) == entry.output and all(
            self._is_still(self._store.join(self.folder, file.name), *file[1:], checksum) for file in entry.files
        )

    def is_same(self, source: str, earlier: str, *, checksum: bool = False) -> bool:
        """Whether a file has the content that was read from the input `earlier` (an absolute path) on record."""
        entry = self._index.entry(earlier)
        return entry is not None and self._is_still(source, *entry.fixed.of_input, checksum)

    def given(self, source: str) -> str:
        """The output that an input (an absolute path) has; see `bgtool.batch.plan.Given`."""
        return self._index.given(source)

    def holder(self, output: str) -> str:
        """The input (an absolute path) that has an output."""
        return self._index.holder(output)

    def names_in(self, folder: str) -> set[str]:
        """The names of outputs in a folder, folded."""
        return self._index.names_in(folder)

    def made(self, name: str, digest: str) -> bool:
        """Whether an output, relative to the folder, ever was what has this digest, as far as is on record."""
        wanted = bytes.fromhex(digest)
        entry = self._index.entry(holder) if (holder := self._index.holder(name)) else None
        if entry and entry.done and any((file.name, file.sha256) == (name, wanted) for file in entry.files):
            return True
        return self._index.was(name, wanted)

    def is_own(self, target: str) -> bool:
        """Whether the file in an output's place is what a run of bgtool put there."""
        name, digest = self.name_of(target), self._store.digest(target)
        return bool(digest) and (self.made(name, digest) or digest in self._pending.get(name, ()))

    def sources(self, behind: str, count: int) -> list[str]:
        """Absolute paths of the inputs on record that come next after one, by the bytes of their paths."""
        return self._index.sources(behind, count)

    def count(self) -> int:
        """How many inputs are on record."""
        return self._index.count()

    def knows(self, source: str) -> bool:
        """Whether an input (an absolute path) is on record."""
        return self._index.entry(source) is not None

    def entry(self, source: str) -> Entry | None:
        """What is on record of an input (an absolute path), unless its output went to another one since."""
        entry = self._index.entry(source)
        return entry if entry and (not entry.output or self._index.holder(entry.output) == source) else None

    def why_unaccounted(self, name: str) -> str:
        """Why a file in the folder, by its relative path, is no output on record; empty where it is one."""
        entry = self._index.entry(holder) if (holder := self._index.holder(name)) else None
        if name in self._pending or (entry and entry.done and name in _names(entry)):
            return ""
        if entry and not entry.done:
            return "its input failed since"
        return (
            "its input has another output since"
            if entry or self._index.had(name)
            else "no line of the manifest tells of it"
        )

    def output_of(self, source: str) -> str:
        """The output that an input (an absolute path) has on record as done, relative to the folder, or nothing."""
        entry = self._index.entry(source)
        return entry.output if entry and entry.done else ""

    def files_of(self, source: str) -> tuple[str, ...]:
        """The files of that output, relative to the folder."""
        entry = self._index.entry(source)
        return _names(entry) if entry and entry.done and entry.output else ()

    def orphans(self, targets: Iterable[str]) -> Iterator[str]:
        """Outputs that are there, while their inputs are not, and that are none of `targets`.

        An input of the same name and content that was done elsewhere is the one that was there, moved.
        """

        def is_orphan(source: str, output: str) -> bool:
            return os.path.basename(source) != STREAM and is_gone(source) and any(self._there(source))

        for source in self._index.orphans(is_orphan, map(self.name_of, targets)):
            yield from self._there(source)

    def _there(self, source: str) -> Iterator[str]:
        """The files of an input's output that are there."""
        return filter(self.holds, self.files_of(source))

    def name_of(self, target: str) -> str:
        """The path of an output relative to the folder."""
        prefix = self._store.join(self.folder, "")
        return target.removeprefix(prefix) if target.startswith(prefix) else os.path.relpath(target, self.folder)

    def holds(self, name: str) -> bool:
        """Whether something stands in the place of an output, by its path relative to the folder."""
        return is_there(self._store.join(self.folder, name))

    def _is_place(self, name: str) -> bool:
        """Whether a name is a plain way down from the folder to a file that may be an output."""
        folder, _, last = name.rpartition(os.sep)
        if folder not in self._straight:
            if len(self._straight) >= _FOLDERS:
                self._straight.clear()
            self._straight[folder] = not folder or (
                is_plain(folder)
                and not self._store.obstacle(self._store.join(self.folder, folder), self.folder, writing=False)
            )
        return self._straight[folder] and is_plain(last) and last != FILE_NAME

    def _is_still(self, path: str, size: int, mtime_ns: int, sha256: bytes, checksum: bool) -> bool:
        """Whether a file is what is on record; it is read only where its time differs, or by request."""
        found = store_of(path).remembered(path)
        if found is None or size not in (found.stamp[0], UNKNOWN):
            return False
        if not checksum and mtime_ns in (found.stamp[1], UNKNOWN):
            return True
        return self._digest(path, found.stamp) == sha256.hex()

    def _digest(self, path: str, stamp: tuple[int, int]) -> str:
        """Of a file, which is read once as long as it keeps its size and time."""
        key = stored(path), *stamp
        if found := self._digests.one("SELECT digest FROM digests WHERE path = ? AND size = ? AND time = ?", *key):
            return str(found[0])
        digest = store_of(path).digest(path)
        self._digests.do("INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?)", *key, digest)
        return digest


def _names(entry: Entry) -> tuple[str, ...]:
    return tuple(file.name for file in entry.files)


def read(folder: str | os.PathLike[str]) -> History:
    """The history of a folder, without a lock and without writing; empty where there is none.

    Raises:
        OutputError: there is something that cannot be read.
    """
    history = History(folder)
    history.catch_up()
    return history


def is_gone(source: str) -> bool:
    """Whether an input is known to be there no more."""
    try:
        return not is_there(source)
    except BgtoolError:
        return False
