"""Who does the jobs of a run: another process, so that a decoder that crashes or hangs costs one file and not the run.

The parent plans, records and draws; it sends jobs to a child and gets pixels and outcomes. When the child dies, or is
given up because it is stuck, the jobs that were under way are done again one by one in a new child: the one that does
it alone is the culprit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial

from bgtool.engine.base import POLL_SECONDS, Event, ModelInfo
from bgtool.engine.child import Child
from bgtool.engine.job import Job, Outcome, Status
from bgtool.engine.messages import Advanced, Answer, Assignment, Gone, Refused, Settled
from bgtool.engine.serve import threads_of
from bgtool.engine.vitals import vitals
from bgtool.engine.watchdog import Patience, Watchdog
from bgtool.errors import DeviceError
from bgtool.log import logger
from bgtool.storage.stores import sweep
from bgtool.tasks.order import Order

_LOG = logger(__name__)


class ProcessEngine:
    """A child that does jobs, and its successors. Closed at the end of a ``with`` block.

    Attributes:
        model: what the run has to know of it.

    Raises:
        ModelError, DeviceError, UsageError: the model cannot run with these options.
    """

    def __init__(self, order: Order, patience: Patience | None = None) -> None:
        self._order, self._patience = order, patience or Patience()
        self._threads = threads_of(order.options)
        self._running: dict[int, Job] = {}
        self._suspects: deque[Job] = deque()  # done one at a time; the first stays here until it is settled
        self._count = 0
        self._start()

    def __enter__(self) -> ProcessEngine:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind:
            self._child.kill()
        self._child.end()

    def do(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """Bring all jobs to an outcome, a few at a time; gives an event at least every `POLL_SECONDS`.

        Raises:
            OutputError, DeviceError: the run must stop.
        """
        waiting = iter(jobs)
        while self._feed(waiting):
            match self._hear():
                case Settled(number, outcome):
                    yield self._settled(number, outcome)
                case Advanced(_, pixels):
                    yield Event(pixels)
                case Refused(error):
                    raise error
                case Gone():
                    yield from self._died()
                case _:
                    yield Event()

    def stop(self) -> Iterator[Event]:
        """Have the child stop at its next window, soon by force; gives what it had finished by then."""
        for answer in self._child.last_answers():
            match answer:
                case Settled(number, outcome):
                    yield self._settled(number, outcome)
        self._child.end()
        sweep(job.target for job in self._running.values())

    def _start(self) -> None:
        self._child = Child()
        self._watchdog = Watchdog(partial(vitals, self._child.pid), self._patience)
        try:
            self._child.send(self._order)
            while (answer := self._hear()) is None:
                pass
        except BaseException:
            self._child.kill()
            raise
        match answer:
            case ModelInfo() as model:
                self.model = model
            case Refused(error):
                self._child.end()
                raise error
            case _:
                raise DeviceError(f"the process that runs the network {self._child.end()}")

    def _hear(self) -> Answer | None:
        """What the child says next, if it does soon; one that is stuck is ended, which it says as well."""
        answer = self._child.hear(POLL_SECONDS)
        if answer:
            self._watchdog.heard(answer)
        if why := self._watchdog.verdict():
            self._child.kill(why)
        return answer

    def _feed(self, waiting: Iterator[Job]) -> bool:
        """Keep the child busy; tells whether it is."""
        if self._suspects:
            if not self._running:
                self._submit(self._suspects[0])
            return True
        while len(self._running) < self._threads and (job := next(waiting, None)):
            self._submit(job)
        return bool(self._running)

    def _submit(self, job: Job) -> None:
        self._count += 1
        self._running[self._count] = job
        assignment = Assignment(self._count, job)
        self._watchdog.begun(assignment)
        self._child.send(assignment)

    def _settled(self, number: int, outcome: Outcome) -> Event:
        if self._suspects:
            self._suspects.popleft()
        return Event(0, (self._running.pop(number), outcome))

    def _died(self) -> Iterator[Event]:
        """Blame the job that was under way or, if there were several, have them done one at a time, the likely culprit
        last."""
        cause = self._child.end()
        _LOG.warning("the process %s, %d files under way; another takes its place", cause, len(self._running))
        sweep(job.target for job in self._running.values())
        match self._watchdog.by_headway():
            case [number]:
                job, error = self._running[number], f"the process that read it {cause}"
                yield self._settled(number, Outcome(job.source, job.target, Status.FAILED, error=error))
            case numbers:
                self._suspects.extend(self._running[number] for number in numbers)
                self._running.clear()
        self._start()
