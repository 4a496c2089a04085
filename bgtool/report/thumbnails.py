"""Small pictures of inputs and outputs, made once: a sheet holds those of many files, for 10,000 files fit in 100.

A later review of the same folder keeps the sheets and adds one for what is new.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from bgtool.errors import BgtoolError
from bgtool.imaging.reading.open import open_pages
from bgtool.imaging.reading.page import Page
from bgtool.report.items import Item
from bgtool.runtime.cores import usable_cores
from bgtool.storage.local import replacing
from bgtool.storage.places import Place
from bgtool.storage.stores import stamp_of_file

SIDE = 112
"""Of a small picture, the longer one, in pixels."""

ACROSS, DOWN = 5, 20
"""Files on a sheet; each has two places side by side, its input's and its output's."""

QUALITY = 30
"""Of the sheets' WebP; with it, 10,000 scans and their pages take about 25 MB."""

INDEX = "index.json"
VERSION = 1
ROWS = 512


class Spot(NamedTuple):
    """Where the small pictures of a file are: which sheet, which place on it, and their widths and heights; 0: none."""

    sheet: int
    place: int
    width: int
    height: int
    output_width: int
    output_height: int


def name_of(sheet: int) -> str:
    """The name of a sheet's file."""
    return f"sheet-{sheet:05}.webp"


class Thumbnails:
    """The sheets in a folder.

    Args:
        folder: that holds them, and nothing of anybody else's.
        outputs: folder of the outputs.
        max_megapixels: larger pictures get no small one.
    """

    def __init__(self, folder: Path, outputs: Path, max_megapixels: float = 2000.0) -> None:
        self._folder, self._outputs, self._limit = folder, outputs, max_megapixels
        self._spots: dict[str, Spot] = {}
        with suppress(OSError, ValueError, KeyError, TypeError):
            index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
            if index["version"] == VERSION:
                self._spots = {key: Spot(*map(int, values)) for key, values in index["spots"].items()}

    def of(self, items: Sequence[Item]) -> list[Spot | None]:
        """The spots of these files, made as far as they are not there; None where there is nothing to show."""
        wanted = {item.digest: item for item in items if item.output}
        missing = [item for digest, item in wanted.items() if digest not in self._spots]
        first = max((spot.sheet for spot in self._spots.values()), default=-1) + 1
        with ThreadPoolExecutor(usable_cores()) as pool:
            for number, start in enumerate(range(0, len(missing), ACROSS * DOWN), first):
                some = missing[start : start + ACROSS * DOWN]
                pictures = list(pool.map(self._pair, some))
                self._write(number, some, pictures)
        self._keep(wanted)
        return [self._spots.get(item.digest) if item.output else None for item in items]

    def _pair(self, item: Item) -> tuple[Image.Image | None, Image.Image | None]:
        source, made = item.stamps
        output = self._outputs / item.output
        return self._small(Path(item.input), source), self._small(output, made)

    def _small(self, path: Path, stamp: tuple[int, int]) -> Image.Image | None:
        """The first page of a file, small; None where it has changed, or cannot be read any more."""
        if stamp_of_file(str(path)) != stamp:
            return None
        with suppress(BgtoolError, OSError, MemoryError), open_pages(path, max_megapixels=self._limit) as reader:
            return shrunk(next(iter(reader)), SIDE)
        return None

    def _write(
        self, number: int, items: Sequence[Item], pairs: Sequence[tuple[Image.Image | None, Image.Image | None]]
    ) -> None:
        rows = -(-len(items) // ACROSS)
        sheet = Image.new("RGB", (ACROSS * 2 * SIDE, rows * SIDE), (128, 128, 128))
        for place, (item, pair) in enumerate(zip(items, pairs, strict=True)):
            sizes: list[int] = []
            for side, picture in enumerate(pair):
                sizes += picture.size if picture else (0, 0)
                if picture:
                    sheet.paste(picture, ((place % ACROSS * 2 + side) * SIDE, place // ACROSS * SIDE))
            self._spots[item.digest] = Spot(number, place, *sizes)
        data = io.BytesIO()
        sheet.save(data, "WEBP", quality=QUALITY, method=4)
        save(self._folder / name_of(number), data.getvalue())

    def _keep(self, wanted: dict[str, Item]) -> None:
        """Write the index; sheets of which nothing is wanted any more go."""
        kept = {digest: spot for digest, spot in self._spots.items() if digest in wanted}
        for number in {spot.sheet for spot in self._spots.values()} - {spot.sheet for spot in kept.values()}:
            with suppress(OSError):
                (self._folder / name_of(number)).unlink()
        self._spots = kept
        save(self._folder / INDEX, json.dumps({"version": VERSION, "spots": kept}).encode())


def shrunk(page: Page, side: int) -> Image.Image:
    """A page on white, its longer side at most so many pixels; read strip by strip."""
    width, height = page.size
    factor = max(1, max(width, height) // (2 * side))
    strips = [np.asarray(strip) for strip in _reduced(page, factor)]
    small = Image.fromarray(np.concatenate(strips))
    scale = side / max(width, height)
    if scale >= 1:
        return small
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return small.resize(size, Image.Resampling.LANCZOS)


def _reduced(page: Page, factor: int) -> Iterator[Image.Image]:
    width, height = page.size
    step = factor * max(1, ROWS // factor)
    for top in range(0, height, step):
        yield Image.fromarray(page.window(0, top, width, min(top + step, height))).reduce(factor)


def save(path: Path, data: bytes) -> None:
    """Write a file of the review's own, whole or not at all. Raises OutputError or InputError."""
    with replacing(Place(str(path))) as file:
        file.write(data)
