"""The jobs of a run done in this process, which alone has its standard input and output."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator

from bgtool.engine.base import POLL_SECONDS, Event
from bgtool.engine.job import Job
from bgtool.engine.messages import Advanced, Assignment, Progress, Settled
from bgtool.engine.serve import make_worker
from bgtool.tasks.order import Order

INLINE_GRACE_SECONDS = 1.0
"""How long a thread of this process may take to leave its window; one that reads from a terminal never does."""


class InlineEngine:
    """Does one job after the other, in a thread so that a signal is heard whatever that does.

    Attributes:
        model: what the run has to know of it.
    """

    def __init__(self, order: Order) -> None:
        self._news: queue.SimpleQueue[Progress | Settled | BaseException] = queue.SimpleQueue()
        self._worker, self.model = make_worker(order, self._news.put)
        self._thread = threading.Thread()

    def __enter__(self) -> InlineEngine:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is left behind."""

    def do(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """Bring all jobs to an outcome; gives an event at least every `POLL_SECONDS`."""
        for job in jobs:
            self._thread = threading.Thread(target=self._do, args=[job], daemon=True)
            self._thread.start()
            under_way = True
            while under_way:
                event = self._event(job, POLL_SECONDS)
                under_way = not event.settled
                yield event
            self._thread.join()

    def stop(self) -> Iterator[Event]:
        """Have the thread stop at its next window; one that does not is left, and ends with the process."""
        self._worker.stop()
        self._thread.join(INLINE_GRACE_SECONDS)
        return iter(())

    def _do(self, job: Job) -> None:
        try:
            self._news.put(Settled(0, self._worker(Assignment(0, job))))
        except BaseException as error:
            self._news.put(error)

    def _event(self, job: Job, seconds: float) -> Event:
        try:
            news = self._news.get(timeout=seconds)
        except queue.Empty:
            return Event()
        match news:
            case Advanced(_, pixels):
                return Event(pixels)
            case Settled(_, outcome):
                return Event(0, (job, outcome))
            case BaseException():
                raise news
        return Event()
