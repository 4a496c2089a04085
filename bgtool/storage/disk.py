"""The files of this machine, network shares among them, as a store."""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH100, PTH114, PTH116, PTH118

from __future__ import annotations

import os
import stat
from collections.abc import Hashable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

from bgtool.storage.base import Found
from bgtool.storage.digest import digest_of
from bgtool.storage.file_journal import FileJournal
from bgtool.storage.local import replacing, sweep
from bgtool.storage.places import Place, Stamp, obstacle, stamp_of


class Disk:
    """Files by their paths; see `bgtool.storage.base.Store`."""

    def absolute(self, path: str) -> str:
        """From the root."""
        return os.path.abspath(path)

    def resolved(self, path: str) -> str:
        """Where a link leads in the end."""
        return os.path.realpath(path) if os.path.islink(path) else path

    def join(self, folder: str, name: str) -> str:
        """With the system's own separator."""
        return os.path.join(folder, name)

    def identity(self, path: str) -> Hashable | None:
        """Device and inode."""
        found = self.look(path)
        return found.identity if found else None

    def look(self, path: str) -> Found | None:
        """Device and inode are the identity."""
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            return None
        identity = status.st_dev, status.st_ino
        return Found(stat.S_ISDIR(status.st_mode), identity, (status.st_size, status.st_mtime_ns))

    def remembered(self, path: str) -> Found | None:
        """As it is now: the system remembers."""
        return self.look(path)

    def refresh(self) -> None:
        """Nothing."""

    def occupant(self, path: str) -> Stamp:
        """Inode, size and time."""
        return stamp_of(path)

    def entries(self, folder: str) -> Iterator[tuple[str, bool]]:
        """A link to a folder counts as one, unless it leads round in a circle."""
        with os.scandir(folder) as found:
            for entry in found:
                yield entry.name, _is_folder(entry)

    def digest(self, path: str) -> str:
        """Of regular files only."""
        return digest_of(Path(path))

    def obstacle(self, folder: str, below: str, *, writing: bool = True) -> tuple[str, str] | None:
        """Links, files and permissions."""
        return obstacle(folder, below, writing=writing)

    def reading(self, path: str) -> AbstractContextManager[Path]:
        """The file itself."""
        return nullcontext(Path(path))

    def replacing(self, place: Place) -> AbstractContextManager[BinaryIO]:
        """A hidden temporary file in the same folder, renamed."""
        return replacing(place)

    def sweep(self, folders: Iterable[str]) -> None:
        """Such temporary files whose processes are gone."""
        sweep(map(Path, folders))

    def journal(self, folder: str) -> FileJournal:
        """A file in the folder."""
        return FileJournal(folder)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle
        return False
