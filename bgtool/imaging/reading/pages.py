"""The pages of one file, decoded in turn, whatever kind of file it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

from bgtool.errors import InputError
from bgtool.imaging.reading.faults import decoding, of_page
from bgtool.imaging.reading.limits import unlimited
from bgtool.imaging.reading.page import Page

Admit = Callable[[int], None]
"""Is told the pixels of a page before they are decoded; may wait, or raise to stop."""


class PageReader(ABC):
    """The pages of one file, decoded in turn: a page is gone when the next one is asked for.

    Attributes:
        suffix: what the content would be called, e.g. ``".png"``, whatever the file is called.
        count: number of pages.
    """

    def __init__(self, suffix: str, count: int, max_megapixels: float, warnings: list[str], admit: Admit) -> None:
        self.suffix, self.count = suffix, count
        self._limit, self._warnings, self._admit = max_megapixels, warnings, admit

    def __iter__(self) -> Iterator[Page]:
        """Decode page after page. Raises InputError, also for a later page of a file whose first pages were fine."""
        for index in range(self.count):
            self._admit(0)  # the page before is gone
            with of_page(index, self.count), decoding(), unlimited() as heard:
                width, height, pixels = self._measure(index)
                self._check_size(width, height)
                self._admit(pixels)  # may wait, so nothing that another thread needs is held here
                page = self._decode(index)
            page.warnings += tuple(dict.fromkeys(self._warnings + heard))
            yield page

    @abstractmethod
    def _measure(self, index: int) -> tuple[int, int, int]:
        """Width and height of the page with this number, and how many pixels its decoding holds; releases all locks."""

    @abstractmethod
    def _decode(self, index: int) -> Page:
        """The page that was measured last."""

    def _check_size(self, width: int, height: int) -> None:
        megapixels = width * height / 1e6
        if megapixels > self._limit:
            raise InputError(
                f"it has {megapixels:,.{0 if megapixels >= 10 else 3}f} megapixels and {self._limit:,g} are allowed",
                "raise --max-megapixels",
            )
