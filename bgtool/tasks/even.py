"""Pages on even paper, of which the scan itself tells what is on them.

Where the paper of a whole page is of one tone, whatever differs from it was put there: there are no stains, no
bleed-through and no shadow that a network would have to tell from ink. Pictures on such a page stand out as areas
without bare paper that end sharply.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.imaging.components import Labels, Mask, components
from bgtool.options import Style
from bgtool.tasks.areas import beside, long_runs, neighbours, reached, share_of
from bgtool.tasks.cells import STEP, Cells, mean_grey, unmarked
from bgtool.tasks.frames import boxes_of_pictures
from bgtool.tasks.rules import ruled
from bgtool.tasks.squares import closed, local_mean, opened, widened

Levels = NDArray[np.uint8]
Grid = NDArray[np.float32]

TONE = 8
"""Grey levels by which paper may be off the commonest level."""

INK, LEAST_CONTRAST = 25, 60
"""Percentile of the darkest greys of marked cells that is the page's ink, and grey levels it is darker than paper."""

RULED = 0.1
"""Share of cells with pale rules from which paper is ruled all over."""

INKED_CELLS = 50
"""Cells as dark as ink from which a page holds some."""

INKED, CLEAR = 0.4, 5
"""Darkness (0 paper .. 1 ink) of cells that hold ink, and side in cells of the square around them that is not looked
at for paper."""

TINTED, BESIDE, EDGE, SHARP = 0.12, 0.06, 0.3, 0.4
"""Darkness of the lightest pixel of a cell without bare paper, and of one with it; by how much a neighbour is darker
than a cell at a sharp edge, and share of the cells beside an area that are such for the area to end sharply."""

LINED = 0.75
"""Share of an area's cells that hold a sharp edge themselves from which it consists of lines."""

AREA, GAP, BORDER = 5, 15, 9
"""Sides in cells: of the smallest square that fits into an area, of the largest that may be light within it, and of the
square around its cells that is not looked at for paper."""

FLAT, PLAIN, SOLID = 0.6, 0.3, 0.75
"""Shares of an area's cells, whose lightest pixel is as light as usual there and that hold nothing, from which it is of
one tone and no picture; darkness from which such an area is ink."""

SAME, ROUGH, PALE, LEAST_CLEAR, NOISE = 0.9, 0.0115, 0.05, 0.02, 0.2
"""Limits of even paper: share of the blank cells that are of its tone; deviation of cells from the mean around, in
darkness; cells with pale marks and no ink beside for each with ink; share of cells clear of ink; usual range within a
cell."""

AROUND = 33
"""Side in cells of the square with whose mean a cell is compared."""

BARE, ABOVE_NOISE, FULL, SOFT = 0.1, 0.05, 0.7, 0.9
"""Darkness that is white, at least and above the paper's noise, and that from which on it is black: where half of it is
to tell ink from paper, and where greys are to stay, which small type needs to be read."""


@dataclass(frozen=True)
class Kept:
    """What of a page is taken from its scan: on even paper all that is told by it, on any other its pictures.

    Attributes:
        paper, ink: grey levels of both.
        bare: darkness (0 paper .. 1 ink) of the paper's noise.
        told: bool [rows, columns], cells where the scan tells what is ink: not in pictures, tints, what shades off,
            and beyond the sheet; on paper that is not even nowhere but in screens.
        pictures: bool [rows, columns], cells of areas in continuous tone.
        screens: bool [rows, columns], cells of pictures that are made up of dots or lines.
        full: darkness from which on it is black.
    """

    paper: float
    ink: float
    bare: float
    told: Mask
    pictures: Mask = field(repr=False)
    screens: Mask = field(repr=False)
    full: float = FULL

    def without_pictures(self) -> Kept:
        """The same, with nothing taken for a picture."""
        return replace(self, pictures=np.zeros_like(self.pictures))

    def styled(self, style: Style, *, soft: bool = False) -> Kept:
        """The same for pages of a style: such as have greys keep more of them, and show all pictures as they are."""
        pictures = self.pictures if style is Style.BILEVEL else self.pictures | self.screens
        return replace(self, pictures=pictures, full=SOFT if soft or style is Style.GRAY else FULL)

    def inked(self, scan: Levels) -> Levels:
        """Ink by the scan's own tone: of uint8 [h, w, 3] uint8 [h, w], 0 ink .. 255 paper."""
        return self._ink_levels[grey(scan)]

    def on_white(self, scan: Levels) -> Levels:
        """A picture on white paper: of uint8 [h, w, 3] the greys uint8 [h, w], lightened as paper is to be white."""
        return self._picture_levels[grey(scan)]

    @cached_property
    def _ink_levels(self) -> Levels:
        dark = (self.paper - np.arange(256)) / (self.paper - self.ink)
        levels = np.interp(dark, [self.bare, max(self.full, self.bare + 0.1)], [255, 0])
        return np.asarray(levels.round(), np.uint8)

    @cached_property
    def _picture_levels(self) -> Levels:
        return (np.arange(256) * (255 / self.paper)).round().clip(0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Tones:
    """What is known of the cells of a page once its paper and its ink are: each [rows, columns]."""

    paper: float
    ink: float
    blank: Mask
    level: Grid
    darkest: Grid
    lightest: Grid

    @property
    def contrast(self) -> float:
        """Grey levels between paper and ink."""
        return self.paper - self.ink

    @cached_property
    def ranges(self) -> Grid:
        """From the lightest to the darkest pixel of each cell."""
        return self.darkest - self.lightest

    @cached_property
    def ruled(self) -> Mask:
        """Cells of rules."""
        return ruled(self.darkest, self.level, self.blank, self.darkest > INKED)

    @property
    def plain(self) -> Mask:
        """Cells that nothing is marked on."""
        return np.asarray(self.ranges < STEP / self.contrast)


def grey(scan: Levels) -> Levels:
    """Grey levels of uint8 [h, w, 3]."""
    return np.asarray(Image.fromarray(scan).convert("L"))


def even_paper(tones: Tones, outside: Mask, framed: tuple[Mask, Mask], colours: Levels) -> Kept | None:
    """Tell a page on even paper; None for any other.

    Args:
        tones: of the page's cells.
        outside: bool [rows, columns], what lies beyond the sheet, or shows through it, for all that is known.
        framed: pictures that fill a rectangle, for all that is known: as `bgtool.tasks.frames` finds them.
        colours: uint8 [3, rows, columns], mean red, green and blue of each cell.
    """
    photos, screens = framed
    covered = (tones.lightest > TINTED) & ~(photos | screens)
    outside = outside | reached(covered, long_runs(covered))
    bare = tones.plain & (abs(tones.level) <= BARE)
    more_photos, more_screens = boxes_of_pictures(tones.level, tones.ranges, bare, colours)
    photos, screens = photos | more_photos, screens | more_screens
    known = photos | screens
    areas, soft = areas_of(tones, outside | known)
    pictures, tints = pictures_and_tints(areas, tones)
    free = ~widened((areas > 0) | known, BORDER) & ~widened(outside) & ~tones.ruled
    clear = free & ~widened(tones.darkest > INKED, CLEAR) & (tones.lightest < 2 * BARE)
    if clear.mean() < LEAST_CLEAR or not is_even(tones, free, clear):
        return None
    usual, noise = np.percentile(tones.darkest[clear], (90, 98)).tolist()
    if (tones.ruled & (tones.darkest < INKED)).mean() > RULED:
        noise = min(noise, usual + ABOVE_NOISE)  # a rule that was not known for one is no noise
    pictures, screens = (widened(each) & ~outside for each in (pictures | photos, screens))  # and cells covered in part
    told = ~(pictures | widened(tints | outside) | widened(soft, BORDER)) | screens
    return Kept(tones.paper, tones.ink, max(BARE, noise + ABOVE_NOISE), told, pictures, screens)


def framed_alone(tones: Tones, framed: tuple[Mask, Mask]) -> Kept | None:
    """Pictures that fill a rectangle on paper that is not even; None without any."""
    photos, screens = framed
    return Kept(tones.paper, tones.ink, BARE, screens, photos, screens) if (photos | screens).any() else None


def tones_of(cells: Cells) -> Tones | None:
    """The page's paper and ink, and how dark its cells are between both; None where they hardly differ."""
    darkest, lightest, level = cells[0].astype(np.float32), cells[1].astype(np.float32), mean_grey(cells)
    flat, blank = unmarked(cells)
    if not blank.any() or flat.all():
        return None
    whole = np.rint(level)
    paper = float(level[blank & (abs(whole - commonest(whole[blank])) <= TONE)].mean())
    marked = darkest[~flat]
    dark = marked[marked < paper - LEAST_CONTRAST]
    if len(dark) < INKED_CELLS:
        return None
    ink = float(np.percentile(marked, INK))
    if paper - ink < LEAST_CONTRAST:  # most of what is marked is pale: the rules of graph paper
        ink = float(np.percentile(dark, INK))
    contrast = paper - ink
    return Tones(paper, ink, blank, *((paper - values) / contrast for values in (level, darkest, lightest)))


def commonest(levels: Grid) -> int:
    """The grey level around which most of them lie."""
    counts = np.bincount(levels.astype(np.intp), minlength=256)
    return int(np.convolve(counts, np.ones(2 * TONE + 1), "same").argmax())


def areas_of(tones: Tones, outside: Mask) -> tuple[Labels, Mask]:
    """Areas without bare paper: numbers, by cell, of those that end sharply, and the cells of those that shade off.

    Such as consist of lines (hatching) are neither.
    """
    areas = components(closed(opened(tones.lightest > TINTED, AREA), GAP))
    count = int(areas.max()) + 1
    abrupt = (tones.lightest <= BESIDE) & (neighbours(tones.level) - tones.lightest >= EDGE)
    sharp = share_of(abrupt, beside(areas), count) >= SHARP
    lined = share_of(tones.ranges >= EDGE, areas, count) >= LINED
    areas = np.where(outside, 0, areas)
    return np.where(sharp[areas], areas, 0), (areas > 0) & ~sharp[areas] & ~lined[areas]


def pictures_and_tints(areas: Labels, tones: Tones) -> tuple[Mask, Mask]:
    """Areas of many tones, and those of one tone that is paler than ink, with or without writing."""
    pictures, tints = np.zeros_like(tones.blank), np.zeros_like(tones.blank)
    plain = tones.plain
    for number in np.unique(areas[areas > 0]).tolist():
        inside = areas == number
        tinted = inside & (tones.lightest > TINTED)
        if not tinted.any():  # beyond the sheet but for what was closed
            continue
        usual = float(np.median(tones.lightest[tinted]))
        flat = (abs(tones.lightest[tinted] - usual) <= TONE / tones.contrast).mean()
        if flat < FLAT or plain[tinted].mean() < PLAIN:
            pictures |= inside
        elif usual < SOLID:
            tints |= inside
    return pictures, tints


def is_even(tones: Tones, free: Mask, clear: Mask) -> bool:
    """Whether paper is of one tone, with nothing pale on it beside what is dark.

    Args:
        tones: of the page's cells.
        free: cells outside of areas and rules.
        clear: those of them that hold no ink and are near none; some have to be there.
    """
    blank = tones.blank & free
    if not blank.any():
        return False
    same = (abs(tones.level[blank]) <= TONE / tones.contrast).mean()
    rough = (tones.level - local_mean(tones.level, clear, AROUND))[clear].std()
    inked, faint = tones.darkest > INKED, (tones.darkest > INKED / 2) & (tones.lightest < TINTED)
    pale = (faint & free & ~widened(inked | tones.ruled)).sum() / max(inked.sum(), 1)
    noise = np.percentile(tones.ranges[blank], 90)
    return bool(same >= SAME and rough <= ROUGH and pale <= PALE and noise <= NOISE)
