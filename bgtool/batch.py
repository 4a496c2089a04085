"""What a batch does with each page: the options of a command as a piece of work for the pipeline."""

from __future__ import annotations

from dataclasses import dataclass

from bgtool import vips
from bgtool.background import TRANSPARENT
from bgtool.document import clean_page, default_tile
from bgtool.formats import Pixels
from bgtool.options import BatchOptions, CleanOptions, CutoutOptions, Style
from bgtool.person import Look, cut_out
from bgtool.pipeline import Result, Work
from bgtool.reading import Page
from bgtool.runtime import Model
from bgtool.source import Advance
from bgtool.tiling import check_tile

PAGE_PIXELS = {Style.GRAY: Pixels.GRAY, Style.BILEVEL: Pixels.BILEVEL, Style.COLOR: Pixels.RGB}


@dataclass(frozen=True)
class CleanWork:
    """Cleans pages in one style."""

    style: Style
    tile: int
    task: str = "document"

    @property
    def pixels(self) -> Pixels:
        """What the style's pages are made of."""
        return PAGE_PIXELS[self.style]

    def check(self, model: Model) -> None:
        """Raise UsageError if a tile leaves nothing between this model's halos."""
        check_tile(self.tile or default_tile(model.card), model.card.stride, model.card.halo)

    def __call__(self, page: Page, model: Model, advance: Advance) -> Result:
        """Clean one page."""
        pixels = clean_page(page, model, self.style, self.tile, advance)
        return Result(pixels, _depth_lost(page) if self.style is Style.COLOR else ())


@dataclass(frozen=True)
class CutoutWork:
    """Cuts people out of photos."""

    look: Look
    tile: int
    task: str = "person"

    @property
    def pixels(self) -> Pixels:
        """What the cut-outs are made of."""
        if self.look.mask_only:
            return Pixels.MASK
        return Pixels.RGBA if self.look.background.name == TRANSPARENT else Pixels.RGB

    def check(self, model: Model) -> None:
        """Any tile fits: windows of photos have no halo."""

    def __call__(self, page: Page, model: Model, advance: Advance) -> Result:
        """Cut the people out of one photo."""
        pixels, found = cut_out(page, model, self.look, self.tile, advance, page.metadata.icc)
        warnings = [] if found else ["no person was found"]
        if (page.depth == 16 or page.cut) and not self.look.mask_only:
            warnings.append("cut-outs have 8 bits a colour, to which its 16 were rounded")
        return Result(pixels, tuple(warnings))


def work_for(options: BatchOptions) -> Work:
    """The work that the options of a command ask for.

    Raises:
        UsageError: the background of a cut-out is neither a colour nor a readable image.
    """
    match options:
        case CleanOptions():
            return CleanWork(options.style, options.tile)
        case CutoutOptions():
            return CutoutWork(Look(options.backdrop, options.mask_only, options.crop), options.tile)
    raise TypeError(f"no work for {type(options).__name__}")


def _depth_lost(page: Page) -> tuple[str, ...]:
    """What to say of a page whose 16 bits could not be kept."""
    if not page.cut:
        return ()
    advice = "" if vips.available() else f" ({vips.ADVICE})"
    return (f"its 16 bits a colour were read as 8{advice}",)
