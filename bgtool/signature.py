"""Which files bgtool made, by what they say themselves, where no manifest tells."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

from bgtool import formats
from bgtool.errors import InputError
from bgtool.extras import pdf_module

_MUTE = (formats.BMP, formats.PNM, formats.JPEG2000)
"""Formats whose files have no place to say who made them."""


def may_be_own(path: Path) -> bool:
    """Whether a file that bgtool may have made could be what it made."""
    return formats.container(path.suffix) in _MUTE or is_signed(path)


def is_signed(path: Path) -> bool:
    """Whether a file says that bgtool made it, as `bgtool.writing` has PNG, JPEG, TIFF, WebP and PDF say."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            if file.read(5) == b"%PDF-":
                return str(pdf_module("writing").producer(file)).startswith("bgtool ")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return re.search(rb"bgtool \d", data) is not None
    except (InputError, OSError, ValueError):  # an empty file has no map
        return False
