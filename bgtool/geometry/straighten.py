"""From a scan to the straight pages on it: turned, cut to the sheet or to what is written, parted at the gutter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bgtool.geometry.angle import LEAST, Skew, skew_of
from bgtool.geometry.gutter import gutter_of
from bgtool.geometry.lying import lies
from bgtool.geometry.placement import Box, Placement
from bgtool.geometry.sheet import Sheet, ink_box, sheet_of, sheet_skew
from bgtool.geometry.small import Colours, Grey, Small, made_small
from bgtool.geometry.turn import Straight
from bgtool.geometry.upright import Ask, quartered, upright
from bgtool.imaging.reading.picture import ArraySource
from bgtool.imaging.source import Source

NO_SHEET = "its sheet does not stand out from the bed: it was not cropped"

UNSURE = "its lines tell no angle that is sure enough: they were not made level"

LYING = "its lines run from top to bottom: it seems to lie on its side, and was not turned upright"

OUTLINED = 20.0
"""Times that the profile of a sheet's outline is sharper than usual, from which on it is believed rather than lines
about which parts of the page do not agree."""

PLAIN = 10.0
"""Times that the profile of lines is sharper than usual, from which on they are believed without a look at the outline:
the dots of a printed picture and the fields of a form may throw one, too, but a flatter one."""

LEAST_TURN = 0.05
"""Degrees from which a scan is turned: less is a pixel over a line, and not worth an interpolation."""

Clean = Callable[[Colours], Grey]
"""Cleans a small page: uint8 [h, w, 3] to uint8 [h, w], 0 ink .. 255 paper."""


@dataclass(frozen=True)
class Wish:
    """What is to be done with a scan.

    Attributes:
        upright: turn it by a quarter, a half or three quarters where its writing surely does not stand upright.
        deskew: turn it until its lines are level.
        sheet: cut it to the sheet.
        ink: cut it to what is written.
        margin: pixels that stay around what is written.
        split: part a double page.
        right_to_left: the right page comes first.
    """

    upright: bool = False
    deskew: bool = False
    sheet: bool = False
    ink: bool = False
    margin: int = 0
    split: bool = False
    right_to_left: bool = False

    @property
    def nothing(self) -> bool:
        """Whether the scan stays as it is."""
        return not (self.upright or self.deskew or self.sheet or self.ink or self.split)


@dataclass(frozen=True)
class Found:
    """What was found on a scan.

    Attributes:
        pages: straight pages in reading order.
        gutter: across on the turned scan, where it was parted; None where it was not.
        warnings: what the user should know.
    """

    pages: list[Straight]
    gutter: int | None = None
    warnings: tuple[str, ...] = ()


def straightened(source: Source, wish: Wish, clean: Clean, ask: Ask = lambda grey: None) -> Found:
    """Find the straight pages of a scan, which is read once from top to bottom for that.

    Args:
        source: the scan.
        wish: what is to be done with it.
        clean: asked where the scan itself does not tell its angle.
        ask: asked which way is up on the cleaned page, where that is wished for: beds and stains mislead it.
    """
    small = made_small(source)
    degrees, warnings = facing(small, wish, clean, ask) if wish.upright or wish.deskew else (0.0, ())
    whole = Placement.whole(source.size, degrees)
    place = Placement.whole(size_of(small.colours), degrees)
    colours = turned_view(small, place)
    found = sheet_of(colours) if wish.sheet or wish.split else Sheet()
    if found.doubtful and wish.sheet:
        warnings = (*warnings, NO_SHEET)
    sheet = (None if found.doubtful else found.box) or (0, 0, *place.size)
    gutter = gutter_of(colours, sheet) if wish.split else None
    boxes = parted(sheet if wish.sheet or wish.ink else (0, 0, *place.size), gutter, wish.right_to_left)
    if wish.ink:
        page = clean(colours)
        boxes = [ink_box(page, box) or box for box in boxes]

    def placed(box: Box) -> Placement:
        box = onto(box, place, whole, small.factor)
        return whole.cut(widened(box, wish.margin) if wish.ink else box)

    across = None if gutter is None else onto((gutter, 0, gutter, 0), place, whole, small.factor)[0]
    return Found([Straight(source, placed(box), small) for box in boxes], across, warnings)


def facing(small: Small, wish: Wish, clean: Clean, ask: Ask) -> tuple[float, tuple[str, ...]]:
    """By how many degrees a scan is to be turned clockwise to face its reader, and what is to be said of that.

    Which way is up is asked of the page once its lines, or columns, are level: askew ones are read badly.
    """
    quarters, (lying, askew, notes) = 0, lines(small, clean)
    if wish.upright:
        level_view = turned_view(small, Placement.whole(size_of(small.colours), askew))
        if quarters := upright(clean(level_view), ask):
            lying, askew, notes = lines(quartered(small, quarters), clean)
    warnings = (LYING,) if lying else ()
    return (90.0 * quarters + askew, (*warnings, *notes)) if wish.deskew else (90.0 * quarters, warnings)


def lines(small: Small, clean: Clean) -> tuple[bool, float, tuple[str, ...]]:
    """Whether the lines of a page run down, and what `level` says of them, laid across where they do."""
    lying = lies(small.grey)
    return lying, *level(quartered(small, 3 if lying else 0), clean)


def turned_view(small: Small, place: Placement) -> Colours:
    """A small page, turned."""
    view = Straight(ArraySource(small.colours), place, Small(small.colours, 1))
    return view.window(0, 0, *place.size)


def level(small: Small, clean: Clean) -> tuple[float, tuple[str, ...]]:
    """By how many degrees a scan is to be turned clockwise, and what is to be said of that.

    Where the scan itself does not tell, its cleaned picture is asked; where parts of that say different things or its
    lines are not plain, the outline of the sheet. A page that lies on its side is to be shown with its lines across: by
    as much it is askew.
    """
    skew = skew_of(small.grey)
    if not skew.sure and skew.ink >= LEAST:
        skew = skew_of(clean(small.colours))
    if not (skew.sure and skew.agreed == 1 and skew.clear >= PLAIN):
        outline = sheet_skew(small.colours)
        if outline.sure and outline.clear >= OUTLINED and not (skew.sure and near(skew, outline)):
            skew = outline
    if skew.ink >= LEAST and not skew.sure:
        return 0.0, (UNSURE,)
    return (round(skew.degrees, 3) if skew.sure and abs(skew.degrees) >= LEAST_TURN else 0.0), ()


def near(one: Skew, other: Skew) -> bool:
    """Whether two angles are the same but for a degree."""
    return abs(one.degrees - other.degrees) <= 1


def parted(box: Box, gutter: int | None, right_to_left: bool) -> list[Box]:
    """A box as one page, or as two in reading order."""
    if gutter is None:
        return [box]
    left, top, right, bottom = box
    pages = [(left, top, gutter, bottom), (gutter, top, right, bottom)]
    return pages[::-1] if right_to_left else pages


def onto(box: Box, small: Placement, whole: Placement, factor: int) -> Box:
    """A box of the turned small scan on the turned scan itself."""

    def carried(x: int, y: int) -> tuple[int, int]:
        u, v = small.on_scan((x, y))
        across, down = whole.from_scan((u * factor, v * factor))
        return round(across), round(down)

    return *carried(box[0], box[1]), *carried(box[2], box[3])


def widened(box: Box, margin: int) -> Box:
    """A box with a margin all around."""
    left, top, right, bottom = box
    return left - margin, top - margin, right + margin, bottom + margin


def size_of(colours: Colours) -> tuple[int, int]:
    """Width and height of a picture."""
    return colours.shape[1], colours.shape[0]
