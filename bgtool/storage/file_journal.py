"""A journal in one file: lines are appended, each in one write, and a lock keeps other runs away.

A kill at any moment costs at most the line being written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from bgtool.errors import OutputError
from bgtool.storage import pending
from bgtool.storage.base import START, Mark
from bgtool.storage.local import folder_errors, open_regular, write_all
from bgtool.storage.locks import is_held, lock

FILE_NAME = "bgtool-manifest.jsonl"

LOCKED = "another run of bgtool is writing into the output folder"

_LONGEST_LINE = 1 << 24  # bytes; a longer one has no content
_BUFFER = 1 << 20


class FileJournal:
    """See `bgtool.storage.base.Journal`. Its marks are device, inode and offset in bytes."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._path = self._folder / FILE_NAME
        self.where = str(self._path)
        self._held: BinaryIO | None = None
        self._at_line_start = True

    @contextmanager
    def locked(self) -> Iterator[None]:
        """With the lock of the file system, where it has one."""
        with folder_errors(self._path):
            self._folder.mkdir(parents=True, exist_ok=True)
            file = open_regular(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        with file:
            _lock(file)
            self._held, self._at_line_start = file, _ends_with_newline(file)
            try:
                yield
            finally:
                self._held = None

    def begins_with(self, mark: Mark) -> bool:
        """Whether it is the same file, and no shorter."""
        if mark == START:
            return True
        try:
            status = self._path.stat() if self._held is None else os.fstat(self._held.fileno())
        except OSError:
            return False
        return mark[:2] == (status.st_dev, status.st_ino) and status.st_size >= mark[2]

    def lines(self, mark: Mark) -> Iterator[tuple[Mark, bytes]]:
        """Of the locked file, else of the one that is there now, if any."""
        if self._held:
            yield from _lines(self._held, mark)
            return
        with folder_errors(self._path):
            try:
                file = open_regular(self._path, os.O_RDONLY)
            except (FileNotFoundError, NotADirectoryError):
                return
            with file:
                yield from _lines(file, mark)

    def append(self, line: bytes) -> None:
        """In one write; behind a line that was torn, on a new one."""
        assert self._held
        with folder_errors(self._path):
            if not os.path.samestat(self._path.lstat(), os.fstat(self._held.fileno())):
                raise OutputError(f"{self._path} has been replaced while it was written")
            data = line if self._at_line_start else b"\n" + line
            self._at_line_start = False  # until the whole line is there
            write_all(self._held, data)
            self._at_line_start = True

    def announce(self, target: str, digest: str) -> None:
        """In a file of its own."""
        pending.announce(self._folder, Path(target), digest)

    def announced(self) -> Iterator[tuple[str, str]]:
        """From that file."""
        return pending.listed(self._folder)

    def forget(self) -> None:
        """Remove that file."""
        pending.forget(self._folder)


def is_written(folder: str) -> bool:
    """Whether a run is writing into an output folder of this machine; no, where that cannot be told."""
    try:
        file = open_regular(Path(folder) / FILE_NAME, os.O_RDWR)
    except (OSError, OutputError):
        return False
    with file:
        try:
            lock(file)
        except OSError as error:
            return is_held(error)
    return False


def _lines(file: BinaryIO, mark: Mark) -> Iterator[tuple[Mark, bytes]]:
    """The lines of a file behind a mark; overlong ones have no content."""
    status = os.fstat(file.fileno())
    end = mark[2]
    with os.fdopen(file.fileno(), "rb", _BUFFER, closefd=False) as reader:
        reader.seek(end)
        while line := reader.readline(_LONGEST_LINE):
            size = len(line)
            while len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
                rest = reader.readline(_LONGEST_LINE)
                size, line = size + len(rest), rest if len(rest) == _LONGEST_LINE else b"\n"
            if line.endswith(b"\n"):  # else it is read again once it is whole
                end += size
            yield (status.st_dev, status.st_ino, end), line


def _ends_with_newline(file: BinaryIO) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def _lock(file: BinaryIO) -> None:
    try:
        lock(file)
    except OSError as error:
        if is_held(error):
            raise OutputError(LOCKED, "wait for it, or choose another output folder") from error
        # else the file system knows no locks, as some network shares do: go on without
