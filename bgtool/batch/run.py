"""Runs a plan: one bad file costs one line, and all that is done is on record.

Only the process that calls `run_batch` plans, reports progress and writes the manifest; another one works
(`bgtool.engine.process`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial

from bgtool.batch.due import Due, due, notes_on
from bgtool.batch.history import History, read
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
from bgtool.engine.job import STREAM, Job, Outcome
from bgtool.errors import InputError, OutputError, UsageError
from bgtool.imaging.formats import Format
from bgtool.log import logger
from bgtool.optional import require
from bgtool.options import BatchOptions
from bgtool.storage.stores import is_folder, store_of, sweep
from bgtool.storage.urls import checked, is_url
from bgtool.tasks.order import Order, order_for

_LOG = logger(__name__)


def run_batch(options: BatchOptions, observer: Observer | None = None) -> Summary:
    """Do everything the options ask for, as the command line does.

    Args:
        options: `CleanOptions` for documents, `CutoutOptions` for photos of people.
        observer: is told how the run goes, file by file.

    Returns:
        The counts, and every outcome that failed or carries a warning. One bad file never raises.

    Raises:
        UsageError: the options make no sense.
        ModelError, DeviceError: the model cannot run.
        OutputError: the output cannot be written; all done so far stays.
    """
    options = replace(options, inputs=tuple(map(checked, options.inputs)), output=checked(options.output))
    observer, order = observer or Silent(), order_for(options)
    history = known(options)
    planned = replan(order, history)
    check(options, planned)
    for note in (*planned.notes, *warnings_of(history)):
        observer.note(note)
    with open_engine(order, any(map(needs_this_process, planned.jobs))) as engine:
        if options.dry_run:
            summary = rehearse(planned, order, engine.model, history, observer)
            note_unread(planned, observer)
            return summary
        with open_run(planned, history) as manifest:
            if manifest:
                sweep([manifest.history.journal.where, *(job.target for job in planned.jobs)])
            run = Run(order, engine, manifest, observer)
            if manifest and options.watch:
                note_unread(planned, observer)
                run.keep_watch(manifest)
            elif manifest and manifest.changed:  # another run gave names before this one had the lock
                run.carry_out(replan(order, manifest.history))
            else:
                run.carry_out(planned)
            note_unread(planned, observer)
            return run.summary


def check(options: BatchOptions, planned: Plan) -> None:
    """Raise UsageError where the options ask for what the plan, or the packages that are installed, do not allow."""
    if options.watch and not (planned.folder and watched(options)):
        raise UsageError("--watch needs an input folder and an output folder")
    if options.watch:
        if any(map(is_url, (options.output, *watched(options)))):
            raise UsageError("--watch is for folders of this machine", "run the command again and again instead")
        require("watch")
    if Format.PDF in (options.format, suffix_of(options.output).removeprefix(".")):
        require("pdf")


class Run:
    """One run, of one round or, over watched folders, of many.

    Attributes:
        summary: counts so far.
    """

    def __init__(self, order: Order, engine: Engine, manifest: Manifest | None, observer: Observer) -> None:
        self._order, self._engine, self._manifest, self._observer = order, engine, manifest, observer
        self._said: set[str] = set()  # paths of which was said that they cannot be done
        self._is_first = True
        self._roots = roots_of(watched(order.options))
        self.summary = Summary()

    def keep_watch(self, manifest: Manifest) -> None:
        """Do what is there and what comes, until the user ends it."""
        options, arrivals = self._order.options, Arrivals()
        self._observer.note("watching; Ctrl-C ends it")
        for changed in changes(watched(options), options.output, options.recursive):
            if changed or arrivals.growing:
                self.carry_out(replan(self._order, manifest.history), arrivals.take)

    def carry_out(self, planned: Plan, choose: Callable[[list[Job]], list[Job]] = lambda jobs: jobs) -> None:
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

    def _announce(self, todo: Due, first: bool) -> None:
        """Say what is to do, and at once what cannot be done, each once."""
        failures = [failure for failure in todo.failures if failure.path not in self._said]
        if todo.jobs or failures or first:
            total = len(todo.jobs) + len(todo.lacking) + sum(failure.files for failure in failures)
            _LOG.info("%d to do, %d done before, by %s", total, self.summary.skipped, self._engine.model)
            self._observer.planned(total, self.summary.skipped, describe(self._engine.model))
        for extra, sources in todo.lacking.items():
            unsaid = [source for source in sources if source not in self._said]
            say_lacking(extra, unsaid, self.summary, self._observer)
            self._said.update(sources)
        for failure in failures:
            self._said.add(failure.path)
            self._settle(failure.outcome)

    def _work(self, jobs: list[Job]) -> None:
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
            self._settle(outcome)
        self._observer.advanced(event.pixels)  # last: it may raise

    def _settle(self, outcome: Outcome) -> None:
        tell(outcome)
        self.summary.count(outcome)
        self._observer.finished(outcome)


def tell(outcome: Outcome) -> None:
    """Have whoever listens to the log know what became of a file."""
    for warning in outcome.warnings:
        _LOG.warning("%s: %s", outcome.source, warning)
    if outcome.error:
        _LOG.warning("failed %s: %s", outcome.source, outcome.error)
    else:
        _LOG.info("done %s -> %s: %d pages, %.2f s", outcome.source, outcome.target, outcome.pages, outcome.seconds)


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
    if history is None:
        return plan(order.options, order.pixels)
    is_same = partial(history.is_same, checksum=order.options.checksum)
    return plan(order.options, order.pixels, history.names, is_same)


def warnings_of(history: History | None) -> list[str]:
    """What the user should know of the record itself."""
    if not (history and history.astray):
        return []
    return [f"lines of {history.journal.where} whose output lies elsewhere were passed over: {history.astray}"]


def open_run(planned: Plan, history: History | None) -> AbstractContextManager[Manifest | None]:
    """The manifest of the output folder, locked; a context without value where the output is no folder."""
    return open_manifest(planned.folder, history) if planned.folder else nullcontext()
