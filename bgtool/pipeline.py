"""Runs a plan: decode, infer and encode overlap, one bad file costs one line, and memory stays bounded.

Each job belongs to one worker thread from its first byte read to its last byte written. Decoding and encoding
release Python's lock and overlap; the network, which uses all cores by itself, runs one batch at a time.
Workers return outcomes; only the thread that calls `run` reports progress and writes the manifest.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from bgtool import __version__
from bgtool.atomic import sweep
from bgtool.discovery import Job, Plan, plan
from bgtool.errors import BgtoolError, InputError, OutputError
from bgtool.formats import Pixels, output_suffix
from bgtool.manifest import History, Manifest, Record, Status, open_manifest, read
from bgtool.options import BatchOptions
from bgtool.reading import Page, open_pages
from bgtool.runtime import Model
from bgtool.source import Advance
from bgtool.writing import open_writer

POLL_SECONDS = 0.1
"""How often progress is drawn while workers are busy."""


@dataclass(frozen=True)
class Result:
    """What became of one page: an array as `bgtool.writing.Writer.add` takes it, and what the user should know."""

    pixels: NDArray[np.bool_] | NDArray[np.uint8] | NDArray[np.uint16]
    warnings: tuple[str, ...] = ()


class Work(Protocol):
    """What a task does with one page."""

    @property
    def task(self) -> str:
        """The task of the models that fit: ``document`` or ``person``."""

    @property
    def pixels(self) -> Pixels:
        """What the results are made of."""

    def check(self, model: Model) -> None:
        """Raise UsageError if the options do not fit the model; called before anything is written."""

    def __call__(self, page: Page, model: Model, advance: Advance) -> Result:
        """Process one page; `advance` is told the pixels done and may raise to stop."""


@dataclass(frozen=True)
class Outcome:
    """What became of one input file.

    Attributes:
        source, target: names as the user knows them.
        status: done or failed.
        pages, seconds: pages written and time taken.
        warnings: what the user should know although it went well.
        error: why it failed, one sentence.
        stamp: size in bytes and mtime in ns of the input before it was read; -1 where there is none.
    """

    source: str
    target: str
    status: Status
    pages: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    error: str = ""
    stamp: tuple[int, int] = (-1, -1)


@dataclass
class Summary:
    """Counts of a run, from which its exit status follows."""

    done: int = 0
    failed: int = 0
    skipped: int = 0
    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, outcome: Outcome) -> None:
        """Add one outcome; only failures and warnings are kept whole, so that memory does not grow with the folder."""
        if outcome.status is Status.DONE:
            self.done += 1
        else:
            self.failed += 1
        if outcome.error or outcome.warnings:
            self.outcomes.append(outcome)

    @property
    def exit_code(self) -> int:
        """0 when every input is done, else 1."""
        return 1 if self.failed else 0


class Observer(Protocol):
    """Who is told how a run goes; all calls come from the thread that called `run`."""

    def planned(self, total: int, skipped: int, device: str) -> None:
        """Files to do, files already done, and where the model runs."""

    def note(self, text: str) -> None:
        """Something about the whole run."""

    def advanced(self, pixels: int) -> None:
        """Pixels processed since the last call."""

    def finished(self, outcome: Outcome) -> None:
        """One file is done or has failed."""

    def rehearsed(self, job: Job) -> None:
        """A dry run would do this job."""


class Cancelled(Exception):
    """Raised inside a worker when the run is to stop."""


class Meter:
    """Counts pixels for the thread that draws, and stops the workers that count them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pixels = 0
        self.stop = threading.Event()

    def advance(self, pixels: int) -> None:
        """Called by workers.

        Raises:
            Cancelled: the run is to stop.
        """
        if self.stop.is_set():
            raise Cancelled
        with self._lock:
            self._pixels += pixels

    def take(self) -> int:
        """Pixels since the last call."""
        with self._lock:
            pixels, self._pixels = self._pixels, 0
        return pixels


@dataclass(frozen=True)
class Worker:
    """Everything a thread needs to bring one job from its input to its output."""

    options: BatchOptions
    work: Work
    model: Model
    meter: Meter

    def __call__(self, job: Job) -> Outcome:
        """Process one job.

        Raises:
            OutputError: the output cannot be written; the run is to stop.
            DeviceError: the device failed; the run is to stop.
            Cancelled: the run was stopped.
        """
        start = time.perf_counter()
        stamp = stamp_of(job)
        pages, warnings, error = 0, list[str](), ""
        try:
            pages, warnings = self._process(job)
        except InputError as reason:
            error = str(reason)
        except (BgtoolError, Cancelled):
            raise
        except MemoryError:
            error = "there is not enough memory for it"
        except OSError as reason:
            error = f"it cannot be read: {reason.strerror or reason}"
        except Exception as reason:  # whatever one file brings about, the others are still to be done
            error = f"it cannot be processed ({type(reason).__name__}: {reason})"
        return Outcome(
            job.source,
            job.target,
            Status.FAILED if error else Status.DONE,
            pages,
            time.perf_counter() - start,
            tuple(dict.fromkeys(warnings)),
            error,
            stamp,
        )

    def _process(self, job: Job) -> tuple[int, list[str]]:
        self.meter.advance(0)
        source = standard_input() if job.source == "-" else job.input
        with open_pages(source, max_megapixels=self.options.max_megapixels) as reader:
            suffix, warnings = self._suffix(job, reader.suffix)
            target = standard_output() if job.target == "-" else job.output
            with open_writer(target, suffix=suffix, model=self.model.card.name, pages=reader.count) as writer:
                for page in reader:
                    result = self.work(page, self.model, self.meter.advance)
                    writer.add(result.pixels, page.metadata)
                    warnings += [*page.warnings, *result.warnings]
                warnings += writer.warnings
        return reader.count, warnings

    def _suffix(self, job: Job, found: str) -> tuple[str | None, list[str]]:
        """The suffix for standard output, which has no name to take it from."""
        if job.target != "-":
            return None, []
        suffix, note = output_suffix(found, self.options.format, self.work.pixels)
        return suffix, [note] if note else []


def standard_input() -> BinaryIO:
    """All that standard input holds, seekable.

    Raises:
        InputError: it is closed.
    """
    if sys.stdin is None:
        raise InputError("standard input is closed")
    return io.BytesIO(sys.stdin.buffer.read())


def standard_output() -> BinaryIO:
    """Standard output for data.

    Raises:
        OutputError: it is closed.
    """
    if sys.stdout is None:
        raise OutputError("standard output is closed")
    return sys.stdout.buffer


def stamp_of(job: Job) -> tuple[int, int]:
    """Size in bytes and mtime in ns of a job's input; -1 where it has none."""
    try:
        status = job.input.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def run(options: BatchOptions, work: Work, load: Callable[[], Model], observer: Observer) -> Summary:
    """Do everything the options ask for.

    Args:
        options: inputs, output and how.
        work: what is done with each page.
        load: gives the model; called once, before anything is written.
        observer: is told how it goes.

    Raises:
        UsageError: the options make no sense.
        ModelError, DeviceError: the model cannot run.
        OutputError: the output cannot be written; all done so far stays.
    """
    names = known_names(options)
    planned = plan(options, work.pixels, names)
    for note in planned.notes:
        observer.note(note)
    model = load()
    work.check(model)
    if options.dry_run:
        return rehearse(planned, options, model, observer)
    with open_run(planned) as manifest:
        if manifest and manifest.names != names:  # another run has given names before this one had the lock
            planned = plan(options, work.pixels, manifest.names)
        if manifest:
            sweep({job.output.parent for job in planned.jobs})
        todo, summary = pending(planned, options, model, manifest)
        observer.planned(len(todo) + len(planned.failures), summary.skipped, describe(model))

        def settle(job: Job | None, outcome: Outcome) -> None:
            if manifest and job:
                manifest.add(record(job, outcome, options, model))
            summary.count(outcome)
            observer.finished(outcome)

        for failure in planned.failures:
            settle(None, Outcome(failure.path, "", Status.FAILED, error=str(failure.error)))
        meter = Meter()
        work_off(todo, Worker(options, work, model, meter), options.jobs or default_jobs(), observer, settle)
    return summary


def pending(planned: Plan, options: BatchOptions, model: Model, history: History | None) -> tuple[list[Job], Summary]:
    """The jobs that are not done yet, and a summary that counts those that are."""
    todo = planned.jobs
    if history and not options.overwrite:
        todo = [job for job in todo if not history.is_done(job.source, job.target, options.key(), model.sha256)]
    return todo, Summary(skipped=len(planned.jobs) - len(todo))


def rehearse(planned: Plan, options: BatchOptions, model: Model, observer: Observer) -> Summary:
    """Tell what a run would do, and write nothing."""
    todo, summary = pending(planned, options, model, read(planned.folder) if planned.folder else None)
    for job in todo:
        observer.rehearsed(job)
    for failure in planned.failures:
        outcome = Outcome(failure.path, "", Status.FAILED, error=str(failure.error))
        summary.count(outcome)
        observer.finished(outcome)
    return summary


def known_names(options: BatchOptions) -> dict[str, str]:
    """Names that earlier runs gave in the output folder."""
    folder = Path(options.output)
    return dict(read(folder).names) if options.output != "-" and folder.is_dir() else {}


def open_run(planned: Plan) -> AbstractContextManager[Manifest | None]:
    """The manifest of the output folder, locked; a context without value where the output is no folder."""
    return open_manifest(planned.folder) if planned.folder else nullcontext()


def describe(model: Model) -> str:
    """The device and why it was taken."""
    return f"{model.device} ({model.device.why})" if model.device.why else str(model.device)


def default_jobs() -> int:
    """Workers where the user names no number: one for each core that may be used, and one to keep the network fed."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + 1


def work_off(
    jobs: list[Job],
    worker: Worker,
    threads: int,
    observer: Observer,
    settle: Callable[[Job, Outcome], None],
) -> None:
    """Bring all jobs to an outcome; only `threads` jobs are under way at any time.

    When it ends early, by an error or Ctrl-C, workers stop at their next window and leave no partial output; what
    they had finished by then is settled all the same.
    """
    remaining = iter(jobs)
    running: dict[Future[Outcome], Job] = {}
    with ThreadPoolExecutor(threads, thread_name_prefix="bgtool") as pool:
        try:
            while True:
                while len(running) < threads and (job := next(remaining, None)):
                    running[pool.submit(worker, job)] = job
                if not running:
                    return
                finished, _ = wait(running, POLL_SECONDS, FIRST_COMPLETED)
                observer.advanced(worker.meter.take())
                for future in finished:
                    settle(running[future], future.result())
                    del running[future]
        except BaseException:
            worker.meter.stop.set()
            for future in wait(running).done:
                if not future.exception():
                    settle(running[future], future.result())
            raise


def record(job: Job, outcome: Outcome, options: BatchOptions, model: Model) -> Record:
    """The manifest's line for an outcome."""
    size, mtime_ns = outcome.stamp
    return Record(
        input=job.source,
        size=size,
        mtime_ns=mtime_ns,
        options=options.key(),
        model=model.card.name,
        model_sha256=model.sha256,
        output=job.target,
        pages=outcome.pages,
        seconds=round(outcome.seconds, 3),
        status=outcome.status,
        warnings=outcome.warnings,
        error=outcome.error,
        version=__version__,
        device=str(model.device),
    )
