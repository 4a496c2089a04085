"""What a task does with a page, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from bgtool.geometry.placement import Placement
from bgtool.imaging.metadata import Resolution
from bgtool.imaging.reading.page import Page
from bgtool.imaging.source import Advance, Bands
from bgtool.runtime.session import Model
from bgtool.tasks.confidence import Confidence


@dataclass(frozen=True)
class Result:
    """What became of a page, or of one on a scan; the rest of it holds once the bands have been gone through.

    Attributes:
        bands: the pixels.
        warnings: what the user should know.
        confidence: tells how sure the result is; None where that is not known.
        resolution: of the result, where it is not the page's own.
        placement: where it lies on the scan; None where it is all of it, as it was.
        gutter: across on the turned scan, where a double page was parted; None where it was not.
        enlarged: how many times it is as large as the scan, or as what `placement` says.
        wanted: whether an output is to be written of it, should it be the only page.
    """

    bands: Bands
    warnings: Sequence[str] = ()
    confidence: Callable[[], Confidence | None] = lambda: None
    resolution: Resolution | None = None
    placement: Placement | None = None
    gutter: int | None = None
    enlarged: int = 1
    wanted: bool = True


class Work(Protocol):
    """What a task does with one page."""

    def check(self, model: Model) -> None:
        """Raise UsageError if the options do not fit the model; called before anything is written."""

    def __call__(self, page: Page, model: Model, advance: Advance) -> Iterator[Result]:
        """Process one page; `advance` is told the pixels done and may raise to stop."""
