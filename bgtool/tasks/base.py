"""What a task does with a page, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bgtool.imaging.reading.page import Page
from bgtool.imaging.source import Advance, Bands
from bgtool.runtime.session import Model


@dataclass(frozen=True)
class Result:
    """What became of one page, and what the user should know; all of that once the bands have been gone through."""

    bands: Bands
    warnings: Sequence[str] = ()


class Work(Protocol):
    """What a task does with one page."""

    def check(self, model: Model) -> None:
        """Raise UsageError if the options do not fit the model; called before anything is written."""

    def __call__(self, page: Page, model: Model, advance: Advance) -> Result:
        """Process one page; `advance` is told the pixels done and may raise to stop."""
