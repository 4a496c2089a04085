"""Folders that files keep coming into: when to look again, and which files are whole."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from bgtool.engine.job import Job
from bgtool.optional import require
from bgtool.storage.base import NO_STAMP

SETTLE_SECONDS = 2.0
"""How long a file must have kept its size and time before it is taken."""

LOOK_SECONDS = 0.5
"""How often files that may still grow are looked at."""


def changes(folders: Sequence[str], output: str, recursive: bool) -> Iterator[bool]:
    """Whether anything changed in the folders, again and again, at least every `LOOK_SECONDS`; at first it is so.

    Args:
        folders: what is watched.
        output: a folder whose changes do not count.
        recursive: whether folders below count.

    Raises:
        UsageError: watchfiles is not installed.
    """
    require("watch")
    import watchfiles

    own = os.path.join(os.path.abspath(output), "")  # noqa: PTH100, PTH118
    events = watchfiles.watch(
        *folders,
        watch_filter=lambda change, path: not path.startswith(own),
        recursive=recursive,
        rust_timeout=round(LOOK_SECONDS * 1000),
        yield_on_timeout=True,
        ignore_permission_denied=True,
    )
    next(events)  # from here on nothing is missed
    yield True
    for event in events:
        yield bool(event)


class Arrivals:
    """Which files are whole, and have not been tried as they are.

    Args:
        now: clock in seconds since the epoch, as files have it.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._seen: dict[str, tuple[tuple[int, int], float]] = {}
        self._tried: dict[str, tuple[int, int]] = {}
        self.growing = False

    def take(self, jobs: Iterable[Job]) -> list[Job]:
        """The jobs to do now; `growing` tells whether there will be more of these without another change."""
        taken = []
        self.growing = False
        for job in jobs:
            stamp = job.stamp()
            if stamp in (NO_STAMP, self._tried.get(job.source)):  # gone again, or tried as it is
                continue
            if self._settled(job.source, stamp):
                self._tried[job.source] = stamp
                taken.append(job)
            else:
                self.growing = True
        return taken

    def _settled(self, source: str, stamp: tuple[int, int]) -> bool:
        now = self._now()
        if self._seen.get(source, (None, 0.0))[0] != stamp:
            self._seen[source] = stamp, now
            return now - stamp[1] / 1e9 >= SETTLE_SECONDS
        return now - self._seen[source][1] >= SETTLE_SECONDS
