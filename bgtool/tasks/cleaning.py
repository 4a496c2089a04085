"""Cleaning, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bgtool.imaging.formats import Pixels
from bgtool.imaging.metadata import Resolution
from bgtool.imaging.reading import vips
from bgtool.imaging.reading.page import Page
from bgtool.imaging.source import Advance, AnyPixels, Bands, Source
from bgtool.optional import command
from bgtool.options import CleanOptions, Style
from bgtool.runtime.session import Model
from bgtool.runtime.tiling import check_tile
from bgtool.tasks.assessment import of_page
from bgtool.tasks.base import Result
from bgtool.tasks.confidence import Confidence
from bgtool.tasks.document import INK_BELOW, STREAMED_TILE, clean_page, default_tile, planned, styled_bands
from bgtool.tasks.guard import Guard
from bgtool.tasks.straight import asked, stated, straight_pages

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

    def __call__(self, page: Page, model: Model, advance: Advance) -> Iterator[Result]:
        """Clean one page, or the straight pages that are found on it."""
        resolution = stated(self.options, page.metadata.resolution)
        warnings = _depth_lost(page, self.options.enlarge) if self.options.style is Style.COLOR else ()
        if not asked(self.options):
            yield self._cleaned(page, model, advance, resolution, warnings, page.close)
            return
        found = straight_pages(page, self.options, model, resolution, lambda: advance(0))
        for number, straight in enumerate(found.pages, 1):
            close = page.close if number == len(found.pages) else lambda: None
            source = page if straight.placement.is_all else straight
            result = self._cleaned(source, model, advance, resolution, (*warnings, *found.warnings), close)
            yield replace(result, placement=straight.placement, gutter=found.gutter)

    def _cleaned(
        self,
        source: Source,
        model: Model,
        advance: Advance,
        resolution: Resolution | None,
        noted: Sequence[str],
        close: Callable[[], None],
    ) -> Result:
        style, tile, times = self.options.style, self.options.tile, self.options.enlarge
        plan = planned(source, self.options, resolution)
        guard = Guard(source.size, INK_BELOW if style is Style.BILEVEL else 0)
        warnings = [*plan.warnings, *noted]
        resolution = resolution.times(times) if resolution else None
        size = source.size[0] * times, source.size[1] * times
        if size[0] * size[1] <= STREAMED_ABOVE:
            cleaned = clean_page(source, model, style, tile, advance, plan, guard)
            close()
            findings = guard.findings()
            confidence = of_page(guard.levels, findings)
            said = [*warnings, *findings.warnings()]
            return Result(Bands.of(cleaned), said, lambda: confidence, resolution, enlarged=times)
        tile = tile or min(default_tile(model.card), STREAMED_TILE)
        watched = _Watched(guard, warnings)
        rows = watched.through(styled_bands(source, model, style, tile, advance, plan, guard))
        bands = Bands(self.pixels, size, rows, source.depth if style is Style.COLOR and times == 1 else 8)
        return Result(bands, warnings, lambda: watched.confidence, resolution, enlarged=times)


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


def _depth_lost(page: Page, enlarge: int) -> tuple[str, ...]:
    """What to say of a page whose 16 bits could not be kept."""
    if enlarge > 1 and (page.depth == 16 or page.cut):
        return ("enlarged pages have 8 bits a colour, to which its 16 were rounded",)
    if not page.cut:
        return ()
    advice = "" if vips.available() else f" ({command('vips')})"
    return (f"its 16 bits a colour were read as 8{advice}",)
