"""Runs a plan: one bad file costs one line, and all that is done is on record.

Only the process that calls `run_batch` plans, reports progress and writes the manifest; another one works
(`bgtool.engine.process`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from itertools import chain

from bgtool.batch.due import Due, due, in_words, notes_on
from bgtool.batch.failure import Failure
from bgtool.batch.history import History, read
from bgtool.batch.joining import Joining, Ran, joins, single
from bgtool.batch.listing import suffix_of
from bgtool.batch.manifest import Manifest, open_manifest
from bgtool.batch.observer import Observer, Silent
from bgtool.batch.plan import Plan, plan
from bgtool.batch.record import record, roots_of
from bgtool.batch.rehearsal import describe, note_unread, rehearse, say_lacking
from bgtool.batch.summary import Summary
from bgtool.batch.watch import Arrivals, changes
from bgtool.engine.base import Engine, Event
from bgtool.engine.engines import needs_this_process, open_engine
from bgtool.engine.interrupts import held_back
from bgtool.engine.job import STREAM, Job, Outcome, Status
from bgtool.errors import InputError, OutputError, UsageError
from bgtool.imaging.formats import Format
from bgtool.log import logger
from bgtool.optional import require
from bgtool.options import BatchOptions, CleanOptions
from bgtool.storage.spool import Spool
from bgtool.storage.stores import is_folder, is_there, store_of, sweep
from bgtool.storage.urls import checked, is_url
from bgtool.tasks.order import Order, order_for

_LOG = logger(__name__)


def run_batch(options: BatchOptions, observer: Observer | None = None, keep: bool = True) -> Summary:
    """Do everything the options ask for, as the command line does.

    Args:
        options: `CleanOptions` for documents, `CutoutOptions` for photos of people.
        observer: is told how the run goes, file by file.
        keep: whether the summary holds outcomes, too: of a million files these may be many.

    Returns:
        The counts, and every outcome that failed or carries a warning. One bad file never raises.

    Raises:
        UsageError: the options make no sense.
        ModelError, DeviceError: the model cannot run.
        OutputError: the output cannot be written; all done so far stays.
    """
    asked = replace(options, inputs=tuple(map(checked, options.inputs)), output=checked(options.output))
    options = single(asked)
    observer, order = observer or Silent(), order_for(options)
    history = known(options)
    planned = replan(order, history)
    check(options, planned)
    for note in (*planned.notes, *warnings_of(history)):
        observer.note(note)
    with open_engine(order, any(map(needs_this_process, planned.jobs))) as engine:
        if options.dry_run:
            return _rehearsed(asked, Ran(planned, order, history, engine.model), observer, Summary(keep=keep))
        with open_run(planned, history) as manifest, open_joined(asked) as joined:
            if manifest:
                sweep(chain([manifest.history.journal.where], (job.target for job in planned.jobs)))
            run = Run(order, engine, manifest, observer, Summary(keep=keep))
            if manifest and options.watch:
                note_unread(planned, observer)
                run.keep_watch(manifest)
            else:
                if manifest and manifest.changed:  # another run gave names before this one had the lock
                    planned = replan(order, manifest.history)
                run.carry_out(planned)
            if joined and manifest:
                ran = Ran(planned, order, manifest.history, engine.model)
                joining(asked, ran, observer, run.summary, joined.history).carry_out(joined)
            note_unread(planned, observer)
            return run.summary


def _rehearsed(options: BatchOptions, ran: Ran, observer: Observer, summary: Summary) -> Summary:
    """Tell what a run would do, and write nothing."""
    rehearse(*ran, observer, summary)
    if joins(options):
        joining(options, ran, observer, summary).rehearse()
    note_unread(ran.planned, observer)
    return summary


def joining(
    options: BatchOptions, ran: Ran, observer: Observer, summary: Summary, history: History | None = None
) -> Joining:
    """What joins the pages of a run; `history` is that of the output folder, where it has been read."""
    return Joining(options, ran, history or read(options.output), observer, partial(settle, observer, summary))


def check(options: BatchOptions, planned: Plan) -> None:
    """Raise UsageError where the options ask for what the plan, or the packages that are installed, do not allow."""
    if options.watch and not (planned.folder and watched(options)):
        raise UsageError("--watch needs an input folder and an output folder")
    if options.watch:
        if any(map(is_url, (options.output, *watched(options)))):
            raise UsageError("--watch is for folders of this machine", "run the command again and again instead")
        require("watch")
    if options.format in (Format.PDF, Format.PDFA) or suffix_of(options.output) == ".pdf":
        require("pdf")
    if isinstance(options, CleanOptions) and (options.ocr or options.rotate_pages):
        from bgtool.imaging import ocr

        if options.ocr:
            require("ocr")
            ocr.require(options.ocr)
        if options.rotate_pages:
            ocr.require(ocr.ORIENTATION, "--rotate-pages")


class Run:
    """One run, of one round or, over watched folders, of many.

    Attributes:
        summary: counts so far.
    """

    def __init__(
        self, order: Order, engine: Engine, manifest: Manifest | None, observer: Observer, summary: Summary
    ) -> None:
        self._order, self._engine, self._manifest, self._observer = order, engine, manifest, observer
        self._said: set[str] = set()  # of rounds over watched folders: paths of which was said that they cannot be done
        self._left: Spool[str] = Spool()  # outputs of inputs of which nothing is written any more
        self._is_first = True
        self._roots = roots_of(watched(order.options))
        self.summary = summary

    def keep_watch(self, manifest: Manifest) -> None:
        """Do what is there and what comes, until the user ends it."""
        options, arrivals = self._order.options, Arrivals()
        self._observer.note("watching; Ctrl-C ends it")
        for changed in changes(watched(options), options.output, options.recursive):
            if changed or arrivals.growing:
                self.carry_out(replan(self._order, manifest.history), arrivals.take)

    def carry_out(self, planned: Plan, choose: Callable[[Iterable[Job]], Iterable[Job]] = lambda jobs: jobs) -> None:
        """Do what a plan leaves to do; what was finished when it ends early is on record all the same."""
        history = self._manifest.history if self._manifest else None
        todo = due(planned, self._order, self._engine.model.sha256, history, choose)
        first, self._is_first = self._is_first, False
        if first:
            self.summary.skipped = todo.skipped
        self._announce(todo, first)
        self._work(todo.jobs)
        if history and first:
            for note in notes_on(history, planned, todo.stale):
                self._observer.note(note)
        if left := in_words(self._left):
            self._observer.note(f"of inputs of which nothing is written now, earlier outputs stay: {left}")
            self._left = Spool()

    def _announce(self, todo: Due, first: bool) -> None:
        """Say what is to do, and at once what cannot be done, each once."""

        def unsaid() -> Iterator[Failure]:
            return (failure for failure in todo.failures if failure.path not in self._said)

        barred = sum(failure.files for failure in unsaid())
        if todo.jobs or barred or first:
            total = len(todo.jobs) + len(todo.lacking) + barred
            _LOG.info("%d to do, %d done before, by %s", total, self.summary.skipped, self._engine.model)
            self._observer.planned(total, self.summary.skipped, describe(self._engine.model))
        for extra, sources in todo.lacking.items():
            say_lacking(extra, (each for each in sources if each not in self._said), self.summary, self._observer)
        for failure in unsaid():
            self._settle(failure.outcome)
        if self._order.options.watch:
            self._said.update(*todo.lacking.values(), (failure.path for failure in todo.failures))

    def _work(self, jobs: Iterable[Job]) -> None:
        """Have the jobs done; a signal waits until what has come to an outcome is on record."""
        with held_back() if self._manifest else nullcontext(lambda: None) as release:
            try:
                for event in self._engine.do(jobs):
                    self._take(event)
                    release()
            except BaseException:
                for event in self._engine.stop():
                    self._take(event)
                if self._manifest:
                    self._manifest.end()
                raise
        if self._manifest:
            self._manifest.end()

    def _take(self, event: Event) -> None:
        if event.note:
            self._observer.note(event.note)
        if event.settled:
            job, outcome = event.settled
            if self._manifest:
                self._manifest.add(record(job, outcome, self._order, self._engine.model, self._roots))
                if outcome.status is Status.DONE and not outcome.output_sha256 and is_there(job.target):
                    self._left.append(self._manifest.history.name_of(job.target))
            self._settle(outcome)
        self._observer.advanced(event.pixels)  # last: it may raise

    def _settle(self, outcome: Outcome) -> None:
        settle(self._observer, self.summary, outcome)


def settle(observer: Observer, summary: Summary, outcome: Outcome) -> None:
    """Count what became of a file, and say so."""
    tell(outcome)
    summary.count(outcome)
    observer.finished(outcome)


def tell(outcome: Outcome) -> None:
    """Have whoever listens to the log know what became of a file."""
    for warning in outcome.warnings:
        _LOG.warning("%s: %s", outcome.source, warning)
    if outcome.error:
        _LOG.warning("failed %s: %s", outcome.source, outcome.error)
    else:
        _LOG.info("done %s -> %s: %d pages, %.2f s", outcome.source, outcome.output, outcome.pages, outcome.seconds)


def watched(options: BatchOptions) -> list[str]:
    """The inputs that are folders."""
    return [path for path in options.inputs if path != STREAM and is_folder(path)]


def known(options: BatchOptions) -> History | None:
    """What earlier runs put on record in the output folder; None where there is no folder.

    Raises:
        OutputError: the manifest is no file, or cannot be read.
    """
    try:
        return read(options.output) if options.output != STREAM and is_folder(options.output) else None
    except InputError as error:
        raise OutputError(error.reason) from None


def replan(order: Order, history: History | None) -> Plan:
    """The plan in the light of what earlier runs did."""
    for path in {order.options.output, *order.options.inputs} - {STREAM}:
        store_of(path).refresh()
    return plan(order.options, order.pixels, history)


def warnings_of(history: History | None) -> list[str]:
    """What the user should know of the record itself."""
    if not (history and history.astray):
        return []
    return [f"lines of {history.journal.where} whose output lies elsewhere were passed over: {len(history.astray)}"]


def open_run(planned: Plan, history: History | None) -> AbstractContextManager[Manifest | None]:
    """The manifest of the output folder, locked; a context without value where the output is no folder."""
    return open_manifest(planned.folder, history) if planned.folder else nullcontext()


def open_joined(options: BatchOptions) -> AbstractContextManager[Manifest | None]:
    """The manifest of joined files, locked; a context without value where nothing is to be joined."""
    return open_manifest(options.output) if joins(options) else nullcontext()
