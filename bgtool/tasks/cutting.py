"""Cutting people out, photo by photo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from bgtool.imaging.metadata import Resolution
from bgtool.imaging.reading.page import Page
from bgtool.imaging.source import Advance, Bands
from bgtool.options import TRANSPARENT, CutoutOptions, Empty
from bgtool.runtime.session import Model
from bgtool.tasks.base import Result
from bgtool.tasks.person.backgrounds import Background
from bgtool.tasks.person.crop import Crop
from bgtool.tasks.person.cutout import Look, copied, cut_out

NOBODY = {
    Empty.WRITE: "no person was found",
    Empty.COPY: "no person was found, and the photo is copied",
    Empty.SKIP: "no person was found, and nothing is written",
}


@dataclass(frozen=True)
class CutoutWork:
    """Cuts people out of photos."""

    options: CutoutOptions
    background: Background
    crop: Crop | None

    def check(self, model: Model) -> None:
        """Any tile fits: windows of photos have no halo."""

    def __call__(self, page: Page, model: Model, advance: Advance) -> Iterator[Result]:
        """Cut the people out of one photo."""
        options = self.options
        look = Look(self.background, options.mask_only, self.crop, options.keep_specks, options.edge)
        pixels, found, confidence, notes = cut_out(page, model, look, options.tile, advance, page.metadata.icc)
        if not found and options.empty is Empty.COPY:
            pixels = copied(page, look.background.name == TRANSPARENT)
        page.close()
        warnings = list(notes) if found else [NOBODY[options.empty]]
        if (page.depth == 16 or page.cut) and not look.mask_only:
            warnings.append("cut-outs have 8 bits a colour, to which its 16 were rounded")
        dpi = self.crop.print.dpi if found and self.crop and self.crop.print else 0
        resolution = Resolution(Fraction(dpi), Fraction(dpi)) if dpi else None
        wanted = found or options.empty is not Empty.SKIP
        yield Result(Bands.of(pixels), tuple(warnings), lambda: confidence, resolution, wanted=wanted)
