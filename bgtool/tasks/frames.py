"""Pictures that fill a rectangle on a page: photos, halftones, engravings and maps.

They are told by their outline, and by tones or colours that vary within it. Text varies less from line to line, and
bars, charts and tables have plain areas.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bgtool.imaging.components import Mask, components
from bgtool.tasks.areas import boxes
from bgtool.tasks.cells import Cells, mean_grey, unmarked
from bgtool.tasks.squares import local_mean, opened, widened

Grid = NDArray[np.float32]

DENSE, LEAST_SIDE, FILLED = 9, 24, 0.85
"""Side in cells of the smallest square without bare paper, and of the smallest picture; the share of its box that a
picture fills."""

SMOOTHED, RIM, VARIED, COLOURFUL = 5, 3, 0.3, 5.0
"""Side in cells of the square over which tones are averaged, and width of the rim that is left out; least darkness (0
paper .. 1 ink) between the lightest and the darkest tenth of them; least deviation of colours, in grey levels, along
the direction in which they vary less."""

AROUND, ALIKE = 65, 0.15
"""Side in cells of the square whose paper counts, and by how much bare paper may be off its tone, as a share of the
page's contrast."""

LIGHT = 0.62
"""Darkness that the lightest tenth of a picture's tones has at most: seals and large letters are darker all over."""

SHARP = 0.6
"""Darkness next to the outermost cells of a picture, as a share of its usual darkness."""

TEXTURED, DOTTED = 0.03, 0.4
"""Usual range of darkness within a cell: of a picture at least, and from which on it is made up of dots or lines."""


def framed(cells: Cells, contrast: float) -> tuple[Mask, Mask]:
    """Find pictures on paper of any kind.

    Args:
        cells: uint8 [11, rows, columns], as `bgtool.tasks.cells.page_cells` gives them.
        contrast: grey levels between the page's paper and its ink.

    Returns:
        As `boxes_of_pictures`.
    """
    darkest, lightest = cells[:2].astype(np.float32)
    flat, paper = unmarked(cells)
    if not paper.any():
        return np.zeros_like(flat), np.zeros_like(flat)
    tone = mean_grey(cells)
    level = ((local_mean(tone, paper, AROUND) - tone) / contrast).astype(np.float32)
    return boxes_of_pictures(level, (lightest - darkest) / contrast, flat & (abs(level) <= ALIKE), cells[2:5])


def boxes_of_pictures(level: Grid, ranges: Grid, bare: Mask, colours: NDArray[np.uint8]) -> tuple[Mask, Mask]:
    """Find pictures on cells of which is known how much darker than the paper they are.

    Args:
        level: float32 [rows, columns], mean darkness of each cell, 0 paper .. 1 ink.
        ranges: float32 [rows, columns], from the lightest to the darkest pixel of each cell, in the same unit.
        bare: bool [rows, columns], cells of paper that hold nothing.
        colours: uint8 [3, rows, columns], mean red, green and blue of each cell.

    Returns:
        bool [rows, columns] twice: boxes of pictures in continuous tone, and of such as are made up of dots or lines.
    """
    continuous, screened = np.zeros_like(bare), np.zeros_like(bare)
    areas = components(opened(~bare, DENSE))
    tops, lefts, bottoms, rights = boxes(areas)
    smooth = local_mean(level, np.ones_like(bare), SMOOTHED)
    for number in range(1, len(tops)):
        box = slice(tops[number], bottoms[number] + 1), slice(lefts[number], rights[number] + 1)
        inside = areas[box] == number
        if min(inside.shape) < LEAST_SIDE or inside.mean() < FILLED or at_edge(box, bare.shape):
            continue
        if not ends_sharply(level[box], inside):
            continue
        usual = float(np.median(ranges[box][inside]))
        inner = inside[RIM:-RIM, RIM:-RIM]
        tones, shades = smooth[box][RIM:-RIM, RIM:-RIM][inner], colours[:, *box][:, RIM:-RIM, RIM:-RIM][:, inner]
        if usual >= TEXTURED and is_varied(tones, shades):
            (screened if usual >= DOTTED else continuous)[box] = True
    return continuous, screened


def at_edge(box: tuple[slice, slice], shape: tuple[int, ...]) -> bool:
    """Whether a box touches two of the page's edges, as what the sheet lies on does."""
    touched = [(side.start == 0, side.stop == length) for side, length in zip(box, shape, strict=True)]
    return int(np.sum(touched)) > 1


def ends_sharply(level: Grid, inside: Mask) -> bool:
    """Whether an area is nearly as dark beside the cells of its outline as it usually is, which stains are not."""
    beyond = np.pad(~inside, 2, constant_values=True)
    first, second = (widened(beyond, side)[2:-2, 2:-2] for side in (3, 5))
    return bool(np.median(level[second & ~first]) >= SHARP * np.median(level[inside]))


def is_varied(tones: Grid, colours: NDArray[np.uint8]) -> bool:
    """Whether an area's tones (of n cells) or its colours (uint8 [3, n]) differ as those of a picture do."""
    low, high = np.percentile(tones, (10, 90))
    if low > LIGHT:
        return False
    red, green, blue = colours.astype(np.float32)
    least = np.linalg.eigvalsh(np.cov([red - green, green - blue]))[0]
    return bool(high - low >= VARIED or least >= COLOURFUL**2)
