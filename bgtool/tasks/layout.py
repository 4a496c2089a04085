"""What lies where on a page, told from a small picture of all of it before the first tile.

The document network sees no more than some hundred pixels around: inside a black bar it cannot know that there is a
bar. The cells of the whole page show it. A dark area that ends sharply is ink, whatever the network says; one that
comes in from the page's edge along a good part of it is the bed that the sheet lies on. It is decided once for a page,
so tiles stay exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bgtool.imaging.components import Labels, Mask, components
from bgtool.imaging.source import Source
from bgtool.options import Style
from bgtool.tasks.areas import beside, boxes, long_runs, reached, share_of
from bgtool.tasks.cells import CELL, PAPERLIKE, page_cells, usual_lightness
from bgtool.tasks.even import Kept, even_paper, framed_alone, grey, tones_of
from bgtool.tasks.frames import framed
from bgtool.tasks.squares import local_mean, opened, widened

Levels = NDArray[np.uint8]
Change = Callable[[int, int, Levels, Levels], Levels]
AnyCell = TypeVar("AnyCell", bound=np.generic)

MOST_CELLS = 1 << 22
"""Of a page whose layout is told: 268 megapixels."""

DARK = 0.6
"""Share of the paper's usual lightness below which the lightest pixel of a cell is dark."""

SOFT, SHARP = 0.2, 0.7
"""Share of the contrast to paper that may be missing beside a sharp edge, and share of what lies beside an area that
has to be as bright."""

WRITTEN, WRITTEN_SHARE = 0.3, 0.1
"""Share of the contrast by which writing on an area is darker than it, and share of its cells that may be so."""

MARKED, NEAR, NARROW = 0.03, 13, 11
"""Share of a bed's cells that may be marks (lighter ones apart from the sheet, or such as hold dark and light), side of
the square around a mark that is no bed, and side of the smallest square that fits into one; both in cells, odd."""

HOLE, HOLE_TONE, MOST_HOLES = 0.04, 12, 4
"""Longest side of a hole as a share of the page's, grey levels by which it may differ from the bed, and how many there
may be: more are printed."""

PAPER_REACH, INK_REACH = 33, 9
"""Cells along the side of the square from which the lightness of the paper and of the ink around a cell is told."""

LEAST_CONTRAST = 24
"""Grey levels between paper and ink from which a threshold between them counts."""

DEPTH, EDGE = 0.4, 0.5
"""Where the threshold lies between ink and paper, and how wide an edge from black to white is, as shares of their
contrast."""


@dataclass(frozen=True)
class Layout:
    """What the cells of a page hold, each array [rows, columns] of cells.

    Attributes:
        solid: whether there is an area of ink, which a threshold tells to the last pixel.
        bed: whether there is what the sheet lies on.
        paper, ink: grey levels of both around.
        kept: what is taken from the scan.
    """

    solid: Mask
    bed: Mask
    paper: Levels
    ink: Levels
    kept: Kept | None = None

    def applied(self, left: int, top: int, scan: Levels, page: Levels) -> Levels:
        """What becomes of a part of a page.

        Args:
            left, top: its place in pixels of what the network sees.
            scan: uint8 [h, w, 3], RGB.
            page: uint8 [h, w], as the document network gives it.

        Returns:
            uint8 [h, w]: at least as dark as the scan's tone says on even paper and in solid areas, as the scan in
            pictures, white on the bed, else as it was.
        """
        for cells, change in self._changes():
            box = inner_box(cells, left, top, page.shape)
            if box is not None:
                rows, columns = box
                place = left + columns.start, top + rows.start
                changed = change(*place, scan[rows, columns], page[rows, columns])
                page = page.copy()
                page[rows, columns] = np.where(part(cells, *place, changed.shape), changed, page[rows, columns])
        return page

    def without_pictures(self) -> Layout:
        """The same, with pictures left to the network."""
        return replace(self, kept=self.kept.without_pictures()) if self.kept else self

    def styled(self, style: Style, *, soft: bool = False) -> Layout:
        """The same for pages of a style, with soft edges if black and white is sharpened from them."""
        return replace(self, kept=self.kept.styled(style, soft=soft)) if self.kept else self

    def pictures(self, left: int, top: int, shape: tuple[int, ...], scale: int, enlarge: int = 1) -> Mask | None:
        """Where pictures are in a part of the result, bool [h, w]; None where there are none.

        Args:
            left, top, shape: its place in pixels, and rows and columns.
            scale, enlarge: how many times as large as the scan is what the network sees, and the result.
        """
        if not self.kept:
            return None
        across, down, height, width = (number * scale // enlarge for number in (left, top, *shape))
        if not self.kept.pictures[cells_between(down, height), cells_between(across, width)].any():
            return None
        larger, smaller = max(enlarge // scale, 1), max(scale // enlarge, 1)
        whole = part(self.kept.pictures, across, down, (height, width))[::smaller, ::smaller]
        return whole.repeat(larger, 0).repeat(larger, 1)

    def _changes(self) -> Iterator[tuple[Mask, Change]]:
        if kept := self.kept:
            yield kept.told, lambda left, top, scan, page: np.minimum(page, kept.inked(scan))
            yield kept.pictures, lambda left, top, scan, page: kept.on_white(scan)
        yield self.solid, self._darkened
        yield self.bed, whitened

    def _darkened(self, left: int, top: int, scan: Levels, page: Levels) -> Levels:
        paper, ink = (part(levels, left, top, page.shape).astype(np.float32) for levels in (self.paper, self.ink))
        contrast = paper - ink
        edge = 127.5 + (grey(scan) - ink - DEPTH * contrast) * (255 / np.maximum(contrast * EDGE, 1))
        return np.minimum(page, np.where(contrast < LEAST_CONTRAST, 255, edge.clip(0, 255))).astype(np.uint8)


def whitened(left: int, top: int, scan: Levels, page: Levels) -> Levels:
    """White, whatever was there."""
    return np.full_like(page, 255)


def look_over(source: Source) -> Layout | None:
    """Look at a whole page, which is read once from top to bottom; as the network sees it, dark on light.

    None for a page of more than `MOST_CELLS`, which is left to the network: to tell more would take too much memory.
    """
    width, height = source.size
    return layout_of(page_cells(source)) if width * height <= MOST_CELLS * CELL**2 else None


def layout_of(cells: Levels) -> Layout:
    """Decide what lies where: of uint8 [11, rows, columns], as `bgtool.tasks.cells.page_cells` gives them."""
    darkest, lightest = cells[0], cells[1]
    usual, tones = usual_lightness(cells), tones_of(cells)
    nothing = np.zeros(lightest.shape, bool)
    pictures = framed(cells, tones.contrast) if tones else (nothing, nothing)
    dark = (lightest < DARK * usual) & ~(pictures[0] | pictures[1])
    outside = reached(dark, long_runs(dark))
    areas = components(dark & ~outside)
    paper = levels_around(lightest, ~dark & (lightest > PAPERLIKE * usual), PAPER_REACH, 255)
    ink = levels_around(darkest, areas > 0, INK_REACH, 0)
    bed = bare(outside, darkest, lightest)
    through = holes(areas, lightest, bed)
    solid = widened(inked(np.where(through, 0, areas), cells, paper, ink)) & ~outside
    kept = None
    if tones:
        kept = even_paper(tones, outside | through, pictures, cells[2:5]) or framed_alone(tones, pictures)
    return Layout(solid, widened(bed) & ~solid, paper, ink, kept)


def inked(areas: Labels, cells: Levels, paper: Levels, ink: Levels) -> Mask:
    """Those dark areas that are ink: they end sharply, and nothing darker is written on them.

    Args:
        areas: numbers of the areas by cell, 0 elsewhere.
        cells: as `bgtool.tasks.cells.page_cells` gives them.
        paper, ink: grey levels of both around each cell.
    """
    darkest, lightest = cells[:2].astype(np.float32)
    contrast = paper.astype(np.float32) - ink
    count = int(areas.max()) + 1
    sharp = share_of(lightest > paper - SOFT * contrast, beside(areas), count)
    inside = np.where(widened(areas == 0), 0, areas)
    written_on = share_of(lightest - darkest > WRITTEN * contrast, inside, count)
    kept = (sharp >= SHARP) & (written_on < WRITTEN_SHARE)
    kept[0] = False
    return np.asarray(kept[areas])


def bare(outside: Mask, darkest: Levels, lightest: Levels) -> Mask:
    """What comes in from the page's edge, if hardly anything is written on it.

    A dark band with light letters is no bed, nor is a shadow over writing. What lies near a mark, or is as narrow as a
    stroke that touches the bed, is left out.
    """
    others = components(~outside)
    sheet = np.bincount(others[others > 0], minlength=2).argmax()
    light = (others > 0) & (others != sheet)
    marks = light | (outside & ~widened(~outside) & (lightest - darkest > LEAST_CONTRAST))
    if marks.sum() > MARKED * outside.sum():
        return np.zeros_like(outside)
    beyond = np.pad(outside, NARROW, constant_values=True)  # a strip along the edge goes on there
    wide = opened(beyond, NARROW)[NARROW:-NARROW, NARROW:-NARROW]
    return outside & wide & ~widened(marks, NEAR)


def holes(areas: Labels, lightest: Levels, bed: Mask) -> Mask:
    """The few small round areas of the bed's own tone: they may be punched holes, so the network is left to say."""
    through = np.zeros_like(bed)
    if not bed.any():
        return through
    tone, most = float(np.median(lightest[bed])), max(3.0, HOLE * max(bed.shape))
    sides = boxes(areas)
    height, width = sides[2:] - sides[:2] + 1
    square = (np.minimum(height, width) > 1) & (abs(height - width) <= 1) & (np.maximum(height, width) <= most)
    like_bed = []
    for number in np.flatnonzero(square).tolist():
        top, left, bottom, right = sides[:, number]
        box = slice(top, bottom + 1), slice(left, right + 1)
        if abs(float(np.median(lightest[box][areas[box] == number].astype(float))) - tone) <= HOLE_TONE:
            like_bed.append(number)
    return np.isin(areas, like_bed) if len(like_bed) <= MOST_HOLES else through


def levels_around(levels: Levels, counted: Mask, side: int, default: int) -> Levels:
    """`local_mean` in whole grey levels, or the default where nothing is counted."""
    if not counted.any():
        return np.full_like(levels, default)
    return local_mean(levels, counted, side).round().astype(np.uint8)


def cells_between(start: int, size: int) -> slice:
    """The cells that so many pixels from a start on lie in."""
    return slice(start // CELL, -(-(start + size) // CELL))


def part(cells: NDArray[AnyCell], left: int, top: int, shape: tuple[int, ...]) -> NDArray[AnyCell]:
    """Cells as pixels of a part of a page."""
    rows, columns = cells_between(top, shape[0]), cells_between(left, shape[1])
    pixels = cells[rows, columns].repeat(CELL, 0).repeat(CELL, 1)
    return pixels[top % CELL : top % CELL + shape[0], left % CELL : left % CELL + shape[1]]


def inner_box(cells: Mask, left: int, top: int, shape: tuple[int, ...]) -> tuple[slice, slice] | None:
    """Rows and columns of pixels, within a part of a page, around the cells that are true there; None without any."""
    rows, columns = cells_between(top, shape[0]), cells_between(left, shape[1])
    down, across = np.nonzero(cells[rows, columns])
    if not len(down):
        return None

    def pixels(found: NDArray[np.intp], first: int, start: int, size: int) -> slice:
        low, high = (int(found.min()) + first) * CELL - start, (int(found.max()) + first + 1) * CELL - start
        return slice(max(low, 0), min(high, size))

    return pixels(down, rows.start, top, shape[0]), pixels(across, columns.start, left, shape[1])
