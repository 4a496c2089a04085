"""The record of an output folder: one JSON line per finished input, so that a run can take up where the last one ended.

Lines are only ever appended, each in one write, so a kill at any moment costs at most the line being written. A later
line about an input overrides the earlier ones. The file is locked while a run writes into its folder.
`bgtool.batch.history` reads it.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from bgtool.batch.history import History
from bgtool.batch.names import FILE_NAME
from bgtool.batch.record import Record
from bgtool.errors import OutputError
from bgtool.storage import pending
from bgtool.storage.digest import digest_of
from bgtool.storage.local import folder_errors, lock, open_regular, write_all


class Manifest:
    """A history that is being written. Made by `open_manifest`.

    Attributes:
        history: what is on record, with all that was added.
        changed: whether the file holds lines that the history did not know before it was locked.
    """

    def __init__(self, history: History, file: BinaryIO) -> None:
        self.history = history
        self.changed = history.catch_up(file)
        self._file = file
        self._at_line_start = _ends_with_newline(file)

    @property
    def folder(self) -> Path:
        """Of the outputs."""
        return self.history.folder

    def add(self, record: Record) -> None:
        """Append a record.

        Raises:
            OutputError: the file cannot be written, e.g. because the disk is full, or is no longer in its place.
        """
        values = dict(vars(record))
        values["output"] = self.history.name_of(record.output) if record.output else ""
        line = json.dumps(values).encode("ascii") + b"\n"
        path = self.folder / FILE_NAME
        with folder_errors(path):
            if not os.path.samestat(path.lstat(), os.fstat(self._file.fileno())):
                raise OutputError(f"{path} has been replaced while it was written")
            data = line if self._at_line_start else b"\n" + line
            self._at_line_start = False  # until the whole line is there
            write_all(self._file, data)
            self._at_line_start = True
        self.history.take(line)

    def end(self) -> None:
        """Forget which outputs were about to appear, unless one of them lies there unrecorded, as after a kill."""
        for name, digest in pending.listed(self.folder):
            if not self.history.made(name, digest) and digest_of(self.folder / name) == digest:
                return
        pending.forget(self.folder)


@contextmanager
def open_manifest(folder: Path, known: History | None = None) -> Iterator[Manifest]:
    """Lock the manifest of a folder, made if need be, and read it.

    Args:
        folder: of the outputs.
        known: what has been read of it already.

    Raises:
        OutputError: another run is writing into the folder, or the folder cannot be written.
    """
    path = folder / FILE_NAME
    with folder_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        file = open_regular(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    with file:
        _lock(file)
        yield Manifest(known or History(folder), file)


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
