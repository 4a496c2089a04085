"""The files of a job, opened as its pages come: one, or one for each half of a double page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from bgtool.engine.job import Job
from bgtool.imaging.writing.writer import Writer


class Outputs(ExitStack):
    """Writers that are closed together: their files appear once all of them are whole.

    Args:
        job: that they are of.
        open: gives the writer of a job that has one file.

    Attributes:
        written: the places of the files so far, with their writers.
    """

    def __init__(self, job: Job, open: Callable[[Job], AbstractContextManager[Writer]]) -> None:
        super().__init__()
        self._job, self._open = job, open
        self.written: list[tuple[str, Writer]] = []

    def writer(self, *, is_half: bool = False) -> Writer:
        """What takes the next page, which may be one half of a double page."""
        if is_half and self._job.halves:
            return self._begin(self._job.half(len(self.written)))
        return self.written[-1][1] if self.written else self._begin(self._job)

    def _begin(self, job: Job) -> Writer:
        writer = self.enter_context(self._open(job))
        self.written.append((job.target, writer))
        return writer
