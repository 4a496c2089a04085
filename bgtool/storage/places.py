"""The places of outputs: what may stand there, what keeps an output out, and how a whole file gets its name."""

# ruff: noqa: PTH118, PTH120, PTH206 - folders and places are strings, because a run may have a million of them

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bgtool.errors import InputError
from bgtool.storage.digest import digest_of

Stamp = tuple[int, int, int]
"""What stands in a place, as far as can be told without reading it: inode, size in bytes, mtime in ns."""

FREE: Stamp = (0, 0, 0)
"""Nothing stands there."""

ANYTHING: Stamp = (-1, -1, -1)
"""Whatever stands there may be replaced."""

_FD_OF_HERE, _NO_REPLACE = -100, 1  # AT_FDCWD and RENAME_NOREPLACE of Linux


@dataclass
class Place:
    """Where an output goes, and what it may replace.

    Attributes:
        path: of the output.
        over: what it may replace: `FREE`, `ANYTHING`, or exactly what had this stamp.
        below: the folder below which no link is followed; None where there is none.
        announce: called with the digest of the whole file before it gets its name; may raise.
        digest: hex SHA-256 of the whole file, once it is known.
    """

    path: str
    over: Stamp = ANYTHING
    below: str | None = None
    announce: Callable[[str], None] = lambda digest: None
    digest: str = ""

    def complete(self, digest: str) -> None:
        """The file is whole, and about to get its name."""
        self.digest = digest
        self.announce(digest)


def stamp_of(path: Path | str) -> Stamp:
    """What stands in a place; links are not followed."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return FREE
    return status.st_ino, status.st_size, status.st_mtime_ns


def is_regular(path: Path | str) -> bool:
    """Whether a file is there, and no link."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def obstacle(folder: str, below: str, *, writing: bool = True) -> tuple[str, str] | None:
    """What keeps outputs out of a folder that is `below` or lies below it: its path, and why.

    Not to write but to look for them, permissions do not matter.
    """
    here, relative = below, os.path.relpath(folder, below)
    for name in () if relative == os.curdir else relative.split(os.sep):
        if writing and here != below and not os.access(here, os.W_OK | os.X_OK):
            return here, "permission to write into this folder of outputs was denied"
        here = os.path.join(here, name)
        try:
            mode = os.lstat(here).st_mode
        except OSError:
            return None  # it is to be made
        if stat.S_ISLNK(mode):
            return here, "a link is in the place of a folder of outputs, and is not followed"
        if not stat.S_ISDIR(mode):
            return here, "a file is in the place of a folder of outputs"
    if writing and here != below and not os.access(here, os.W_OK | os.X_OK):
        return here, "permission to write into this folder of outputs was denied"
    return None


def refuse_obstacles(place: Place) -> None:
    """Raise InputError if the output cannot come below its folder without following a link."""
    if place.below and (found := obstacle(os.path.dirname(place.path), place.below)):
        raise InputError(f"{found[0]}: {found[1]}")


def publish(temporary: Path, place: Place) -> None:
    """Give a whole file the name of its place, in one step, replacing no more than the place allows.

    A file of the very same content that is there already counts as this one: a process that crashed had made it.

    Raises:
        InputError: something else stands there.
        OSError: the system refuses.
    """
    path, found = Path(place.path), stamp_of(place.path)
    if place.over == ANYTHING or (found == place.over and found != FREE):
        temporary.replace(path)
        return
    if found == FREE:
        with suppress(FileExistsError):
            rename_to_free(temporary, path)
            return
    if not (place.digest and is_regular(path) and digest_of(path) == place.digest):
        reason = f"{place.path} came there, or was changed, while the output was made"
        raise InputError(reason, "--overwrite replaces it")
    temporary.unlink()


def rename_to_free(source: Path, target: Path) -> None:
    """Rename a file to a name that nothing has.

    Where the file system knows neither hard links nor such a rename (some network shares, FAT on macOS), the name is
    looked at just before.

    Raises:
        FileExistsError: something has the name.
        OSError: the system refuses.
    """
    if sys.platform == "win32":
        source.rename(target)  # refuses by itself
        return
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        if not _rename_exclusively(source, target):
            if os.path.lexists(target):
                raise FileExistsError from None
            source.rename(target)
    else:
        source.unlink()


def _rename_exclusively(source: Path, target: Path) -> bool:
    """Linux' own rename that replaces nothing; False where it does not work. Raises FileExistsError."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(_FD_OF_HERE, os.fsencode(source), _FD_OF_HERE, os.fsencode(target), _NO_REPLACE) == 0:
        return True
    if isinstance(error := OSError(ctypes.get_errno(), ""), FileExistsError):
        raise error
    return False
