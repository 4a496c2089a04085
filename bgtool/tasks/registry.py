"""The work that an order asks for, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bgtool.imaging.formats import Pixels
from bgtool.imaging.reading import vips
from bgtool.imaging.reading.page import Page
from bgtool.imaging.source import Advance, AnyPixels, Bands
from bgtool.optional import command
from bgtool.options import CleanOptions, CutoutOptions, Style
from bgtool.runtime.session import Model
from bgtool.runtime.tiling import check_tile
from bgtool.tasks.base import Result, Work
from bgtool.tasks.confidence import Confidence, of_page
from bgtool.tasks.document import INK_BELOW, STREAMED_TILE, clean_page, default_tile, styled_bands
from bgtool.tasks.guard import Guard
from bgtool.tasks.order import Order
from bgtool.tasks.person.backgrounds import Background
from bgtool.tasks.person.cutout import Look, cut_out
from bgtool.tasks.survey import approach

STREAMED_ABOVE = 1 << 26
"""Pixels of a page whose result is written band by band; the network then waits for the encoder of each band."""


@dataclass(frozen=True)
class CleanWork:
    """Cleans pages."""

    options: CleanOptions
    pixels: Pixels

    def check(self, model: Model) -> None:
        """Raise UsageError if a tile leaves nothing between this model's halos."""
        check_tile(self.options.tile or default_tile(model.card), model.card.stride, model.card.halo)

    def __call__(self, page: Page, model: Model, advance: Advance) -> Result:
        """Clean one page."""
        style, tile = self.options.style, self.options.tile
        plan = approach(page, self.options.scale, self.options.polarity, page.metadata.resolution)
        guard = Guard(page.size, INK_BELOW if style is Style.BILEVEL else 0)
        warnings = [*plan.warnings, *(_depth_lost(page) if style is Style.COLOR else ())]
        if page.size[0] * page.size[1] <= STREAMED_ABOVE:
            cleaned = clean_page(page, model, style, tile, advance, plan, guard)
            page.close()
            findings = guard.findings()
            confidence = of_page(guard.levels, findings)
            return Result(Bands.of(cleaned), [*warnings, *findings.warnings()], lambda: confidence)
        tile = tile or min(default_tile(model.card), STREAMED_TILE)
        watched = _Watched(guard, warnings)
        rows = watched.through(styled_bands(page, model, style, tile, advance, plan, guard))
        bands = Bands(self.pixels, page.size, rows, page.depth if style is Style.COLOR else 8)
        return Result(bands, warnings, lambda: watched.confidence)


@dataclass(frozen=True)
class CutoutWork:
    """Cuts people out of photos."""

    options: CutoutOptions
    background: Background

    def check(self, model: Model) -> None:
        """Any tile fits: windows of photos have no halo."""

    def __call__(self, page: Page, model: Model, advance: Advance) -> Result:
        """Cut the people out of one photo."""
        options = self.options
        look = Look(self.background, options.mask_only, options.crop)
        heard: list[Confidence] = []
        pixels, found = cut_out(page, model, look, options.tile, advance, page.metadata.icc, heard.append)
        page.close()
        warnings = [] if found else ["no person was found"]
        if (page.depth == 16 or page.cut) and not look.mask_only:
            warnings.append("cut-outs have 8 bits a colour, to which its 16 were rounded")
        return Result(Bands.of(pixels), tuple(warnings), lambda: heard[0])


def work_for(order: Order) -> Work:
    """The work that an order asks for."""
    match order:
        case Order(options=CleanOptions() as options):
            return CleanWork(options, order.pixels)
        case Order(options=CutoutOptions() as options, background=Background() as background):
            return CutoutWork(options, background)
    raise TypeError(f"no work for {type(order.options).__name__}")


@dataclass
class _Watched:
    """What is known of a page once its rows have gone through."""

    guard: Guard
    warnings: list[str]
    confidence: Confidence | None = None

    def through(self, rows: Iterator[AnyPixels]) -> Iterator[AnyPixels]:
        """The rows; after the last one, what the guard found is added to the warnings."""
        yield from rows
        findings = self.guard.findings()
        self.warnings += findings.warnings()
        self.confidence = of_page(self.guard.levels, findings)


def _depth_lost(page: Page) -> tuple[str, ...]:
    """What to say of a page whose 16 bits could not be kept."""
    if not page.cut:
        return ()
    advice = "" if vips.available() else f" ({command('vips')})"
    return (f"its 16 bits a colour were read as 8{advice}",)
