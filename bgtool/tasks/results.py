"""What the results of a command are made of, told from its options alone."""

from __future__ import annotations

from bgtool.imaging.formats import Pixels
from bgtool.options import TRANSPARENT, BatchOptions, CleanOptions, CutoutOptions, Style

_PAGE_PIXELS = {Style.GRAY: Pixels.GRAY, Style.BILEVEL: Pixels.BILEVEL, Style.COLOR: Pixels.RGB}


def result_of(options: BatchOptions) -> Pixels:
    """What the results of a command are made of."""
    match options:
        case CleanOptions():
            return _PAGE_PIXELS[options.style]
        case CutoutOptions(mask_only=True):
            return Pixels.MASK
        case CutoutOptions():
            return Pixels.RGBA if options.background == TRANSPARENT else Pixels.RGB
    raise TypeError(f"no results of {type(options).__name__}")
