"""One job from the first byte of its input to the last byte of its output.

Each job belongs to one worker thread. Decoding and encoding release Python's lock and overlap; the network, which uses
all cores by itself, runs one window at a time; the bytes of the pages under way are bounded.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from bgtool.engine.job import STREAM, Job, Outcome, Status, size_and_time
from bgtool.engine.messages import Admitted, Advanced, Assignment, Progress, Waiting
from bgtool.engine.outputs import Outputs
from bgtool.engine.sessions import Sessions
from bgtool.errors import BgtoolError, InputError, OutputError
from bgtool.imaging.formats import Format, output_suffix
from bgtool.imaging.metadata import Metadata, of_part
from bgtool.imaging.ocr import words_of
from bgtool.imaging.reading.open import open_pages
from bgtool.imaging.reading.page import Page
from bgtool.imaging.writing.writer import Writer, open_writer
from bgtool.imaging.xmp import with_geometry
from bgtool.storage.digest import digest_of
from bgtool.storage.places import Place
from bgtool.storage.stores import store_of
from bgtool.tasks.base import Result, Work
from bgtool.tasks.confidence import Confidence, least
from bgtool.tasks.order import Order

BYTES_UNDER_WAY = 1 << 30
"""Of decoded pages and their results, over all workers; a single page may need more."""

BYTES_PER_PIXEL = 8
"""Of a page under way: up to four as it was decoded, up to four of its result."""

STOP_SECONDS = 0.1
"""How often a worker that waits for room looks whether it is to stop."""


class Unwanted(Exception):
    """Raised where no output is to be made of an input; its arguments are what the user should know."""


class Cancelled(BaseException):
    """Raised inside a worker when the run is to stop; no handler of a file's faults catches it."""


class Budget:
    """Bytes that all workers together may hold; a page larger than all of it is let in alone."""

    def __init__(self, limit: int, stop: threading.Event) -> None:
        self._limit, self._stop = limit, stop
        self._held = 0
        self._changed = threading.Condition()

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """A worker's share, one page at a time: call it with the page's pixels before the page is decoded.

        Whoever waits for room holds none, so nobody waits for ever.
        """
        share = 0

        def take(pixels: int) -> None:
            nonlocal share
            wanted = pixels * BYTES_PER_PIXEL
            with self._changed:
                self._give(share)
                share = 0
                while self._held and self._held + wanted > self._limit:
                    if self._stop.is_set():
                        raise Cancelled
                    self._changed.wait(STOP_SECONDS)
                self._held += wanted
                share = wanted

        try:
            yield take
        finally:
            with self._changed:
                self._give(share)

    def _give(self, share: int) -> None:
        self._held -= share
        self._changed.notify_all()


class Worker:
    """Everything a thread needs to do one job after the other.

    Args:
        order, work, sessions: what is to be done with each page, and the networks that do it.
        say: is told how the jobs go, by the threads that do them.

    Attributes:
        parent: the process without which nothing may be published; 0 where there is none.
    """

    parent = 0

    def __init__(self, order: Order, work: Work, sessions: Sessions, say: Callable[[Progress], None]) -> None:
        self._order, self._options, self._work, self._sessions, self._say = order, order.options, work, sessions, say
        self._stop = threading.Event()
        self._budget = Budget(BYTES_UNDER_WAY, self._stop)

    def stop(self) -> None:
        """Have the threads that do jobs end with `Cancelled` at their next window."""
        self._stop.set()

    def __call__(self, assignment: Assignment) -> Outcome:
        """Do one job.

        Raises:
            OutputError: the output cannot be written; the run is to stop.
            DeviceError: the device failed; the run is to stop.
            Cancelled: the run was stopped.
        """
        start, job = time.perf_counter(), assignment.job
        outcome = Outcome(job.source, job.target, Status.DONE)
        try:
            outcome.stamp = job.stamp()
            self._process(assignment, outcome)
        except Unwanted as nothing:
            outcome.warnings = nothing.args
        except InputError as reason:
            outcome.error = str(reason)
        except (BgtoolError, Cancelled):
            raise
        except MemoryError:
            outcome.error = "there is not enough memory for it"
        except OSError as reason:
            outcome.error = f"it cannot be read: {reason.strerror or reason}"
        except Exception as reason:  # whatever one file brings about, the others are still to be done
            outcome.error = f"it cannot be processed ({type(reason).__name__}: {reason})"
        outcome.status = Status.FAILED if outcome.error else Status.DONE
        outcome.seconds = time.perf_counter() - start
        outcome.warnings = tuple(dict.fromkeys(outcome.warnings))
        return outcome

    def _process(self, assignment: Assignment, outcome: Outcome) -> None:
        self._advance(assignment.number, 0)
        with reading(assignment.job.source) as source:
            if isinstance(source, Path):
                outcome.input_sha256 = digest_of(source)
            self._convert(assignment, source, outcome)

    def _convert(self, assignment: Assignment, source: Path | BinaryIO, outcome: Outcome) -> None:
        job, advance = assignment.job, partial(self._advance, assignment.number)
        with (
            self._sessions.session() as model,
            self._budget.share() as take,
            open_pages(
                source,
                max_megapixels=self._options.max_megapixels,
                admit=partial(self._admit, assignment.number, take),
            ) as reader,
        ):
            suffix, warnings = self._suffix(job, reader.suffix)
            with Outputs(
                job, lambda one: self._writing(one, suffix, model.card.name, reader.count, partial(advance, 0))
            ) as outputs:
                if not job.halves:
                    outputs.writer()  # what no file can hold is refused before any work
                found: list[Confidence | None] = []
                placed: list[dict[str, Any] | None] = []
                wanted = True
                for page in reader:
                    warnings += page.warnings
                    for result in self._work(page, model, advance):
                        outputs.writer(is_half=result.gutter is not None).add(
                            result.bands, metadata_of(result, page, said=self._options.format is not Format.PDFA)
                        )
                        warnings += result.warnings
                        found.append(result.confidence())
                        placed.append(placement_of(result))
                        wanted = result.wanted or reader.count > 1
                if job.stamp() != outcome.stamp:
                    raise InputError("it was changed while it was read")
                outcome.confidence = least(found)
                if not wanted:
                    raise Unwanted(*warnings)
            outcome.pages, outcome.geometry = len(found), tuple(placed) if any(placed) else ()
            outcome.warnings = (*warnings, *(said for _, writer in outputs.written for said in writer.warnings))
            (target, writer), *second = outputs.written
            outcome.output_sha256 = writer.sha256
            with suppress(InputError):  # it is there: only its stamp is unknown
                outcome.output_stamp = size_and_time(target)
            for target, writer in second:
                outcome.second_sha256 = writer.sha256
                with suppress(InputError):
                    outcome.second_stamp = size_and_time(target)

    def _writing(
        self, job: Job, suffix: str | None, model: str, pages: int, wait: Callable[[], None]
    ) -> AbstractContextManager[Writer]:
        """What takes the pages of a job's output; `wait` may raise while they are read for their words."""
        languages = self._order.ocr
        return open_writer(
            standard_output() if job.target == STREAM else self._place(job),
            suffix=suffix,
            model=model,
            pages=pages,
            quality=self._options.quality,
            archival=self._options.format is Format.PDFA,
            read=partial(words_of, languages=languages, wait=wait) if languages else None,
        )

    def _advance(self, number: int, pixels: int) -> None:
        """Hand on what a job has done. Raises Cancelled if the run is to stop."""
        if self._stop.is_set():
            raise Cancelled
        if pixels:
            self._say(Advanced(number, pixels))

    def _admit(self, number: int, take: Callable[[int], None], pixels: int) -> None:
        """Let a job begin a page once there is room for it."""
        self._say(Waiting(number))
        take(pixels)
        self._say(Admitted(number, pixels))

    def _place(self, job: Job) -> Place:
        """The place of an output, whose digest is listed before it appears if the output is a folder."""
        folder = self._options.output if job.target != self._options.output else None

        def announce(digest: str) -> None:
            if folder:
                store_of(folder).journal(folder).announce(job.target, digest)
            self._check_parent()

        return Place(job.target, job.over, folder, announce)

    def _check_parent(self) -> None:
        """Raise Cancelled if the run that this process works for was killed: another may have taken its place."""
        if self.parent and os.getppid() != self.parent:
            raise Cancelled

    def _suffix(self, job: Job, found: str) -> tuple[str | None, list[str]]:
        """The suffix for standard output, which has no name to take it from."""
        if job.target != STREAM:
            return None, []
        suffix, note = output_suffix(found, self._options.format, self._order.pixels)
        return suffix, [note] if note else []


def reading(source: str) -> AbstractContextManager[Path | BinaryIO]:
    """The input of a job, as a file of this machine or, of standard input, as a stream.

    Raises:
        InputError: it cannot be read.
    """
    return nullcontext(standard_input()) if source == STREAM else store_of(source).reading(source)


def metadata_of(result: Result, page: Page, *, said: bool = True) -> Metadata:
    """What is carried from a page to its result; where it lies on the scan is `said` there, too."""
    width, height = page.size
    is_whole = result.bands.size == (width * result.enlarged, height * result.enlarged)
    metadata = page.metadata if is_whole else of_part(page.metadata)
    if is_whole and metadata.pdf:
        metadata = replace(metadata, pdf=replace(metadata.pdf, size=result.bands.size))
    if result.placement and not result.placement.is_all:
        metadata = replace(of_part(metadata), pdf=None)  # what a PDF says beneath its page would not fit
    if said and (placed := placement_of(result)):
        metadata = replace(metadata, xmp=with_geometry(metadata.xmp, placed))
    return replace(metadata, resolution=result.resolution) if result.resolution else metadata


def placement_of(result: Result) -> dict[str, Any] | None:
    """Where a result lies on its scan, in plain values; None where nothing was looked for."""
    if result.placement is None:
        return None
    gutter = {} if result.gutter is None else {"gutter": result.gutter}
    enlarged = {} if result.enlarged == 1 else {"enlarged": result.enlarged}
    return result.placement.said() | gutter | enlarged


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
