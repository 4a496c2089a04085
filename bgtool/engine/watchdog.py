"""When to give up on a process that does jobs: it is stuck, or one of its jobs comes to no end.

The process is judged by what it says and by the CPU that the system has seen it use, for one that is stuck in native
code cannot report on itself. A healthy one must never be given up, so only seconds count in which

- this process ran as well: not those of a computer that sleeps, a run that is stopped or a machine that swaps;
- the other one was free to run: not stopped, held by a debugger or waiting for a disk;
- the disks of its files answer this process too: those of a network may not for a while.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from bgtool.engine.job import STREAM, Job
from bgtool.engine.messages import Admitted, Advanced, Answer, Assignment, Settled, Waiting
from bgtool.engine.vitals import Vitals
from bgtool.errors import BgtoolError
from bgtool.storage.stores import store_of

STEP_SECONDS = 1.0
"""The most that can pass between two looks at the clock; what is more was not this process's time."""

LOOKS = 12
"""How often in its last quiet spell a process is looked at before it is given up."""

BUSY = 0.01
"""Share of one core that counts as work of a thread; one that only waits uses less."""

TICKS = 0.02
"""Seconds of CPU below which nothing can be told: systems count in hundredths."""

DISK_SECONDS = 5.0
"""How long a disk may take to show a file."""


@dataclass(frozen=True)
class Patience:
    """Seconds of waiting before jobs are given up.

    Attributes:
        idle: without an answer from the process and without use of the CPU.
        silent: without an answer about a job, whatever the process does, and without use of the CPU while it starts;
        per_megabyte: more than that for each megabyte of the files under way,
        per_megapixel: and for each megapixel of their pages.
    """

    idle: float = 60.0
    silent: float = 600.0
    per_megabyte: float = 10.0
    per_megapixel: float = 10.0


@dataclass
class _UnderWay:
    """A job that is being done; `heard` is when it was last heard of."""

    job: Job
    heard: float
    megabytes: float
    megapixels: float = 0.0
    waits: bool = False


def disks_answer(jobs: Iterable[Job]) -> bool:
    """Whether inputs can be read, or are seen to be missing, and output folders looked at, within `DISK_SECONDS`."""
    paths = [job for job in jobs if STREAM not in job]

    def ask() -> None:
        for job in paths:
            with suppress(OSError):
                if job.input.is_file():  # a pipe would wait for its writer
                    with job.input.open("rb", buffering=0) as file:
                        file.read(1)
            with suppress(OSError):
                job.output.parent.stat()

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(DISK_SECONDS)
    return not asking.is_alive()


def size_of(job: Job) -> int:
    """Bytes of a job's input, as far as that is known."""
    with suppress(BgtoolError):
        found = store_of(job.source).remembered(job.source) if job.source != STREAM else None
        return found.stamp[0] if found else 0
    return 0


class Watchdog:
    """Watches one process.

    Args:
        vitals: looks at it.
        patience: what is waited for.
        disks: whether those of these jobs answer.
        now: a clock in seconds that never goes back.
    """

    def __init__(
        self,
        vitals: Callable[[], Vitals | None],
        patience: Patience,
        disks: Callable[[Iterable[Job]], bool] = disks_answer,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._vitals, self._patience, self._disks, self._now = vitals, patience, disks, now
        self._jobs: dict[int, _UnderWay] = {}
        self._last = now()
        self._clock = 0.0  # of the seconds that count
        self._alive = self._looked = 0.0  # when it gave a sign of life, when it was looked at
        self._seen: Vitals | None = None  # how it was then

    def begun(self, assignment: Assignment) -> None:
        """The process was told to do a job."""
        self._tick()
        size = size_of(assignment.job) / 1e6
        self._jobs[assignment.number] = _UnderWay(assignment.job, self._clock, size)
        self._alive = self._clock

    def heard(self, answer: Answer) -> None:
        """The process said something."""
        self._tick()
        self._alive = self._clock
        match answer:
            case Settled(number):
                self._jobs.pop(number, None)
            case Waiting(number) | Admitted(number) | Advanced(number) if number in self._jobs:
                under_way = self._jobs[number]
                under_way.heard, under_way.waits = self._clock, isinstance(answer, Waiting)
                if isinstance(answer, Admitted):
                    under_way.megapixels = answer.pixels / 1e6

    def verdict(self) -> str:
        """What the process did to be given up, for ``the process ...``; empty as long as there is hope.

        To be called at least every `STEP_SECONDS`.
        """
        self._tick()
        patience = self._patience
        idle = patience.idle if self._jobs else patience.silent
        if self._clock - max(self._alive, self._looked) >= idle / LOOKS:
            self._look()
        if self._clock - self._alive >= idle:
            if self._disks(under_way.job for under_way in self._jobs.values()):
                return f"neither answered nor used the CPU for {idle:.0f} s, and was ended"
            self._excuse()
        limit = patience.silent + sum(
            patience.per_megabyte * under_way.megabytes + patience.per_megapixel * under_way.megapixels
            for under_way in self._jobs.values()
        )
        if any(self._clock - under_way.heard >= limit for under_way in self._jobs.values() if not under_way.waits):
            return f"made no headway in {limit:.0f} s, and was ended"
        return ""

    def by_headway(self) -> list[int]:
        """The numbers of the jobs under way, those heard of lately first."""
        return sorted(self._jobs, key=lambda number: self._clock - self._jobs[number].heard)

    def _tick(self) -> None:
        now = self._now()
        self._clock += min(now - self._last, STEP_SECONDS)
        self._last = now

    def _look(self) -> None:
        found, enough = self._vitals(), max(TICKS, BUSY * (self._clock - self._looked))
        self._looked = self._clock
        if found is None:  # the system does not tell
            self._alive = self._clock
            return
        used, self._seen = found.used_since(self._seen), found
        if used >= enough:
            self._alive = self._clock
        elif found.held or "pydevd" in sys.modules:  # the debugger of editors, which holds threads by itself
            self._excuse()

    def _excuse(self) -> None:
        """What was waited for until now was nobody's fault."""
        self._alive = self._clock
        for under_way in self._jobs.values():
            under_way.heard = self._clock
