"""A second opinion on a cleaned page, from pixels alone: was something left out, put in, or left dark?

Scan and result are compared on a grid of cells while the page is cleaned, so that a page need not be held; what the
network believes plays no part. It finds what is lost by areas, lines and words, not by single thin strokes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from bgtool.imaging.components import Labels, components
from bgtool.tasks import squares
from bgtool.tasks.areas import reached
from bgtool.tasks.layout import holes

CELL = 4
"""Side of a cell in pixels of the scan; of pages above `MOST_CELLS` cells a power of two times that."""

MOST_CELLS = 1 << 23

BLOCK = 8
"""Cells along a side of a block, of which loss is judged."""

AROUND = 15
"""Blocks along the side of the square whose lightest place is taken for paper, and its darkest for ink."""

LEAST_CONTRAST = 24
"""Grey levels between paper and a cell that stands out."""

STANDS_OUT, OUTWEIGHED = 0.5, 0.5
"""Darkness of a cell, as a share of the ink around it, from which it counts; share of it that a result must hold."""

BARE = 230
"""Grey level of a result's cells that are white all around."""

FEW = 0.15
"""Share of a block's ink from which it counts as lost."""

PALEST, SOLID = 0.7, 0.7
"""Shares of the depth of the ink that was kept: of the palest that counts as ink beside no other, and of an area's."""

SHARP = 0.5
"""Step over two cells, as a share of the ink around, that ink's edges make and those of stains do not."""

CERTAIN, LIKELY = 0.12, 0.05
"""How much of a place where ink may be lost has to look like ink, and how much where it is as deep as other ink: of its
rim in blocks, or of its lost cells. Of a stain or of what shines through hardly any does."""

CRISP, DEEP, FEW_CELLS = 0.85, 0.85, 40
"""Step over two cells, as a share of its depth, that a thin stroke of ink makes; share of the depth of kept ink from
which a place is as deep; lost cells below which their share proves nothing."""

LOST, ADDED, DARK, EDGE, BLANK = 0.05, 0.2, 90, 0.3, 0.25
"""Limits: share of what stood out that came out white, of the result that stands where nothing stood out, median grey
level of a page that is dark, share of the page's rim that is dark in the result, least share of blank paper."""

NEAR_PAPER = 48
"""Grey levels by which blank paper is darker than the lightest around at most."""

Grid = NDArray[np.float32]


@dataclass(frozen=True)
class Findings:
    """What was found out about a page.

    Attributes:
        lost: share of what stood out darker than its surroundings that came out white, 0..1.
        box: left, top, right and bottom in pixels of the worst place; None where nothing was lost.
        added: share of the result's ink that lies where nothing stood out, 0..1.
        level: median grey level of the scan.
        edge: share of the page's rim that is dark in the result, 0..1.
        blank: share of the page beside kept pictures that is about as light as the lightest around, 0..1.
        contrast: grey levels by which the ink that was kept is darker than its paper.
    """

    lost: float
    box: tuple[int, int, int, int] | None
    added: float
    level: float
    edge: float
    blank: float
    contrast: float

    def warnings(self) -> tuple[str, ...]:
        """A sentence about everything that is over its limit."""
        found = []
        if self.lost > LOST and self.box:
            left, top, right, bottom = self.box
            place = f"x {left} to {right}, y {top} to {bottom}"
            found.append(f"{self.lost:.0%} of what stands out dark on it came out white, most of it at {place}")
        if self.added > ADDED:
            found.append(f"{self.added:.0%} of the result's ink lies where nothing stands out on it")
        if self.level < DARK:
            found.append("it is dark as a whole: what is its paper may not have been recognised")
        if self.edge > EDGE:
            found.append(f"{self.edge:.0%} of its rim came out dark")
        if self.blank < BLANK and self.level >= DARK:
            found.append(f"only {self.blank:.0%} of it is blank paper: a picture that fills a page is not kept")
        return tuple(found)


class Guard:
    """Takes in a page and its result, part by part.

    Attributes:
        cell: side of a cell in pixels.
        levels: how many pixels of the page, but for pictures, have each of the 256 grey levels; no finding follows.
    """

    def __init__(self, size: tuple[int, int], ink_below: int = 0) -> None:
        """Start on a page.

        Args:
            size: width and height in pixels.
            ink_below: grey level below which the result is black, and from which on white; 0 for one that has greys.
        """
        self._size, self._ink_below, self._pictured = size, ink_below, 0
        self.cell, self.levels = CELL, np.zeros(256, np.int64)
        while (size[0] // self.cell + 1) * (size[1] // self.cell + 1) > MOST_CELLS:
            self.cell *= 2
        shape = -(-size[1] // self.cell), -(-size[0] // self.cell)
        self._scan, self._page = np.full(shape, 255, np.uint8), np.full(shape, 255, np.uint8)

    def take(
        self,
        left: int,
        top: int,
        scan: NDArray[np.uint8],
        page: NDArray[np.uint8],
        pictures: NDArray[np.bool_] | None = None,
    ) -> None:
        """Take in a part.

        Args:
            left, top: its place in the scan in pixels, multiples of `cell`.
            scan: uint8 [h · n, w · n, 3], any whole number of times enlarged.
            page: uint8 [h, w], what became of it, grey.
            pictures: bool [h, w], where there are pictures, of which a result without greys has dots; None for nowhere.
        """
        self.levels += np.bincount(page.ravel() if pictures is None else page[~pictures], minlength=256)
        self._pictured += 0 if pictures is None else int(pictures.sum())
        if self._ink_below:
            whitened = (page >= self._ink_below) * np.uint8(255)
            page = whitened if pictures is None else np.where(pictures, page, whitened)
        seen = np.asarray(Image.fromarray(scan).reduce(self.cell * (len(scan) // len(page))).convert("L"))
        result = np.asarray(Image.fromarray(page).reduce(self.cell))
        rows, columns = (slice(start // self.cell, None) for start in (top, left))
        self._scan[rows, columns][: len(seen), : seen.shape[1]] = seen
        self._page[rows, columns][: len(seen), : seen.shape[1]] = result

    def findings(self) -> Findings:
        """What is to be said of the parts taken in."""
        found = compare(self._scan, self._page, self.cell, self._size)
        beside = max(1 - self._pictured / (self._size[0] * self._size[1]), BLANK)
        return replace(found, blank=min(found.blank / beside, 1.0))


def compare(scan: NDArray[np.uint8], page: NDArray[np.uint8], cell: int, size: tuple[int, int]) -> Findings:
    """Compare the cells of a scan and its result: uint8 [rows, columns] both, means of grey levels."""
    ground = widened(spread(blocks(scan, np.max)), scan.shape)
    depth = np.clip(ground - scan.astype(np.float32), 0, None)
    dark, blank = depth > 0.35 * ground, float((depth < NEAR_PAPER).mean())
    outside = bed(dark)
    if outside.any():
        outside |= squares.widened(holes(components(dark & ~outside), scan, outside))
    depth[outside] = 0
    result = (255 - page.astype(np.float32)) / 255
    result[outside] = 0
    usual = usual_depth(depth, page)
    ink = np.maximum(widened(spread(blocks(depth, np.max)), scan.shape), PALEST * usual)
    share = depth / np.maximum(ink, 1)
    stands_out = (share > STANDS_OUT) & (depth >= LEAST_CONTRAST)
    expected, found = blocks(share * stands_out, np.sum), blocks(result, np.sum)
    bare = np.asarray(Image.fromarray(page).filter(ImageFilter.MinFilter(3))) > BARE
    white, step = stands_out & bare, steps(scan)
    sharp = white & (step >= np.maximum(SHARP * ink, LEAST_CONTRAST))
    solid = (share > 0.85) & (depth > SOLID * usual) & bare
    gone = blocks(share * white, np.sum)
    gone = np.where(found < OUTWEIGHED * expected, np.maximum(gone, expected - found), gone)
    missed = gone >= np.maximum(1, FEW * expected)
    seeds = missed & ((blocks(sharp, np.sum) >= 3) | (blocks(solid, np.sum) >= BLOCK * BLOCK // 2))
    inked = is_ink(components(missed), seeds, white, step / max(usual, 1), depth / max(usual, 1))
    lost = np.where(inked, gone, 0)
    extra = result * ((share < 0.15) & (depth < LEAST_CONTRAST / 2))
    return Findings(
        lost=float(lost.sum() / max(expected.sum(), 1)),
        box=worst(lost, cell * BLOCK, size) if lost.any() else None,
        added=float(extra.sum() / max(found.sum(), 1)),
        level=float(np.median(scan[::2, ::2])),
        edge=rim(page),
        blank=blank,
        contrast=usual,
    )


def is_ink(
    places: Labels, seeds: NDArray[np.bool_], white: NDArray[np.bool_], step: Grid, depth: Grid
) -> NDArray[np.bool_]:
    """By block, whether it belongs to a place that holds ink.

    Args:
        places: int32 [rows, columns], numbers by block of places where ink may be lost, 0 elsewhere.
        seeds: bool of the same shape, blocks with ink's sharp edges or its tone.
        white: bool [h, w], cells that stood out and came out white.
        step, depth: float32 [h, w], by how much a cell's neighbours differ, and how much darker than paper it is, as
            shares of the depth of the ink that was kept.
    """
    count = int(places.max()) + 1

    def total(values: NDArray[np.generic]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(places.ravel(), values.ravel().astype(np.float64), count), np.float64)

    cells = np.maximum(total(blocks(white, np.sum)), FEW_CELLS)
    crisp = total(blocks(white & (step >= CRISP * depth), np.sum)) / cells
    deep = total(blocks(depth * white, np.sum)) / cells >= DEEP
    edged = total(seeds) / np.maximum(total(squares.widened(places == 0)), 1)
    found = np.maximum(edged, crisp) >= np.where(deep, LIKELY, CERTAIN)
    found[0] = False
    return np.asarray(found[places])


def usual_depth(depth: Grid, page: NDArray[np.uint8]) -> float:
    """How much darker than paper the ink is that the result holds; without any, the darkest of the page."""
    kept = depth[page < 128]
    kept = kept[kept > LEAST_CONTRAST]
    return float(np.percentile(kept, 75) if len(kept) > 50 else np.percentile(depth[::2, ::2], 99.5))


def bed(dark: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The cells that a way through dark ones leads to from the page's edge, and those beside them: a bed, a border.

    The page goes on beyond its edge as it ends there, so that a border of one cell counts.
    """
    beyond = np.pad(dark, ((1, 1 + len(dark) % 2), (1, 1 + dark.shape[1] % 2)), mode="edge")
    half = beyond[::2, ::2] & beyond[1::2, ::2] & beyond[::2, 1::2] & beyond[1::2, 1::2]
    edge = np.ones_like(half)
    edge[1:-1, 1:-1] = False
    found = np.asarray(Image.fromarray(reached(half, edge)).convert("L").filter(ImageFilter.MaxFilter(5))) > 0
    return found.repeat(2, 0).repeat(2, 1)[1 : len(dark) + 1, 1 : dark.shape[1] + 1]


def steps(cells: NDArray[np.uint8]) -> Grid:
    """How much the cells on either side of each differ, the larger of both directions."""
    wide = np.pad(cells, 1, mode="edge").astype(np.float32)
    down, across = wide[2:, 1:-1] - wide[:-2, 1:-1], wide[1:-1, 2:] - wide[1:-1, :-2]
    return np.asarray(np.maximum(abs(down), abs(across)), np.float32)


def blocks(cells: NDArray[np.generic], how: object) -> Grid:
    """One number a block of cells; the last ones may be smaller."""
    rows, columns = cells.shape
    padded = np.pad(
        cells, ((0, -rows % BLOCK), (0, -columns % BLOCK)), mode="edge" if how is not np.sum else "constant"
    )
    parts = padded.reshape(len(padded) // BLOCK, BLOCK, -1, BLOCK)
    return np.asarray(how(parts, axis=(1, 3)), np.float32)  # type: ignore[operator]


def widened(grid: Grid, shape: tuple[int, ...]) -> Grid:
    """Blocks as cells."""
    return np.asarray(grid.repeat(BLOCK, 0).repeat(BLOCK, 1)[: shape[0], : shape[1]], np.float32)


def spread(grid: Grid, side: int = AROUND) -> Grid:
    """Every block as the highest in a square around it."""
    image = Image.fromarray(np.clip(grid, 0, 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.MaxFilter(side)), np.float32)


def rim(page: NDArray[np.uint8]) -> float:
    """Share of the outermost two cells of a page that are dark."""
    edges = np.concatenate([page[:2].ravel(), page[-2:].ravel(), page[:, :2].ravel(), page[:, -2:].ravel()])
    return float((edges < 128).mean())


def worst(lost: Grid, side: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The box in pixels around the place where most is lost: the blocks that hang together with the worst."""
    rows, columns = np.nonzero(reached(lost > 0, lost == lost.max()))
    return (
        int(columns.min()) * side,
        int(rows.min()) * side,
        min((int(columns.max()) + 1) * side, size[0]),
        min((int(rows.max()) + 1) * side, size[1]),
    )
