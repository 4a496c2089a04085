"""The process that decodes, infers and encodes, so that a decoder that crashes costs one file and not the run.

The parent plans, records and draws; it sends jobs through the child's standard input and gets pixels and outcomes
through its standard output, all pickled. When the child dies, the jobs that were under way are done again one by one
in a new child: the one that dies alone is the culprit.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast

from bgtool.atomic import sweep
from bgtool.cores import usable_cores
from bgtool.discovery import Job
from bgtool.errors import BgtoolError, DeviceError
from bgtool.interrupts import ENDING
from bgtool.options import BatchOptions
from bgtool.outcome import Outcome, Status

if TYPE_CHECKING:
    from bgtool.worker import Worker

POLL_SECONDS = 0.1
"""How long a parent waits for news before it draws."""

GRACE_SECONDS = 30.0
"""How long a child may take to leave its windows when it is to stop."""


FRUGAL = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": str(6 << 20), "MALLOC_TRIM_THRESHOLD_": str(32 << 20)}
"""Has glibc give back what was freed: else it keeps that for every thread, and pieces of up to 32 MB."""


@dataclass(frozen=True)
class Facts:
    """What the run has to know of the model that its child runs.

    Attributes:
        name, sha256: of the model.
        device: where it runs.
        why: how that came to be chosen, for the user.
    """

    name: str
    sha256: str
    device: str
    why: str


class Event(NamedTuple):
    """News from a run: pixels done since the last event, and a job that came to its outcome."""

    pixels: int = 0
    settled: tuple[Job, Outcome] | None = None


def open_engine(options: BatchOptions, streams: bool) -> Engine | Inline:
    """Whatever does the jobs of these options; standard input and output can be reached from this process only."""
    return Inline(options) if streams else Engine(options)


class Child:
    """One process that does jobs.

    Attributes:
        news: whatever it says, an int of pixels, (number, outcome), facts or an error; None when it is gone.
    """

    def __init__(self, options: BatchOptions) -> None:
        self.news: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._said: deque[bytes] = deque(maxlen=1)
        package = str(Path(__file__).parents[1])
        code = f"import sys; sys.path.append({package!r}); from bgtool.engine import serve; serve()"
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**FRUGAL, **os.environ},
        )
        self._listeners = [threading.Thread(target=run, daemon=True) for run in (self._hear_news, self._hear_errors)]
        for listener in self._listeners:
            listener.start()
        self.send(options)

    def send(self, message: Any) -> None:
        """Tell it something; to a dead one nothing: the end of its news says that it is."""
        with suppress(OSError, ValueError):
            pickle.dump(message, self._input)
            self._input.flush()

    def hush(self) -> None:
        """Have it stop at its next window."""
        with suppress(OSError):
            self._input.close()

    def end(self) -> str:
        """Wait until it is gone, if need be by force, and say how it went."""
        self.hush()
        try:
            status = self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        for listener in self._listeners:
            listener.join(POLL_SECONDS)
        return cause_of(status, b"".join(self._said).decode(errors="replace").strip())

    @property
    def _input(self) -> IO[bytes]:
        return cast(IO[bytes], self._process.stdin)

    def _hear_news(self) -> None:
        with cast(IO[bytes], self._process.stdout) as output, suppress(EOFError, pickle.UnpicklingError):
            while True:
                self.news.put(pickle.load(output))
        self.news.put(None)

    def _hear_errors(self) -> None:
        with cast(IO[bytes], self._process.stderr) as errors:
            self._said.extend(errors)


def cause_of(status: int, said: str) -> str:
    """How a process ended, in words; `said` is the last line of its stderr."""
    if -status == getattr(signal, "SIGKILL", 0):
        return "was killed, as happens when memory runs out"
    if status < 0:
        return f"crashed ({signal.Signals(-status).name})"
    return f"ended with status {status}" + (f": {said}" if said else "")


class Engine:
    """A child that does jobs, and its successors. Closed at the end of a ``with`` block.

    Raises:
        ModelError, DeviceError, UsageError: the model cannot run with these options.
    """

    def __init__(self, options: BatchOptions) -> None:
        self._options = options
        self._threads = threads_of(options)
        self._running: dict[int, Job] = {}
        self._suspects: deque[Job] = deque()  # done one at a time; the first stays here until it is settled
        self._count = 0
        self._start()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *error: object) -> None:
        self._child.end()

    def do(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """Bring all jobs to an outcome, a few at a time; gives an event at least every `POLL_SECONDS`.

        Raises:
            OutputError, DeviceError: the run must stop.
        """
        waiting = iter(jobs)
        while self._feed(waiting):
            try:
                message = self._child.news.get(timeout=POLL_SECONDS)
            except queue.Empty:
                message = 0
            match message:
                case int():
                    yield Event(message)
                case (int(number), Outcome() as outcome):
                    yield self._settled(number, outcome)
                case BgtoolError():
                    raise message
                case None:
                    yield from self._died()

    def stop(self) -> Iterator[Event]:
        """Have the child stop at its next window; gives what it had finished by then."""
        self._child.hush()
        with suppress(queue.Empty):
            while (message := self._child.news.get(timeout=GRACE_SECONDS)) is not None:
                match message:
                    case (int(number), Outcome() as outcome):
                        yield self._settled(number, outcome)

    def _start(self) -> None:
        self._child = Child(self._options)
        match self._child.news.get():
            case Facts() as facts:
                self.facts = facts
            case BgtoolError() as error:
                self._child.end()
                raise error
            case _:
                raise DeviceError(f"the process that runs the network {self._child.end()}")

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
        self._child.send((self._count, job))

    def _settled(self, number: int, outcome: Outcome) -> Event:
        if self._suspects:
            self._suspects.popleft()
        return Event(0, (self._running.pop(number), outcome))

    def _died(self) -> Iterator[Event]:
        """Blame the job that was under way or, if there were several, have them done one at a time."""
        cause = self._child.end()
        running = list(self._running.items())
        sweep({job.output.parent for _, job in running})
        if len(running) == 1:
            ((number, job),) = running
            error = f"the process that read it {cause}"
            yield self._settled(number, Outcome(job.source, job.target, Status.FAILED, error=error))
        else:
            self._suspects.extend(job for _, job in running)
            self._running.clear()
        self._start()


class Inline:
    """The same in this process, one job after the other."""

    def __init__(self, options: BatchOptions) -> None:
        self._pixels = 0
        self._worker, self.facts = make_worker(options, self._count)

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is left behind."""

    def do(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """As `Engine.do`."""
        for job in jobs:
            outcome = self._worker(job)
            pixels, self._pixels = self._pixels, 0
            yield Event(pixels, (job, outcome))

    def stop(self) -> Iterator[Event]:
        """Nothing is under way."""
        return iter(())

    def _count(self, pixels: int) -> None:
        self._pixels += pixels


def make_worker(options: BatchOptions, told: Callable[[int], None]) -> tuple[Worker, Facts]:
    """Load the model of these options; what does their jobs, and what the run has to know of the model."""
    from bgtool.batch import work_for
    from bgtool.runtime import load_model
    from bgtool.worker import Meter, Worker

    work = work_for(options)
    model = load_model(options.model, task=options.task, device=options.device)
    work.check(model)
    facts = Facts(model.card.name, model.sha256, str(model.device), model.device.why)
    return Worker(options, work, model, Meter(told)), facts


def serve() -> None:
    """The child: options come first, then jobs, until standard input ends."""
    from bgtool.worker import Cancelled

    output, lock = os.fdopen(os.dup(1), "wb"), threading.Lock()
    os.dup2(2, 1)  # what a library prints must not get among the news
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)  # the parent hears them too, and ends standard input

    def say(message: Any) -> None:
        with lock:
            pickle.dump(message, output)
            output.flush()

    options = pickle.load(sys.stdin.buffer)
    try:
        worker, facts = make_worker(options, say)
    except BgtoolError as error:
        say(error)
        return
    say(facts)

    def do(number: int, job: Job) -> None:
        try:
            say((number, worker(job)))
        except BgtoolError as error:
            say(error)
        except Cancelled:
            pass

    with ThreadPoolExecutor(threads_of(options), thread_name_prefix="bgtool") as pool:
        with suppress(EOFError, pickle.UnpicklingError):
            while True:
                pool.submit(do, *pickle.load(sys.stdin.buffer))
        worker.stop()


def threads_of(options: BatchOptions) -> int:
    """Jobs under way at a time: unless the user says, one for each core and, where the network is what takes the time,
    one to keep it fed."""
    return options.jobs or usable_cores() + (options.task == "document")
