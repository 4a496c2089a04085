"""What a batch does with each page: the options of a command as a piece of work for the pipeline."""

from __future__ import annotations

from dataclasses import dataclass

from bgtool.document import clean_page
from bgtool.formats import Pixels
from bgtool.options import BatchOptions, CleanOptions, Style
from bgtool.pipeline import Advance, Result, Work
from bgtool.reading import Page
from bgtool.runtime import Model

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

    def __call__(self, page: Page, model: Model, advance: Advance) -> Result:
        """Clean one page."""
        return Result(clean_page(page, model, self.style, self.tile, advance))


def work_for(options: BatchOptions) -> Work:
    """The work that the options of a command ask for."""
    match options:
        case CleanOptions():
            return CleanWork(options.style, options.tile)
    raise TypeError(f"no work for {type(options).__name__}")
