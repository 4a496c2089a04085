"""One process at a time has a file.

Windows and the other systems have no lock in common, and a package in the base install would replace these few lines.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import BinaryIO

_FAR = 1 << 40  # the byte that is locked on Windows, where a locked one cannot be read: beyond all that is


def is_held(error: OSError) -> bool:
    """Whether `lock` failed because another has the lock, and not because the file system knows none."""
    return error.errno in (errno.EWOULDBLOCK, errno.EACCES)


if sys.platform == "win32":
    import msvcrt

    def lock(file: BinaryIO) -> None:
        """Lock a file, to which nothing has been written yet, until it is closed, also by the end of its process.

        Raises:
            OSError: it is locked already, or the file system knows no locks, as some network shares do.
        """
        here = os.lseek(file.fileno(), 0, os.SEEK_CUR)
        os.lseek(file.fileno(), _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(file.fileno(), here, os.SEEK_SET)

else:
    import fcntl

    def lock(file: BinaryIO) -> None:
        """As above."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
