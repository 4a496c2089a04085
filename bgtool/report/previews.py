"""Whole pictures that a browser can show, of files whose format it cannot: for the least sure only."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from bgtool.errors import BgtoolError
from bgtool.imaging.reading.open import open_pages
from bgtool.imaging.reading.page import Page
from bgtool.report.thumbnails import save
from bgtool.storage.stores import stamp_of_file

SHOWN = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".avif"})
"""Suffixes of what browsers show by themselves."""

FILES, BYTES = 30, 8_000_000
"""How many files get whole pictures, and how many bytes these take together, at most."""

LARGEST = 16_000
"""Pixels along a side of WebP."""


class Previews:
    """The whole pictures in a folder, made once."""

    def __init__(self, folder: Path, max_megapixels: float = 200.0) -> None:
        self._folder, self._limit = folder, max_megapixels
        self._left, self._used = BYTES, set[str]()

    def of(self, pages: Iterable[tuple[Path, tuple[int, int], int]]) -> Iterator[str | None]:
        """For pages of files, with size and mtime of each file and the page's number in it from 0 on: the name of its
        picture; None where it needs none, or has none.
        """
        for path, stamp, number in pages:
            yield None if path.suffix.lower() in SHOWN else self._one(path, stamp, number)

    def sweep(self) -> None:
        """Remove the pictures that were asked for earlier and are no more."""
        for file in self._folder.glob("view-*.webp"):
            if file.name not in self._used:
                with suppress(OSError):
                    file.unlink()

    def _one(self, path: Path, stamp: tuple[int, int], number: int) -> str | None:
        if self._left <= 0 or stamp_of_file(str(path)) != stamp:
            return None
        named = f"{path}\0{stamp}" + (f"\0{number}" if number else "")
        key = hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()[:24]
        file = self._folder / f"view-{key}.webp"
        if not file.exists():
            with suppress(BgtoolError, OSError, MemoryError), open_pages(path, max_megapixels=self._limit) as reader:
                for page in islice(reader, number, number + 1):
                    save(file, encoded(page))
        if not file.exists():
            return None
        self._used.add(file.name)
        self._left -= file.stat().st_size
        return file.name


def encoded(page: Page) -> bytes:
    """A page at its size in WebP, without loss where it is black and white."""
    width, height = page.size
    pixels = page.window(0, 0, width, height)
    image = Image.fromarray(pixels)
    if max(image.size) > LARGEST:
        image.thumbnail((LARGEST, LARGEST))
    is_bilevel = bool(((pixels == 0) | (pixels == 255)).all() and (np.ptp(pixels, axis=2) == 0).all())
    data = io.BytesIO()
    image.save(data, "WEBP", lossless=is_bilevel, quality=60, method=1)
    return data.getvalue()
