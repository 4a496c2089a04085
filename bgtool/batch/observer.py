"""Who is told how a run goes."""

from __future__ import annotations

from typing import Protocol

from bgtool.engine.job import Job, Outcome


class Observer(Protocol):
    """Who is told how a run goes; all calls come from the thread that runs it."""

    def planned(self, total: int, skipped: int, device: str) -> None:
        """Files to do, files already done, and where the model runs."""

    def note(self, text: str) -> None:
        """Something about the whole run."""

    def advanced(self, pixels: int) -> None:
        """Pixels processed since the last call; also called with 0 as time goes by. What it raises ends the run as
        Ctrl-C does: files under way are finished or dropped, and all that is done is on record."""

    def finished(self, outcome: Outcome) -> None:
        """One file is done or has failed."""

    def rehearsed(self, job: Job) -> None:
        """A dry run would do this job."""


class Silent:
    """An observer that says nothing."""

    def planned(self, total: int, skipped: int, device: str) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def advanced(self, pixels: int) -> None:
        """Nothing."""

    def finished(self, outcome: Outcome) -> None:
        """Nothing."""

    def rehearsed(self, job: Job) -> None:
        """Nothing."""
