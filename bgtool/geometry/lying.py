"""Whether the lines of a page run down instead of across, where its writing tells.

The nearest neighbour of a letter lies along its line, so the directions to all of them tell how lines run (Docstrum:
O'Gorman, "The document spectrum for page layout analysis", IEEE PAMI 15, 1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bgtool.geometry.small import Grey, inked
from bgtool.imaging.components import components

Ints = NDArray[np.intp]

ENOUGH, TOO_MANY = 150, 20_000
"""Letters from which on a page is judged; and up to which: more are too small to be told apart."""

SMALLEST = 6.0
"""Pixels that half of the letters are wide and high at least: smaller ones run into each other."""

UNLIKE = 1.1
"""Times that the width for its height of a rather wide letter is that of a rather narrow one, at least: circles to be
ticked are all alike."""

WIDEST = 1.7
"""Times that letters are usually as wide as they are high, at most; words whose letters ran into each other are more,
and nearer to those above them than to those beside them."""

ALONG, BESIDE = 0.8, 0.12
"""Share of letters whose nearest neighbour lies above or below at least, and to the left or right at most."""

CONE = float(np.tan(np.deg2rad(30)))
"""Slope within which a direction is that of a line; a scan may be turned by half of that angle."""

ASKED, AT_ONCE = 2000, 1_000_000
"""Letters that are asked for their neighbour, of more every so many; and distances that are held at once."""


@dataclass(frozen=True)
class Letters:
    """Boxes of what may be letters, whole pixels [n] each, the last two excluded."""

    left: Ints
    top: Ints
    right: Ints
    bottom: Ints

    def kept(self, which: NDArray[np.bool_]) -> Letters:
        """Those that are True in bool [n]."""
        return Letters(self.left[which], self.top[which], self.right[which], self.bottom[which])

    @property
    def sides(self) -> NDArray[np.intp]:
        """Widths and heights, [2, n]."""
        return np.array([self.right - self.left, self.bottom - self.top])


def lies(grey: Grey) -> bool:
    """Whether the lines of a page, uint8 [h, w], surely run down; False where it does not tell."""
    letters = letters_of(grey)
    if not ENOUGH <= len(letters.left) <= TOO_MANY:
        return False
    width, height = letters.sides
    narrow, usual, wide = np.percentile(width / height, (25, 50, 75))
    if min(np.median(width), np.median(height)) < SMALLEST or wide < UNLIKE * narrow or usual > WIDEST:
        return False
    beside, along = directions(letters)
    return along >= ALONG and beside <= BESIDE


def letters_of(grey: Grey) -> Letters:
    """Connected parts of the ink that are about as large as most, without specks and rules."""
    labels = components(inked(grey))
    rows, columns = np.nonzero(labels)
    owner = labels[rows, columns]
    order = np.argsort(owner, kind="stable")
    rows, columns, starts = rows[order], columns[order], np.flatnonzero(np.diff(owner[order], prepend=0))
    if not len(starts):
        return Letters(*np.zeros((4, 0), np.intp))
    low, high = np.minimum.reduceat, np.maximum.reduceat
    found = Letters(low(columns, starts), low(rows, starts), high(columns, starts) + 1, high(rows, starts) + 1)
    found = found.kept(found.sides.max(axis=0) >= SMALLEST)
    short, long = np.sort(found.sides, axis=0)
    usual = np.median(long) if len(long) else 0
    return found.kept((long > 0.5 * usual) & (long < 2.5 * usual) & (short > 0.15 * long))


def directions(letters: Letters) -> tuple[float, float]:
    """Shares of the letters whose nearest neighbour lies beside them, and above or below them; the rest is between."""
    x, y = (letters.left + letters.right) / 2, (letters.top + letters.bottom) / 2
    reach = 3 * float(np.median(letters.sides.max(axis=0)))
    asked = np.arange(0, len(x), -(-len(x) // ASKED))
    beside = along = 0
    for some in np.array_split(asked, -(-len(asked) * len(x) // AT_ONCE)):
        away = np.square(x - x[some, None]) + np.square(y - y[some, None])
        away[np.arange(len(some)), some] = np.inf
        nearest = away.argmin(axis=1)
        dx, dy = np.abs(x[nearest] - x[some]), np.abs(y[nearest] - y[some])
        close = np.hypot(dx, dy) < reach
        beside += int((close & (dy <= CONE * dx)).sum())
        along += int((close & (dx <= CONE * dy)).sum())
    return beside / len(asked), along / len(asked)
