"""What is on record, to be found by input and by output: on the disk, for it may be a million lines."""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH118, PTH119

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from bgtool.batch.entry import Entry
from bgtool.batch.names import folded
from bgtool.storage.tables import Tables, named, stored

_ENTRIES = """CREATE TABLE entries (
    source BLOB PRIMARY KEY, folder BLOB, name BLOB, maker INTEGER, done INTEGER, packed BLOB,
    rooted INTEGER) WITHOUT ROWID"""
_HOLDERS = """CREATE TABLE holders (
    folder BLOB, folded BLOB, name BLOB, source BLOB, turn INTEGER, PRIMARY KEY (folder, folded, name)) WITHOUT ROWID"""
_FORMER = "CREATE TABLE former (output BLOB, digest BLOB, PRIMARY KEY (output, digest)) WITHOUT ROWID"
_GONE = "CREATE TABLE gone (source BLOB PRIMARY KEY, folder BLOB, name BLOB, kept INTEGER) WITHOUT ROWID"
_DIGEST = "substr(packed, 33, 32)"  # `Fixed.input_sha256`


class Index:
    """The newest line of each input, and the input that had each output last; outputs are relative to their folder."""

    def __init__(self) -> None:
        self._tables = Tables(_ENTRIES, _HOLDERS, _FORMER)
        self._makers: dict[tuple[str, str], int] = {}  # options and model
        self._made_by: list[tuple[str, str]] = []
        self._turn = 0

    def add(self, source: str, entry: Entry) -> None:
        """Take in a line, newer than all before."""
        key, (folder, name) = stored(source), os.path.split(entry.output)
        row = key, stored(folder), stored(name), self._maker(entry), entry.done, entry.packed, entry.rooted
        if not self._tables.do("INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", *row):
            self._forget(source, entry)
            self._tables.do("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", *row)
        if not entry.output:
            return
        for output in _held(entry):
            self._hold(output, source)

    def _hold(self, output: str, source: str) -> None:
        """An output is an input's from now on."""
        self._turn += 1
        held = *_place(output), stored(source), self._turn
        if not self._tables.do("INSERT OR IGNORE INTO holders VALUES (?, ?, ?, ?, ?)", *held):
            holder = self.holder(output)
            if holder != source:
                self._outdate(self.entry(holder))
            self._tables.do("INSERT OR REPLACE INTO holders VALUES (?, ?, ?, ?, ?)", *held)

    def entry(self, source: str) -> Entry | None:
        """The newest line of an input."""
        found = self._tables.one(
            "SELECT folder, name, maker, done, packed, rooted FROM entries WHERE source = ?", stored(source)
        )
        if not found:
            return None
        folder, name, maker, done, packed, rooted = found
        options, model_sha256 = self._made_by[maker]
        return Entry(os.path.join(named(folder), named(name)), options, model_sha256, bool(done), packed, rooted)

    def holder(self, output: str) -> str:
        """The input that had an output last, if that is still its output; empty for none."""
        query = "SELECT source FROM holders WHERE folder = ? AND folded = ? AND name = ?"
        found = self._tables.one(query, *_place(output))
        return named(found[0]) if found else ""

    def given(self, source: str) -> str:
        """The output that an input has; empty where it has none, or where another's is the same to some file system."""
        entry = self.entry(source)
        if entry is None or not entry.output:
            return ""
        query = "SELECT source FROM holders WHERE folder = ? AND folded = ? ORDER BY turn LIMIT 1"
        found = self._tables.one(query, *_place(entry.output)[:2])
        return entry.output if found and named(found[0]) == source else ""

    def names_in(self, folder: str) -> set[str]:
        """The names in a folder that outputs have, `folded`."""
        rows = self._tables.rows("SELECT folded FROM holders WHERE folder = ? AND name <> x''", stored(folder))
        return {named(name) for (name,) in rows}

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Input and output of all that have one, as they were taken in."""
        query = "SELECT source, folder, name FROM entries NATURAL JOIN holders ORDER BY turn"
        for source, folder, name in self._tables.rows(query):
            yield named(source), os.path.join(named(folder), named(name))

    def sources(self, behind: str, count: int) -> list[str]:
        """The inputs that come next after one, by the bytes of their paths."""
        query = "SELECT source FROM entries WHERE source > ? ORDER BY source LIMIT ?"
        return [named(source) for (source,) in self._tables.rows(query, stored(behind), count)]

    def count(self) -> int:
        """How many inputs there are."""
        return int(self._tables.one("SELECT count(*) FROM entries")[0])

    def had(self, output: str) -> bool:
        """Whether an output ever was, before its newest line."""
        return self._tables.one("SELECT 1 FROM former WHERE output = ?", stored(output)) is not None

    def was(self, output: str, digest: bytes) -> bool:
        """Whether an output had a digest before its newest line."""
        query = "SELECT 1 FROM former WHERE output = ? AND digest = ?"
        return self._tables.one(query, stored(output), digest) is not None

    def orphans(self, is_orphan: Callable[[str, str], bool], targets: Iterable[str]) -> Iterator[str]:
        """Inputs that are gone and have an output, but for `targets` and those that were moved.

        Args:
            is_orphan: told by input and output, whether the one is gone and the other there.
            targets: outputs that other inputs have now.
        """
        tables = self._tables
        tables.do("DROP TABLE IF EXISTS gone")  # of the last time
        tables.do(_GONE)
        query = "SELECT source, folder, name FROM entries NATURAL JOIN holders WHERE done ORDER BY turn"
        for source, folder, name in tables.rows(query):
            if is_orphan(named(source), os.path.join(named(folder), named(name))):
                tables.do("INSERT INTO gone VALUES (?, ?, ?, 0)", source, folder, name)
        if not tables.one("SELECT 1 FROM gone"):
            return
        tables.do("CREATE INDEX places ON gone (folder, name)")
        tables.do(f"CREATE INDEX IF NOT EXISTS contents ON entries ({_DIGEST})")
        for target in targets:
            tables.do("UPDATE gone SET kept = 1 WHERE folder = ? AND name = ?", *map(stored, os.path.split(target)))
        for source, packed in tables.rows(
            "SELECT source, packed FROM gone NATURAL JOIN entries NATURAL JOIN holders WHERE NOT kept ORDER BY turn"
        ):
            if not self._is_elsewhere(named(source), packed[32:64]):
                yield named(source)

    def _is_elsewhere(self, source: str, digest: bytes) -> bool:
        """Whether an input of the same name and content was done that is not gone."""
        query = f"SELECT source FROM entries WHERE {_DIGEST} = ? AND done AND source NOT IN (SELECT source FROM gone)"
        name = os.path.basename(source)
        return any(os.path.basename(named(other)) == name for (other,) in self._tables.rows(query, digest))

    def _maker(self, entry: Entry) -> int:
        maker = entry.options, entry.model_sha256
        if maker not in self._makers:
            self._makers[maker] = len(self._made_by)
            self._made_by.append(maker)
        return self._makers[maker]

    def _forget(self, source: str, entry: Entry) -> None:
        """The line of an input is not its newest any more; its output may be another."""
        before = self.entry(source)
        self._outdate(before)
        for output in _held(before) if before else ():
            if output not in _held(entry) and self.holder(output) == source:
                query = "DELETE FROM holders WHERE folder = ? AND folded = ? AND name = ?"
                self._tables.do(query, *_place(output))

    def _outdate(self, entry: Entry | None) -> None:
        if entry and entry.done:
            for file in entry.files:
                self._tables.do("INSERT OR IGNORE INTO former VALUES (?, ?)", stored(file.name), file.sha256)


def _held(entry: Entry) -> set[str]:
    """The names that an input holds: that of its output, and those of both halves."""
    return {entry.output, *(file.name for file in entry.files)} - {""}


def _place(output: str) -> tuple[bytes, bytes, bytes]:
    """Where an output stands among the holders: its folder, its name folded, and its name."""
    folder, name = os.path.split(output)
    return stored(folder), stored(folded(name)), stored(name)
