"""A page summed up in cells: the small picture of the whole page from which its layout is told."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.imaging.source import Source

CELL = 8
"""Side of a cell in pixels of what the document network sees."""

STRIP = 512
"""Rows that are summed up at once, a multiple of `CELL`."""

FEATURES = 11
"""Channels of the cells, see `cells_of`."""

PAPERLIKE, USUAL = 0.7, 70
"""Share of the paper's usual lightness from which a cell may be paper; the percentile of all cells that is usual."""

STEP = 40
"""Grey levels within a cell from which something is marked on it."""

Cells = NDArray[np.uint8]


def cells_of(pixels: NDArray[np.uint8]) -> Cells:
    """Sum up a part of a page.

    Args:
        pixels: uint8 [h, w, 3], RGB; incomplete cells at the right and the bottom are filled with the edge.

    Returns:
        uint8 [11, ceil(h / 8), ceil(w / 8)], of each cell: darkest and lightest grey, mean red, green and blue, mean
        step to the right and downwards, and the mean greys of its four quarters.
    """
    height, width = pixels.shape[:2]
    image = Image.fromarray(np.pad(pixels, ((0, -height % CELL), (0, -width % CELL), (0, 0)), mode="edge"))
    grey = np.asarray(image.convert("L"))
    colours = np.asarray(image.reduce(CELL)).transpose(2, 0, 1)
    quarters = np.asarray(Image.fromarray(grey).reduce(CELL // 2))
    corners = [quarters[row::2, column::2] for row in (0, 1) for column in (0, 1)]
    steps = [mean_step(grey), mean_step(grey.T).T]
    return np.stack([halved(grey, np.minimum), halved(grey, np.maximum), *colours, *steps, *corners])


def halved(grey: NDArray[np.uint8], choose: np.ufunc) -> NDArray[np.uint8]:
    """The least or largest of each cell."""
    for _ in range(CELL.bit_length() - 1):
        grey = choose(grey[::2], grey[1::2])
    for _ in range(CELL.bit_length() - 1):
        grey = choose(grey[:, ::2], grey[:, 1::2])
    return grey


def mean_step(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Mean difference between neighbours in a row, by cell; the first pixel of a row has none."""
    steps = np.zeros(grey.shape, np.uint8)
    np.subtract(np.maximum(grey[:, 1:], grey[:, :-1]), np.minimum(grey[:, 1:], grey[:, :-1]), out=steps[:, 1:])
    return np.asarray(Image.fromarray(steps).reduce(CELL))


def page_cells(source: Source) -> Cells:
    """Sum up a whole page, which is read once from top to bottom: uint8 [11, rows, columns]."""
    return np.concatenate(list(strips(source)), axis=1)


def strips(source: Source) -> Iterator[Cells]:
    """The page's cells, `STRIP` rows of pixels at a time."""
    width, height = source.size
    for top in range(0, height, STRIP):
        yield cells_of(source.window(0, top, width, min(top + STRIP, height)))


def usual_lightness(cells: Cells) -> float:
    """Grey level of the lightest pixel of cells as they usually are on a page that is mostly paper."""
    return float(np.percentile(cells[1], USUAL))


def mean_grey(cells: Cells) -> NDArray[np.float32]:
    """Mean grey level of each cell: float32 [rows, columns]."""
    return np.asarray(cells[-4:].mean(axis=0), np.float32)


def unmarked(cells: Cells) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Cells that nothing is marked on, and those of them that are as light as paper: bool [rows, columns] both."""
    flat = cells[1].astype(np.int16) - cells[0] < STEP
    return flat, flat & (cells[1] > PAPERLIKE * usual_lightness(cells))
