"""A look at a page before the first tile: how small and how pale its writing is, and whether it is light on dark.

What is decided here holds for the whole page, so that tiles stay exact. A few strips of the page are read, once, from
top to bottom; its cost is a hundredth of the network's or so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.imaging.metadata import Resolution
from bgtool.imaging.source import Source
from bgtool.options import Polarity
from bgtool.tasks.layout import Layout

SIDE = 96
"""Of the squares that are looked at, in pixels."""

SPARSE = 3
"""Of every so many rows at most one is read, and one pixel of so many to find the squares that hold writing."""

MOST_STRIPS, MOST_SQUARES = 12, 4
"""Strips of a page, and squares of a strip that are measured."""

MARKED = 8.0
"""Standard deviation in grey levels from which a square holds something."""

CONTRAST = 25
"""Grey levels between ground and ink from which a square's strokes are measured."""

GRAIN = 1.6
"""Times as far from the ground as the lightest that the darkest of a square lies at least, or the other way about, if
more than its grain marks it."""

LONG = 32
"""Pixels of a run of ink from which it is a rule or an area and no writing."""

ENLARGEMENT = 2
"""Times that a page of small writing is enlarged."""

THICK, AREA = 5, 0.5
"""Pixels across from which a long run of ink is an area and no rule, and the share of a square's ink in areas from
which it shows where a bed or a bar ends, and not how pale writing is."""

THIN = 2
"""Pixels of the median stroke of writing that is too small for the network as it is: letters up to some 20 pixels."""

BLURRED_THIN, BLURRED_LOW = 3, 4
"""The same of blurred writing: strokes, and letters without what rises above or hangs below them."""

FINE, SHARPENED = 4, 1.5
"""Pixels of the median stroke of writing that black and white would break up, and how much its page is sharpened."""

EVIDENCE = 200
"""Pixels of writing from which its size counts; with fewer the page's resolution does."""

COARSE, SHEET = 130, (4, 17)
"""Pixels per inch below which a page is enlarged, if its width makes it a sheet of so many inches."""

PALE, EVEN, FULL = 68, 0.8, 145
"""Grey levels between ground and ink below which a page is pale, if nine squares of ten have less; the share of that
which half of the squares have at least, as on a copy that is pale all over; and how far apart both are brought."""

MOST_GAIN = 4.0
"""Times that the contrast of a pale page is raised at most."""

WRITTEN_SQUARES = 4
"""Squares that hold writing from which a page may be called pale."""

DARK_SQUARES, DARK_GROUND = 0.8, 128
"""Share of the marked squares that are light on dark, and the page's median, from which a page is light on dark."""

TURNED = "it is light on dark: its tones were inverted (--polarity keep leaves them)"


@dataclass(frozen=True)
class Approach:
    """How a page is given to the network.

    Attributes:
        scale: how many times it is enlarged for the network.
        enlarge: how many times the result is as large as the scan; one of the two is a multiple of the other.
        inverted: whether dark and light change places before.
        gain: how many times its contrast is raised before, downwards from the level of its paper.
        white: that level.
        warnings: what the user should know of it.
        layout: what lies where on it, in pixels of what the network sees; None to leave all to the network.
        sharpen: how many times the result's difference from its surroundings is added to it, if it is to be black and
            white; that many times less of a page that is enlarged for the network.
    """

    scale: int = 1
    inverted: bool = False
    gain: float = 1.0
    white: int = 255
    warnings: tuple[str, ...] = ()
    layout: Layout | None = None
    enlarge: int = 1
    sharpen: float = 0.0

    def enlarging(self, times: int) -> Approach:
        """The same for a result so many times as large as the scan."""
        fits = self.scale % times == 0 or times % self.scale == 0
        return replace(self, enlarge=times, scale=self.scale if fits else times)


AS_IT_IS = Approach()


@dataclass
class Look:
    """What was seen of a page."""

    levels: list[NDArray[np.uint8]] = field(default_factory=list)
    light: list[bool] = field(default_factory=list)  # of each marked square: whether it is light on dark
    depths: list[int] = field(default_factory=list)  # of each square of writing: levels between ground and ink
    whites: list[int] = field(default_factory=list)  # of the same squares: their lightest level
    written: list[float] = field(
        default_factory=list
    )  # of the same squares: share of writing in what marks them, 0 for grain
    strokes: list[NDArray[np.intp]] = field(default_factory=list)  # of each pixel of writing, across the thinner way
    heights: list[NDArray[np.intp]] = field(
        default_factory=list
    )  # of each pixel of writing, of the ink above and below

    @property
    def light_on_dark(self) -> bool:
        """Whether nearly all that stands on the page is lighter than its dark ground."""
        if not self.light or float(np.mean(self.light)) < DARK_SQUARES:
            return False
        return float(np.median(np.concatenate(self.levels))) < DARK_GROUND

    def mostly(self, share: float) -> bool:
        """Whether in most squares more than this share of what marks them is writing."""
        return sum(one > share for one in self.written) > len(self.written) / 2

    def gain(self) -> float:
        """How many times the contrast of a page of pale writing is to be raised; 1 for any other."""
        if len(self.depths) < WRITTEN_SQUARES or not self.mostly(0.5):
            return 1.0
        usual, most = np.percentile(self.depths, (50, 90))
        darkest_paper, lightest_paper = np.percentile(self.whites, (5, 95))
        lighter = np.percentile(np.concatenate(self.levels), 99) - np.median(self.whites)  # a slip of whiter paper
        even = usual >= EVEN * most and lightest_paper - darkest_paper <= usual and lighter <= usual / 2
        return min(FULL / float(most), MOST_GAIN) if even and most < PALE else 1.0

    @property
    def shows_writing(self) -> bool:
        """Whether there is enough of it to tell its size."""
        return sum(map(len, self.strokes)) >= EVIDENCE and self.mostly(0)

    @property
    def fine(self) -> bool:
        """Whether the strokes of the writing are only a few pixels wide."""
        return self.shows_writing and median(self.strokes) <= FINE

    def small(self, coarse: bool) -> bool:
        """Whether most of the writing is too small; where there is hardly any, whether the page is coarse."""
        if not self.shows_writing:
            return coarse
        stroke, height = median(self.strokes), median(self.heights)
        return stroke <= THIN or (stroke <= BLURRED_THIN and height <= BLURRED_LOW)


def approach(source: Source, scale: int, polarity: Polarity, resolution: Resolution | None = None) -> Approach:
    """Decide how a page is given to the network.

    Args:
        source: the scan; a few strips of it are read.
        scale: 0 for what the size of the writing asks for, else that many times.
        polarity: whether pages that are light on dark are inverted.
        resolution: of the page, as its file says.
    """
    look = look_at(source)
    turned = polarity is Polarity.AUTO and look.light_on_dark
    enlarged = ENLARGEMENT if look.small(is_coarse(source.size[0], resolution)) else 1
    inverted = turned or polarity is Polarity.INVERT
    gain = 1.0 if inverted or look.light_on_dark else look.gain()
    white = int(np.median(look.whites)) if gain > 1 else 255
    sharpen = SHARPENED if look.fine else 0.0
    return Approach(scale or enlarged, inverted, gain, white, (TURNED,) if turned else (), sharpen=sharpen)


def is_coarse(width: int, resolution: Resolution | None) -> bool:
    """Whether a page of this width in pixels is a sheet at a resolution that leaves writing small."""
    dots = resolution.dpi[0] if resolution else 0.0
    return 0 < dots < COARSE and SHEET[0] < width / dots < SHEET[1]


def look_at(source: Source) -> Look:
    """Look at squares of a page that hold something."""
    look, width = Look(), source.size[0]
    for top, bottom in strips(source.size[1]):
        strip = np.asarray(Image.fromarray(source.window(0, top, width, bottom)).convert("L"))
        sparse = strip[::SPARSE, ::SPARSE]
        look.levels.append(sparse.ravel())
        for left in chosen(sparse, width):
            measure(strip[:, left : left + SIDE], look)
    return look


def strips(height: int) -> Iterator[tuple[int, int]]:
    """First and last row, that one excluded, of strips that are spread over a page."""
    count = min(max(height // (SPARSE * SIDE), 2), MOST_STRIPS)
    if height <= 2 * SIDE:
        count = 1
    for number in range(count):
        top = max(round((number + 0.5) * height / count) - SIDE // 2, 0)
        yield top, min(top + SIDE, height)


def chosen(sparse: NDArray[np.uint8], width: int) -> list[int]:
    """Left edges of a few of a strip's squares that hold something, spread evenly."""
    edges = range(0, max(width - SIDE // 2, 1), SIDE)
    marked = [edge for edge in edges if sparse[:, edge // SPARSE : (edge + SIDE) // SPARSE].std() > MARKED]
    if len(marked) <= MOST_SQUARES:
        return marked
    return [marked[round(place)] for place in np.linspace(0, len(marked) - 1, MOST_SQUARES)]


def measure(square: NDArray[np.uint8], look: Look) -> None:
    """Add what a square shows: on which ground, and how thick and high its strokes are."""
    levels = np.sort(square[::2, ::2], axis=None)
    low, middle, high = (int(levels[round(share * (len(levels) - 1))]) for share in (0.03, 0.5, 0.97))
    above, below = high - middle, middle - low
    light = above > below
    look.light.append(light and middle < DARK_GROUND)
    if above + below < CONTRAST:
        return
    ink = square > (middle + high) // 2 if light else square < (middle + low + 1) // 2
    if ink.mean() >= 0.45:  # a picture or an edge
        return
    across, down = run_lengths(ink), run_lengths(ink.T).T
    thin, long = np.minimum(across, down), np.maximum(across, down)
    writing = ink & (long < LONG)
    look.strokes.append(thin[writing])
    look.heights.append(down[writing])
    areas = (thin >= THICK) & (long >= LONG)
    if areas.sum() < AREA * ink.sum():
        look.depths.append(max(above, below))
        look.whites.append(high)
        grain = max(above, below) < GRAIN * min(above, below)
        look.written.append(0.0 if grain else float(writing.sum() / ink.sum()))


def run_lengths(ink: NDArray[np.bool_]) -> NDArray[np.intp]:
    """At every pixel of ink the length of the run of ink in its row that it belongs to, elsewhere 0."""
    steps = np.diff(np.pad(ink, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    lengths = np.nonzero(steps == -1)[1] - np.nonzero(steps == 1)[1]
    found = np.zeros(ink.shape, np.intp)
    found[ink] = np.repeat(lengths, lengths)
    return found


def median(values: list[NDArray[np.intp]]) -> float:
    """The median of all values, 0 where there are none."""
    return float(np.median(np.concatenate(values))) if sum(map(len, values)) else 0.0
