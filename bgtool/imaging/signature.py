"""Which files bgtool made, by what they say themselves, where no manifest tells."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

from bgtool.errors import InputError
from bgtool.optional import need


def is_signed(path: Path) -> bool:
    """Whether a file, no link, says that bgtool made it, as those of PNG, JPEG, TIFF, WebP and PDF do."""
    try:
        if path.is_symlink() or not path.is_file():
            return False
        with path.open("rb") as file:
            if file.read(5) == b"%PDF-":
                need("pdf")
                from bgtool.imaging.writing.pdf import producer

                return producer(file).startswith("bgtool ")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return re.search(rb"bgtool \d", data) is not None
    except (InputError, OSError, ValueError):  # an empty file has no map
        return False
