"""The record of an output folder: one JSON line per finished input, so that a run can take up where the last one ended.

Lines are only ever added (`bgtool.storage.base.Journal` says how), and a later line about an input overrides the
earlier ones. `bgtool.batch.history` reads them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

from bgtool.batch.history import History
from bgtool.batch.record import Record
from bgtool.storage.stores import store_of


class Manifest:
    """A history that is being written. Made by `open_manifest`.

    Attributes:
        history: what is on record, with all that was added.
        changed: whether the journal holds lines that the history did not know before it was locked.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        self.changed = history.catch_up()

    @property
    def folder(self) -> str:
        """Of the outputs."""
        return self.history.folder

    def add(self, record: Record) -> None:
        """Append a record.

        Raises:
            OutputError: it cannot be written, e.g. because the disk is full, or the journal is no longer in its place.
        """
        values = dict(vars(record))
        values["output"] = self.history.name_of(record.output) if record.output else ""
        if record.second:
            values["second"] = {**record.second, "output": self.history.name_of(record.second["output"])}
        for name in ("geometry", "second"):
            if not values[name]:
                del values[name]
        line = json.dumps(values).encode("ascii") + b"\n"
        self.history.journal.append(line)
        self.history.take(line)

    def end(self) -> None:
        """Forget which outputs were about to appear, unless one of them lies there unrecorded, as after a kill."""
        history, store = self.history, store_of(self.folder)
        for name, digest in history.journal.announced():
            if not history.made(name, digest) and store.digest(store.join(self.folder, name)) == digest:
                return
        history.journal.forget()


@contextmanager
def open_manifest(folder: str | os.PathLike[str], known: History | None = None) -> Iterator[Manifest]:
    """Lock the journal of a folder, made if need be, and read it.

    Args:
        folder: of the outputs.
        known: what has been read of it already.

    Raises:
        OutputError: another run is writing into the folder, or the folder cannot be written.
    """
    history = known or History(folder)
    with history.journal.locked():
        yield Manifest(history)
