"""Outputs that are about to get their names: after a kill, this list tells them from files that are others'.

Each entry is written, and on the disk, before its output appears: the output's SHA-256 and its path relative to the
folder, between NULs. The list goes when all of it stands in the manifest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bgtool.storage.local import folder_errors, open_regular, write_all

FILE_NAME = ".bgtool-begun"
_ENTRY = re.compile(rb"([0-9a-f]{64}) ([^\0]+)", re.DOTALL)
_BLOCK = 1 << 20
_LONGEST = 1 << 16  # bytes of an entry; what is longer is none


def announce(folder: Path, target: Path, digest: str) -> None:
    """Add an output that is going to appear.

    Raises:
        OutputError: the list cannot be written.
    """
    path = folder / FILE_NAME
    name = os.path.relpath(target, folder)
    with folder_errors(path), open_regular(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as file:
        write_all(file, b"\0%s %s\0" % (digest.encode(), os.fsencode(name)))
        os.fsync(file.fileno())


def listed(folder: Path) -> Iterator[tuple[str, str]]:
    """Path, relative to the folder, and digest of each output on the list; what is no entry is passed over.

    Raises:
        OutputError: the list cannot be read.
    """
    path = folder / FILE_NAME
    with folder_errors(path):
        try:
            file = open_regular(path, os.O_RDONLY)
        except (FileNotFoundError, NotADirectoryError):
            return
        with file:
            rest = b""
            while block := file.read(_BLOCK):
                *entries, rest = (rest[-_LONGEST:] + block).split(b"\0")
                for entry in entries:
                    if found := _ENTRY.fullmatch(entry):
                        yield os.fsdecode(found[2]), found[1].decode()


def forget(folder: Path) -> None:
    """Remove the list."""
    with suppress(OSError):
        (folder / FILE_NAME).unlink()
