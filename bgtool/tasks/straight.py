"""The straight pages of a scan, as the options of `clean` ask for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bgtool.geometry.straighten import Found, Wish, straightened
from bgtool.imaging import ocr
from bgtool.imaging.metadata import Resolution
from bgtool.imaging.reading.picture import ArraySource
from bgtool.imaging.source import Source
from bgtool.options import CleanOptions, CropTo, Split, Style
from bgtool.runtime.session import Model
from bgtool.tasks.document import clean_page, planned
from bgtool.tasks.views import enlarged

SQUARE = 0.02
"""Share by which the two resolutions of a scan may differ for its pixels to be square."""

LEGIBLE = 1200
"""Pixels of the longer side below which a page is shown to tesseract twice as large: its letters are small."""

NOT_SQUARE = "its pixels are not square: it was not turned"


def asked(options: CleanOptions) -> bool:
    """Whether anything is to be done with a scan but to clean it."""
    return not wish_of(options).nothing


def wish_of(options: CleanOptions) -> Wish:
    """What the options ask for."""
    return Wish(
        upright=options.rotate_pages,
        deskew=options.deskew,
        sheet=options.crop is CropTo.PAGE,
        ink=options.crop is CropTo.INK,
        margin=options.margin,
        split=options.split is Split.AUTO,
        right_to_left=options.right_to_left,
    )


def stated(options: CleanOptions, resolution: Resolution | None) -> Resolution | None:
    """The resolution of a scan: what the options say, else what its file says."""
    return Resolution(Fraction(options.dpi), Fraction(options.dpi)) if options.dpi else resolution


def straight_pages(
    source: Source,
    options: CleanOptions,
    model: Model,
    resolution: Resolution | None,
    wait: Callable[[], None] = lambda: None,
) -> Found:
    """Find the straight pages on a scan; the network cleans a small picture of it where that is needed to tell.

    Args:
        source: the scan.
        options: say what is looked for.
        model: the network.
        resolution: of the scan, where known.
        wait: called every now and then while tesseract says which way is up; what it raises ends that.

    Raises:
        InputError: tesseract fails.
    """
    wish = wish_of(options)
    notes: tuple[str, ...] = ()
    if (wish.upright or wish.deskew) and resolution and abs(resolution.dpi[0] / resolution.dpi[1] - 1) > SQUARE:
        wish, notes = replace(wish, upright=False, deskew=False), (NOT_SQUARE,)

    def clean(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
        small = ArraySource(colours)
        page: NDArray[np.uint8] = clean_page(small, model, Style.GRAY, options.tile, plan=planned(small, options, None))
        return page

    def ask(grey: NDArray[np.uint8]) -> ocr.Turn | None:
        grey = enlarged(grey, 2) if max(grey.shape) < LEGIBLE else grey
        return ocr.turn_of(grey, wait) if min(grey.shape) >= ocr.SHORTEST else None

    found = straightened(source, wish, clean, ask)
    return replace(found, warnings=(*notes, *found.warnings))
