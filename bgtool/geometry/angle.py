"""By how much the lines of writing rise or fall: from the profiles that ink throws at every angle.

Looked at along its lines, a page is dark and light in turn; at any other angle it is grey (Postl 1986). The sharpness
of that profile, its squared differences, is tried coarsely, then finely, and its summit laid through three of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bgtool.geometry.small import Grey, inked

Floats = NDArray[np.float64]

WIDEST = 15.0
"""Degrees that a scan may be turned by."""

COARSE, FINE = 0.25, 0.05
"""Steps in degrees."""

LEAST = 400
"""Pixels of ink from which an angle is looked for."""

MOST, FEW = 60_000, 12_000
"""Pixels of ink that are looked at in fine and in coarse steps; of more, every so many."""

CLEAR, AGREED, MOSTLY = 1.35, 0.35, 0.75
"""Times the usual sharpness that the summit has, degrees within which parts of a page say the same, and the share of
them that has to."""

THROUGH = 1.4
"""Times that the profile of all is sharper than those of both halves together where lines go through: 2 where all do, 1
where two pages have lines of their own."""

PARTS = 4
"""Bands of a page that are asked for their own angle."""


@dataclass(frozen=True)
class Skew:
    """What was found.

    Attributes:
        degrees: by which the scan is to be turned clockwise for its lines to be level; 0 where there are none.
        clear: times that the profile is sharper there than it usually is.
        agreed: share of the ink whose part of the page says the same by itself.
        ink: pixels of ink that were looked at.
    """

    degrees: float = 0.0
    clear: float = 0.0
    agreed: float = 0.0
    ink: int = 0

    @property
    def sure(self) -> bool:
        """Whether the page tells enough to be turned."""
        return self.ink >= LEAST and self.clear >= CLEAR and self.agreed >= MOSTLY


def skew_of(grey: Grey) -> Skew:
    """The skew of a page that stands upright but for `WIDEST` degrees either way: of uint8 [h, w]."""
    rows, columns = np.nonzero(inked(grey))
    return skew_of_points(columns - grey.shape[1] / 2, rows - grey.shape[0] / 2)


def skew_of_points(x: Floats, y: Floats) -> Skew:
    """The same of the places of ink, from the middle of the page on."""
    some = thinned(len(x), MOST)
    x, y = x[some], y[some]
    if len(x) < LEAST:
        return Skew(ink=len(x))
    wide = np.arange(-WIDEST, WIDEST + COARSE / 2, COARSE)
    few = thinned(len(x), FEW)
    sharp = sharpness(x[few], y[few], wide)
    start = float(wide[sharp.argmax()])
    near = start + np.arange(-2 * COARSE, 2 * COARSE + FINE / 2, FINE)
    whole, halves = sharpness(x, y, near), by_halves(x, y, near)
    degrees = summit(near, whole if whole.max() > THROUGH * halves.max() else halves)
    clear = float(sharp.max() / max(np.median(sharp), 1e-9))
    agreed = agreement(x, y, degrees, wide[::2]) if abs(degrees) < WIDEST - COARSE else 0.0
    return Skew(degrees, clear, agreed, len(x))


def thinned(count: int, most: int) -> slice:
    """Every so many of `count`, for about `most` of them to stay."""
    return slice(None, None, max(-(-count // most), 1))


def across(x: Floats, y: Floats, degrees: float) -> Floats:
    """How far down each place lies once the page is turned clockwise by so much."""
    turn = np.deg2rad(degrees)
    return np.asarray(y * np.cos(turn) + x * np.sin(turn))


def sharpness(x: Floats, y: Floats, angles: Floats) -> Floats:
    """Of the profile at every angle in degrees: the sum of its squared differences."""
    reach = float(np.hypot(np.abs(x).max(), np.abs(y).max()))
    found = np.empty(len(angles))
    for number, degrees in enumerate(angles):
        place = across(x, y, degrees) + (reach + 1)
        low = place.astype(np.intp)
        share = place - low
        size = int(2 * reach) + 4
        profile = np.bincount(low, 1 - share, size) + np.bincount(low + 1, share, size)
        found[number] = np.square(np.diff(profile)).sum()
    return found


def by_halves(x: Floats, y: Floats, angles: Floats) -> Floats:
    """The same of the left and the right half of what is written, each by itself."""
    along = across(-y, x, float(np.median(angles)))
    left = along < np.percentile(along, (2, 98)).mean()
    return sharpness(x[left], y[left], angles) + sharpness(x[~left], y[~left], angles)


def summit(angles: Floats, sharp: Floats) -> float:
    """The angle of the highest sharpness, through its neighbours, in degrees."""
    top = int(sharp.argmax())
    if not 0 < top < len(angles) - 1:
        return float(angles[top])
    before, here, after = sharp[top - 1 : top + 2]
    bend = before - 2 * here + after
    return float(angles[top] + (FINE * 0.5 * (before - after) / bend if bend < 0 else 0))


def agreement(x: Floats, y: Floats, degrees: float, angles: Floats) -> float:
    """Share of the ink that lies in bands of the page which, asked alone, say the same within `AGREED`."""
    place = across(x, y, degrees)
    bounds = np.quantile(place, np.linspace(0, 1, PARTS + 1))
    same = 0
    for low, high in pairwise(bounds):
        band = (place >= low) & (place <= high)
        few = thinned(int(band.sum()), FEW // 2)
        own = float(angles[sharpness(x[band][few], y[band][few], angles).argmax()])
        same += abs(own - degrees) <= AGREED
    return same / PARTS
