"""Object stores and web servers, through fsspec, as a store.

An input is fetched once into a temporary file of this machine; an output is written into one and uploaded in one piece,
or in parts that the store joins only when all have arrived. What a place may hold is made sure of by the store, where
it makes objects on the condition that there is none.
"""

# Paths and URLs are strings here: a run may have a million of them.

from __future__ import annotations

import hashlib
import mimetypes
import os
import secrets
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from bgtool.errors import InputError, OutputError
from bgtool.storage.base import Found
from bgtool.storage.local import TEMPORARY_PREFIX, folder_errors, sweep
from bgtool.storage.locks import lock
from bgtool.storage.places import ANYTHING, FREE, Place, Stamp
from bgtool.storage.remote_faults import (
    is_beyond_end,
    is_conflict,
    is_missing,
    reading_faults,
    retried,
    sentence,
    writing_faults,
)
from bgtool.storage.remote_journal import RemoteJournal
from bgtool.storage.remote_listing import Snapshots, condition, found_of, listed

BLOCK = 32 << 20
"""Bytes that are fetched at a time; an object no larger is fetched in one request."""

_WEB = ("http", "https")

WRITABLE = frozenset({"s3", "gs", "az", "adl", "memory"})
"""Schemes of outputs: stores that make objects whole, or not at all."""


class Remote:
    """What one scheme of URLs leads to; see `bgtool.storage.base.Store`.

    Attributes:
        fs: fsspec's file system.
    """

    def __init__(self, fs: Any, scheme: str) -> None:
        self.fs, self._scheme = fs, scheme
        self._snapshots = Snapshots(self.look, self._survey)

    def absolute(self, path: str) -> str:
        """The scheme in lower case, without a slash at the end."""
        return f"{self._scheme}://{path.partition('://')[2].rstrip('/')}"

    def resolved(self, path: str) -> str:
        """The same: there are no links."""
        return path

    def join(self, folder: str, name: str) -> str:
        """With a slash, whatever the system's separator is."""
        return f"{folder.rstrip('/')}/{name.replace(os.sep, '/')}"

    def identity(self, path: str) -> str:
        """The URL: nothing is asked, and whether anything is there is not known."""
        return self.absolute(path)

    def look(self, path: str) -> Found | None:
        """An object by its ETag, version or time; a prefix of objects is a folder. Raises InputError."""
        with reading_faults(path):
            try:
                info = retried(lambda: self.fs.info(path))
            except Exception as error:
                if is_missing(error):
                    return None
                raise
            return found_of(info, self.absolute(path))

    def remembered(self, path: str) -> Found | None:
        """From what listings told; a folder of which much is asked is listed, but for those of web servers."""
        return self.look(path) if self._scheme in _WEB else self._snapshots.look(path)

    def refresh(self) -> None:
        """Forget the listings."""
        self._snapshots.clear()

    def occupant(self, path: str) -> Stamp:
        """One for an object's inode, which it has not, then size and version; as far as listings tell."""
        found = self.remembered(path)
        return (1, *found.stamp) if found else FREE

    def entries(self, folder: str) -> Iterator[tuple[str, bool]]:
        """Page by page, so that a million objects do not stand in memory as fsspec describes them. Raises OSError."""
        try:
            yield from self._found(folder)
        except Exception as error:
            raise OSError(None, sentence(error)) from None

    def digest(self, path: str) -> str:
        """Of the whole object, which is fetched."""
        with suppress(InputError), self.reading(path) as file, file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
        return ""

    def obstacle(self, folder: str, below: str, *, writing: bool = True) -> tuple[str, str] | None:
        """None: prefixes need not be made, and nothing bars them."""
        return None

    @contextmanager
    def reading(self, path: str) -> Iterator[Path]:
        """A temporary copy. Raises OutputError, too, where that cannot be written."""
        with _temporary() as (file, name):
            blocks = self._blocks(path)
            while block := self._next(blocks, path):
                with folder_errors(name):
                    file.write(block)
            with folder_errors(name):
                file.flush()
            yield name

    @contextmanager
    def replacing(self, place: Place) -> Iterator[BinaryIO]:
        """A temporary file, uploaded when the block ends well."""
        if self._scheme in _WEB:
            raise OutputError(f"cannot write {place.path}: a web server takes no outputs", "name an object store")
        if self._scheme not in WRITABLE:
            raise OutputError(
                f"cannot write {place.path}: whether {self._scheme}:// keeps what others made is not known",
                f"stores that outputs go to: {', '.join(sorted(WRITABLE))}",
            )
        with _temporary() as (file, name):
            try:
                yield file
            except OutputError as error:
                with folder_errors(name):  # which is what could not be written
                    raise error.__cause__ or error from None
            with folder_errors(name):
                file.flush()
            with writing_faults(place.path):
                self._publish(name, place)

    def sweep(self, folders: Iterable[str]) -> None:
        """Temporary copies on this machine whose processes are gone."""
        sweep([Path(tempfile.gettempdir())])

    def journal(self, folder: str) -> RemoteJournal:
        """Objects below the folder."""
        return RemoteJournal(self.fs, self._scheme, folder)

    def _survey(self, folder: str) -> None:
        """Have a prefix remembered; one that is not there holds nothing."""
        with reading_faults(folder):
            try:
                deque(self._found(folder), maxlen=0)
            except Exception as error:
                if not is_missing(error):
                    raise
                deque(self._snapshots.taken_in(folder, ()), maxlen=0)

    def _found(self, folder: str) -> Iterator[tuple[str, bool]]:
        for name, found in self._snapshots.taken_in(folder, listed(self.fs, self._scheme, folder)):
            yield name, found.is_folder

    def _next(self, blocks: Iterator[bytes], path: str) -> bytes:
        with reading_faults(path):
            return next(blocks, b"")

    def _blocks(self, path: str) -> Iterator[bytes]:
        if self._scheme in _WEB:  # servers are free to take no notice of a range
            yield retried(lambda: self.fs.cat_file(path))
            return
        start, size = 0, BLOCK
        while size == BLOCK:
            block = retried(lambda start=start: self._part(path, start))  # type: ignore[misc]
            yield block
            start, size = start + len(block), len(block)

    def _part(self, path: str, start: int) -> bytes:
        try:
            return bytes(self.fs.cat_file(path, start=start, end=start + BLOCK))
        except Exception as error:
            if is_beyond_end(error):
                return b""
            raise

    def _publish(self, file: Path, place: Place) -> None:
        """Upload a whole file, replacing no more than the place allows. Raises InputError, and what a store raises."""
        found = self.look(place.path) if place.over not in (ANYTHING, FREE) else None
        is_ours = place.over == ANYTHING or (found is not None and (1, *found.stamp) == place.over)
        more = {"ContentType": mimetypes.guess_type(place.path)[0]} if self._scheme == "s3" else {}
        try:
            retried(
                lambda: self.fs.put_file(
                    str(file),
                    place.path,
                    **condition(self._scheme, create=not is_ours),
                    **{name: value for name, value in more.items() if value},
                )
            )
        except Exception as error:
            if not is_conflict(error):
                raise
            if self.digest(place.path) != place.digest:  # else an upload whose answer was lost, or a killed worker's
                reason = f"{place.path} came there, or was changed, while the output was made"
                raise InputError(reason, "--overwrite replaces it") from None


@contextmanager
def _temporary() -> Iterator[tuple[BinaryIO, Path]]:
    """A file that is gone when the block ends, or swept if the process is killed in it."""
    path = Path(tempfile.gettempdir(), f"{TEMPORARY_PREFIX}{os.getpid()}-{secrets.token_hex(4)}")
    with folder_errors(path):
        file = path.open("x+b")
    try:
        with suppress(OSError):
            lock(file)
        yield file, path
    finally:
        with suppress(OSError):  # it must not hide the reason
            file.close()
        with suppress(OSError):
            path.unlink()
