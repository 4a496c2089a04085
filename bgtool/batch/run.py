"""Runs a plan: one bad file costs one line, and all that is done is on record.

Only the process that calls `run` plans, reports progress and writes the manifest; another one works
(`bgtool.engine.process`).
"""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH100, PTH118, PTH120

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Protocol

from bgtool._version import __version__
from bgtool.batch.due import admitted, notes_on, pending, siblings, sorted_out
from bgtool.batch.history import FILE_NAME, History, read
from bgtool.batch.listing import kinds_not_read
from bgtool.batch.manifest import Manifest, Record, open_manifest
from bgtool.batch.plan import Failure, Plan, plan
from bgtool.batch.summary import Summary
from bgtool.batch.watch import Arrivals, changes
from bgtool.engine.interrupts import held_back
from bgtool.engine.job import STREAM, Job, Outcome, Status
from bgtool.engine.messages import Event, Facts
from bgtool.engine.process import Engine, Inline, open_engine
from bgtool.errors import UsageError
from bgtool.imaging.formats import Format
from bgtool.optional import command, lack, require
from bgtool.options import BatchOptions
from bgtool.storage.local import sweep
from bgtool.tasks.results import result_of


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


class Silent:
    """An observer that says nothing."""

    def planned(self, total: int, skipped: int, device: str) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def advanced(self, pixels: int) -> None:
        """Nothing."""

    def finished(self, outcome: Outcome) -> None:
        """Nothing."""

    def rehearsed(self, job: Job) -> None:
        """Nothing."""


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
    observer = observer or Silent()
    options.key()  # reads what the options name, so that what makes no sense is said first
    history = known(options)
    planned = replan(options, history)
    if options.watch and not (planned.folder and watched(options)):
        raise UsageError("--watch needs an input folder and an output folder")
    if options.watch:
        require("watch")
    if Format.PDF in (options.format, Path(options.output).suffix.lower().removeprefix(".")):
        require("pdf")
    for note in (*planned.notes, *warnings_of(history)):
        observer.note(note)
    with open_engine(options, any(STREAM in job for job in planned.jobs)) as engine:
        if options.dry_run:
            summary = rehearse(planned, options, engine.facts, observer, history)
            note_unread(planned, observer)
            return summary
        with open_run(planned, history) as manifest:
            if manifest:
                sweep({manifest.folder, *(job.output.parent for job in planned.jobs)})
            run = Run(options, engine, manifest, observer)
            if manifest and options.watch:
                note_unread(planned, observer)
                run.keep_watch(manifest)
            elif manifest and manifest.changed:  # another run gave names before this one had the lock
                run.carry_out(replan(options, manifest.history))
            else:
                run.carry_out(planned)
            note_unread(planned, observer)
            return run.summary


class Run:
    """One run, of one round or, over watched folders, of many.

    Attributes:
        summary: counts so far.
    """

    def __init__(
        self, options: BatchOptions, engine: Engine | Inline, manifest: Manifest | None, observer: Observer
    ) -> None:
        self._options, self._engine, self._manifest, self._observer = options, engine, manifest, observer
        self._said: set[str] = set()  # folders that were found unreadable
        self._begun = False
        self._roots = roots_of(options)
        self.summary = Summary()

    def keep_watch(self, manifest: Manifest) -> None:
        """Do what is there and what comes, until the user ends it."""
        options, arrivals = self._options, Arrivals()
        self._observer.note("watching; Ctrl-C ends it")
        for changed in changes(watched(options), options.output, options.recursive):
            if changed or arrivals.growing:
                self.carry_out(replan(options, manifest.history), arrivals.take)

    def carry_out(self, planned: Plan, choose: Callable[[list[Job]], list[Job]] = lambda jobs: jobs) -> None:
        """Do what a plan leaves to do; what was finished when it ends early is on record all the same."""
        history = self._manifest.history if self._manifest else None
        due = pending(planned, self._options, self._engine.facts.sha256, history)
        todo, refused = admitted(choose(due), planned, self._options, history)
        todo, lacking = sorted_out(todo)
        stale = siblings(todo, planned, history) if history else []
        failures = [failure for failure in (*planned.failures, *refused) if failure.path not in self._said]
        first, self._begun = not self._begun, True
        if first:
            self.summary.skipped = len(planned.jobs) - len(due)
        if todo or failures or first:
            total = len(todo) + len(lacking) + sum(failure.files for failure in failures)
            self._observer.planned(total, self.summary.skipped, describe(self._engine.facts))
        for name, sources in lacking.items():
            give_up(name, [source for source in sources if source not in self._said], self.summary, self._observer)
            self._said.update(sources)
        for failure in failures:
            self._said.add(failure.path)
            self._settle(outcome_of(failure))
        with held_back() if self._manifest else nullcontext(lambda: None) as release:
            try:
                for event in self._engine.do(todo):
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
        if history and first:
            for note in notes_on(history, planned, stale):
                self._observer.note(note)

    def _take(self, event: Event) -> None:
        self._observer.advanced(event.pixels)
        if event.settled:
            job, outcome = event.settled
            if self._manifest:
                self._manifest.add(record(job, outcome, self._options, self._engine.facts, self._roots))
            self._settle(outcome)

    def _settle(self, outcome: Outcome) -> None:
        self.summary.count(outcome)
        self._observer.finished(outcome)


def note_unread(planned: Plan, observer: Observer) -> None:
    """Name the kinds of files that are passed over, if there are any."""
    if unread := kinds_not_read(planned.unread):
        observer.note(unread)


def watched(options: BatchOptions) -> list[str]:
    """The inputs that are folders."""
    return [path for path in options.inputs if Path(path).is_dir()]


def rehearse(
    planned: Plan, options: BatchOptions, facts: Facts, observer: Observer, history: History | None
) -> Summary:
    """Tell what a run would do, and write nothing."""
    due = pending(planned, options, facts.sha256, history)
    todo, refused = admitted(due, planned, options, history)
    todo, lacking = sorted_out(todo)
    summary = Summary(skipped=len(planned.jobs) - len(due))
    for name, sources in lacking.items():
        give_up(name, sources, summary, observer)
    for job in todo:
        observer.rehearsed(job)
    for failure in (*planned.failures, *refused):
        outcome = outcome_of(failure)
        summary.count(outcome)
        observer.finished(outcome)
    if history:
        for note in notes_on(history, planned, siblings(todo, planned, history)):
            observer.note(note)
    return summary


def give_up(extra: str, sources: list[str], summary: Summary, observer: Observer) -> None:
    """Count the inputs that cannot be read for want of an extra, and say so in one line for all of them."""
    error = f"{lack(extra)} ({command(extra)})"
    for source in sources:
        summary.count(Outcome(source, "", Status.FAILED, error=error))
    if sources:
        name = f"{sources[0]} and {len(sources) - 1} more" if sources[1:] else sources[0]
        observer.finished(Outcome(name, "", Status.FAILED, error=error))


def outcome_of(failure: Failure) -> Outcome:
    """What becomes of files that could not even be begun."""
    return Outcome(failure.path, "", Status.FAILED, error=str(failure.error), files=failure.files)


def known(options: BatchOptions) -> History | None:
    """What earlier runs put on record in the output folder; None where there is no folder.

    Raises:
        OutputError: the manifest is no file, or cannot be read.
    """
    is_folder = options.output != STREAM and os.path.isdir(options.output)  # noqa: PTH112 - raises nothing
    return read(Path(options.output)) if is_folder else None


def replan(options: BatchOptions, history: History | None) -> Plan:
    """The plan in the light of what earlier runs did."""
    if history is None:
        return plan(options, result_of(options))
    is_same = partial(history.is_same, checksum=options.checksum)
    return plan(options, result_of(options), history.names, is_same)


def warnings_of(history: History | None) -> list[str]:
    """What the user should know of the record itself."""
    if not (history and history.astray):
        return []
    return [f"lines of {history.folder / FILE_NAME} whose output lies elsewhere were passed over: {history.astray}"]


def open_run(planned: Plan, history: History | None) -> AbstractContextManager[Manifest | None]:
    """The manifest of the output folder, locked; a context without value where the output is no folder."""
    return open_manifest(planned.folder, history) if planned.folder else nullcontext()


def roots_of(options: BatchOptions) -> list[str]:
    """The input folders, absolute; one that lies in another comes before it."""
    return sorted(map(os.path.abspath, watched(options)), key=len, reverse=True)


def below_root(source: str, roots: list[str]) -> tuple[str, str]:
    """The root that an input lies below, its own folder if none, and its path from there."""
    path = os.path.abspath(source)
    root = next((root for root in roots if path.startswith(os.path.join(root, ""))), os.path.dirname(path))
    return root, os.path.relpath(path, root)


def describe(facts: Facts) -> str:
    """The device and why it was taken."""
    return f"{facts.device} ({facts.why})" if facts.why else facts.device


def record(job: Job, outcome: Outcome, options: BatchOptions, facts: Facts, roots: list[str]) -> Record:
    """The manifest's line for an outcome."""
    (size, mtime_ns), (output_size, output_mtime_ns) = outcome.stamp, outcome.output_stamp
    root, source = below_root(job.source, roots)
    return Record(
        input=source,
        root=root,
        size=size,
        mtime_ns=mtime_ns,
        input_sha256=outcome.input_sha256,
        options=options.key(),
        settings=options.settings(),
        model=facts.name,
        model_sha256=facts.sha256,
        output=job.target,
        output_sha256=outcome.output_sha256,
        output_size=output_size,
        output_mtime_ns=output_mtime_ns,
        pages=outcome.pages,
        seconds=round(outcome.seconds, 3),
        status=outcome.status,
        warnings=outcome.warnings,
        error=outcome.error,
        version=__version__,
        device=facts.device,
    )
