"""A run of the window: the batch itself, in a thread, and what there is to say of it at any time."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import replace
from enum import Enum

from bgtool.batch.pace import clock, speed, time_left
from bgtool.batch.run import run_batch
from bgtool.batch.summary import Summary
from bgtool.engine.job import Job, Outcome, Status
from bgtool.errors import BgtoolError, printable
from bgtool.log import logger
from bgtool.options import BatchOptions
from bgtool.runtime.task import ModelTask

_LOG = logger(__name__)

KEPT = 200
"""Lines that are kept of each kind, so that a long run does not fill the memory."""


class Stage(Enum):
    """How far a run is."""

    PLANNING = "planning"
    WORKING = "working"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"


class Stopped(Exception):
    """The user ends the run."""


class Run(threading.Thread):
    """One run, or one rehearsal, and the observer of it. Started at once.

    Attributes:
        options: what it does.
        stage: how far it is.
        total, skipped, done, failed, doubtful: files: to do, done before, and what became of those of this run.
        pages, megapixels: done.
        device: where the network runs.
        planned_jobs: the first jobs of a rehearsal, as source and target.
        rehearsals: how many jobs a rehearsal has told.
        troubles, notes: what is to be said of files and of the run.
        error: why it could not go on.
    """

    def __init__(self, options: BatchOptions) -> None:
        super().__init__(name="bgtool-run", daemon=True)
        self.options = options
        self.stage = Stage.PLANNING
        self.total = self.skipped = self.done = self.failed = self.doubtful = self.pages = self.rehearsals = 0
        self.megapixels = self.seconds = 0.0
        self.device = self.error = ""
        self.planned_jobs: list[tuple[str, str]] = []
        self.troubles: deque[str] = deque(maxlen=KEPT)
        self.notes: deque[str] = deque(maxlen=KEPT)
        self._began = time.monotonic()
        self._ending, self._has_raised = threading.Event(), False
        self.start()

    @property
    def is_active(self) -> bool:
        """Whether it is still under way."""
        return self.stage in (Stage.PLANNING, Stage.WORKING)

    @property
    def is_ending(self) -> bool:
        """Whether it has been asked to stop, and has not yet."""
        return self.is_active and self._ending.is_set()

    @property
    def unit(self) -> str:
        """What is counted."""
        return "photos" if self.options.task is ModelTask.PERSON else "pages"

    @property
    def pace(self) -> str:
        """Pages and megapixels a second, and the time left."""
        elapsed = self.seconds or time.monotonic() - self._began
        left = time_left(self.done + self.failed, self.total, elapsed) if self.is_active else f" in {clock(elapsed)}"
        return speed(self.pages, self.unit, self.megapixels, elapsed) + left

    def stop(self) -> None:
        """End it as Ctrl-C does: files under way are finished or dropped, and all that is done is on record."""
        self._ending.set()

    def run(self) -> None:
        """The work of the thread."""
        try:
            self._conclude(run_batch(self.options, self))
        except Stopped:
            self.stage = Stage.STOPPED
        except BgtoolError as error:
            self._give_up(printable(str(error)))
        except Exception as error:  # the page says so; nobody else is there to hear it
            _LOG.exception("the run broke off")
            self._give_up(printable(f"{type(error).__name__}: {error}"))

    def _conclude(self, summary: Summary) -> None:
        self.failed, self.skipped = summary.failed, summary.skipped
        self.seconds = time.monotonic() - self._began
        self.stage = Stage.DONE

    def _give_up(self, why: str) -> None:
        self.error = why
        self.stage = Stage.FAILED

    def planned(self, total: int, skipped: int, device: str) -> None:
        """A round begins."""
        self.total, self.skipped, self.device = self.total + total, skipped, device
        self._began = time.monotonic()
        self.stage = Stage.WORKING
        self._heed()

    def note(self, text: str) -> None:
        """Something about the whole run."""
        self.notes.append(printable(text))

    def advanced(self, pixels: int) -> None:
        """Pixels processed since the last call, or time that goes by."""
        self.megapixels += pixels / 1e6
        self._heed()

    def finished(self, outcome: Outcome) -> None:
        """One file is done or has failed."""
        if outcome.status is Status.DONE:
            self.done += 1
        else:
            self.failed += outcome.files
        self.pages += outcome.pages
        self.doubtful += bool(outcome.confidence and outcome.confidence.reasons)
        said = [outcome.error] if outcome.error else list(outcome.warnings)
        self.troubles.extend(f"{printable(outcome.source)}: {printable(text)}" for text in said)

    def rehearsed(self, job: Job) -> None:
        """A rehearsal would do this job."""
        self.rehearsals += 1
        if len(self.planned_jobs) < KEPT:
            self.planned_jobs.append((printable(job.source), printable(job.target)))

    def _heed(self) -> None:
        """Raise Stopped, once, if the run is to end."""
        if self._ending.is_set() and not self._has_raised:
            self._has_raised = True
            raise Stopped


def rehearsal(options: BatchOptions) -> Run:
    """A run that only tells what it would do."""
    return Run(replace(options, dry_run=True))
