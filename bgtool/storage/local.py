"""Files that appear whole or not at all, and the plain reasons why one could not be written."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NoReturn, cast

from bgtool.errors import InputError, OutputError
from bgtool.storage.locks import lock
from bgtool.storage.places import Place, publish, refuse_obstacles

TEMPORARY_PREFIX = ".bgtool-"
_TEMPORARY = re.compile(re.escape(TEMPORARY_PREFIX) + "[0-9]{1,9}-[0-9a-f]{8}")

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission to write was denied",
    errno.EPERM: "permission to write was denied",
    errno.EPIPE: "the reader of the output went away",
    errno.EIO: "the disk reported an error",
}
if hasattr(errno, "EDQUOT"):
    _REASONS[errno.EDQUOT] = "the disk quota is used up"

_OF_ONE_FILE = {
    errno.ENAMETOOLONG: "the name of its output is too long",
    errno.EINVAL: "the name of its output is not allowed there",
    errno.EILSEQ: "the name of its output is not allowed there",
    errno.EFBIG: "its output is larger than the file system allows",
    errno.EISDIR: "a folder is in the place of its output",
    errno.ENOTDIR: "a file is in the place of a folder",
    errno.EEXIST: "a file is in the place of a folder",
    errno.ELOOP: "a link is in the place of its output",
}


@contextmanager
def output_errors(path: Path | str) -> Iterator[None]:
    """Turn what the system says about writing `path` into a reason.

    Raises:
        InputError: only this output cannot be written (its name, its size, its encoder): the run can go on.
        OutputError: nothing can be written there (full, read-only, forbidden): the run must stop.
    """
    try:
        yield
    except OSError as error:
        _explain(error, path)


@contextmanager
def folder_errors(path: Path | str) -> Iterator[None]:
    """As `output_errors`, for a file that the whole run stands on.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        with output_errors(path):
            yield
    except InputError as error:
        raise OutputError(f"cannot write {path}: {error.reason.replace('its output', 'it')}") from error


def _explain(error: OSError, path: Path | str) -> NoReturn:
    if error.errno is None:  # not the system but Pillow says so
        raise InputError(f"its output cannot be encoded: {error}") from error
    if error.errno in _OF_ONE_FILE:
        raise InputError(_OF_ONE_FILE[error.errno]) from error
    reason = _REASONS.get(error.errno, error.strerror)
    raise OutputError(f"cannot write {path}: {reason}") from error


@contextmanager
def replacing(place: Place) -> Iterator[BinaryIO]:
    """Open a file, readable, writable and seekable, that gets its name when the block ends well.

    Until then it is a hidden temporary file in the same folder, which is made if need be; a block that ends badly
    leaves nothing behind. The file gets the permissions that any new file gets.

    Raises:
        InputError: only this output cannot be written; also what stands in its place now is not what `place` says.
        OutputError: as `output_errors` says.
    """
    folder = Path(place.path).parent
    temporary = folder / f"{TEMPORARY_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    refuse_obstacles(place)
    with output_errors(place.path) if place.below else folder_errors(place.path):
        folder.mkdir(parents=True, exist_ok=True)
    with output_errors(place.path):
        file = temporary.open("x+b")
    with suppress(OSError):
        lock(file)
    try:
        try:
            yield file
        except BaseException:
            with suppress(OSError):  # it must not hide the reason
                file.close()
            raise
        with output_errors(place.path):
            file.flush()
            os.fsync(file.fileno())  # else a power cut could leave the new name with nothing in it
            file.close()
            refuse_obstacles(place)
            publish(temporary, place)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def open_regular(path: Path, flags: int) -> BinaryIO:
    """Open a file, unbuffered, that is neither a link nor anything but a file; a pipe is not waited for.

    Args:
        path: of the file.
        flags: of `os.open`, among them ``O_RDONLY``, ``O_WRONLY`` or ``O_RDWR``.

    Raises:
        OSError: it cannot be opened.
        OutputError: it is no regular file.
    """
    careful = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"))
    if path.is_symlink():
        raise OutputError(f"cannot write {path}: it is a link, which is not followed")
    number = os.open(path, flags | careful, 0o666)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OutputError(f"cannot write {path}: it is not a regular file")
    return cast(BinaryIO, os.fdopen(number, _MODES[flags & 3], 0))


def write_all(file: BinaryIO, data: bytes) -> None:
    """Write to an unbuffered file, which may take only a part at a time. Raises OSError."""
    while data:
        data = data[os.write(file.fileno(), data) :]


_MODES = {os.O_RDONLY: "rb", os.O_WRONLY: "wb", os.O_RDWR: "r+b"}


def sweep(folders: Iterable[Path]) -> None:
    """Remove from folders, not from below them, the temporary files of processes that were killed.

    What cannot be removed, or looked into, stays; nothing is raised.
    """
    for folder in folders:
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if _TEMPORARY.fullmatch(entry.name):
                    with suppress(OSError, OutputError), open_regular(Path(entry), os.O_RDWR) as file:
                        lock(file)
                        Path(entry).unlink()
