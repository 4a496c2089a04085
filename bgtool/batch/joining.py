"""One PDF for each folder of inputs, made of its single pages once all of them are done.

The single pages are the outputs of a run as any other, in a folder of their own (`PAGES`) below the output folder, with
a manifest of their own: what was killed goes on, and what has changed is told page by page. The joined files stand in
the manifest of the output folder. There the input of a line is a folder, and its options are a digest of what the file
was made of: where that is another now, the file is made anew.

Of a folder that lacks a page no file is made rather than one that is short; an earlier one stays.
"""

# ruff: noqa: PTH118, PTH119, PTH120 - paths are strings, because a run may have a million of them

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, cast

from bgtool.batch.due import admitted_job, in_words, notes_on
from bgtool.batch.history import History
from bgtool.batch.inputs import is_one_file
from bgtool.batch.joined_names import PAGES, JoinedNames
from bgtool.batch.manifest import Manifest
from bgtool.batch.observer import Observer
from bgtool.batch.plan import Plan
from bgtool.batch.record import record, roots_of
from bgtool.engine.base import ModelInfo
from bgtool.engine.job import STREAM, Job, Outcome, Status, size_and_time
from bgtool.errors import BgtoolError, InputError, UsageError
from bgtool.imaging.formats import Format
from bgtool.options import BatchOptions, CleanOptions
from bgtool.storage.local import output_errors
from bgtool.storage.places import Place
from bgtool.storage.stores import absolute, is_folder, is_there, store_of, sweep
from bgtool.storage.urls import is_url
from bgtool.tasks.order import Order

TASK = "join"
"""What lines of joined files say that they are."""


class Ran(NamedTuple):
    """The run that makes the single pages: its plan and order, what is on record of them, and the model."""

    planned: Plan
    order: Order
    history: History | None
    model: ModelInfo


def joins(options: BatchOptions) -> bool:
    """Whether files are to be joined."""
    return isinstance(options, CleanOptions) and options.join


def single(options: BatchOptions) -> BatchOptions:
    """The options of the run that makes the single pages, as they are where nothing is to be joined.

    Raises:
        UsageError: there are no folders to join, or there is no folder that the joined files could go to.
    """
    if not joins(options):
        return options
    output = options.output
    if output == STREAM or is_url(output) or is_one_file(output, one_input=False):
        raise UsageError("--join makes a PDF for each folder", "name an output folder of this machine")
    for path in options.inputs:
        if path == STREAM or (is_there(path) and not is_folder(path)):
            raise UsageError(f"--join makes a PDF for each folder, and {path} is none", "name folders of pages")
    return replace(cast(CleanOptions, options), output=os.path.join(output, PAGES), join=False)


class Joining:
    """Makes the joined files of a run whose single pages are done.

    Args:
        options: with `join`.
        ran: that run.
        history: what is on record of the output folder.
        observer: is told how it goes.
        settle: is told of every folder of which no file is made.
    """

    def __init__(
        self,
        options: BatchOptions,
        ran: Ran,
        history: History,
        observer: Observer,
        settle: Callable[[Outcome], None],
    ) -> None:
        self._options, self._ran, self._history = options, ran, history
        self._observer, self._settle = observer, settle
        self._joined = Plan(options.output)
        self._made = self._kept = 0
        self._barred: dict[str, list[str]] = {}  # by folder, the names of pages that could not even be planned
        for failure in ran.planned.failures:
            if not is_folder(failure.path):
                folder, name = os.path.split(failure.path)
                self._barred.setdefault(folder, []).append(name)

    def rehearse(self) -> None:
        """Tell what would be made, if every page is done, and write nothing."""
        for _, job, _ in self._due(None):
            self._observer.rehearsed(job)

    def carry_out(self, manifest: Manifest) -> None:
        """Make what is due, one file after the other."""
        try:
            for pages, job, key in self._due(manifest):
                self._observer.advanced(0)  # it may raise
                sweep([job.target])
                outcome = self._write(pages, job, manifest)
                self._add(manifest, job, outcome, key)
                if outcome.error:
                    self._settle(outcome)
                else:
                    self._made += 1
        finally:
            manifest.end()
        for note in notes_on(manifest.history, self._joined, ()):
            self._observer.note(note)
        if emptied := in_words(self._emptied()):
            self._observer.note(f"of folders that hold no pages now, earlier files stay: {emptied}")
        self._observer.note(f"joined: {self._made} made" + f", {self._kept} as they were" * bool(self._kept))

    def _due(self, manifest: Manifest | None) -> Iterator[tuple[list[Job], Job, str]]:
        """The pages of each folder whose file is not there as it should be, what is to be made, and its key.

        Without a manifest pages that are not done yet do not matter.
        """
        names = JoinedNames(self._history, self._folders())
        for source, pages in self._folders():
            lacking = self._lacking(source, pages)
            key = "" if lacking else self._key(source, pages)
            job = names.job(source, pages, key)
            self._joined.jobs.append(job)
            if lacking and manifest:
                total = len(pages) + len(self._barred.get(source, ()))
                error = f"not joined: of {total} pages these are not done: {in_words(lacking)}"
                self._fail(job, error, manifest)
            elif key and self._is_made(job, key):
                self._kept += 1
            else:
                try:
                    admitted = admitted_job(job, self._options, self._history)
                except InputError as error:
                    self._fail(job, f"not joined: {error}")
                    continue
                yield pages, admitted, key

    def _emptied(self) -> Iterator[str]:
        """Joined files of folders that this run looked into and found no pages in."""
        roots = tuple(store_of(path).join(absolute(path), "") for path in self._options.inputs)
        joined = {absolute(job.source) for job in self._joined.jobs}
        for source, name in self._history.names.items() if self._options.recursive else ():
            below = source not in joined and store_of(source).join(source, "").startswith(roots)
            if below and is_folder(source) and self._history.holds(name):
                yield name

    def _folders(self) -> Iterator[tuple[str, list[Job]]]:
        """Each folder of inputs, and its pages in natural order, for so the plan goes through it."""
        for source, jobs in groupby(self._ran.planned.jobs, lambda job: os.path.dirname(job.source)):
            yield source, list(jobs)

    def _lacking(self, source: str, pages: Sequence[Job]) -> list[str]:
        """The names of the pages of a folder that are not done."""
        undone = (os.path.basename(page.source) for page in pages if not self._is_done(page))
        return [*self._barred.get(source, ()), *undone]

    def _is_done(self, page: Job) -> bool:
        order, history, checksum = self._ran.order, self._ran.history, self._options.checksum
        asked = order.key, self._ran.model.sha256
        return history is not None and history.is_done(
            page.source, page.target, *asked, earlier=page.earlier, checksum=checksum
        )

    def _key(self, source: str, pages: Sequence[Job]) -> str:
        """Hex digest of what a joined file is made of; of pages that are done."""
        history = cast(History, self._ran.history)
        entries = [history.entry(page.earlier or absolute(page.source)) for page in pages]
        digests = [entry.fixed.output_sha256.hex() for entry in entries if entry]
        text = json.dumps([self._settings(), os.path.basename(absolute(source)), digests])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _settings(self) -> dict[str, Any]:
        return {"task": TASK, "format": self._options.format.value}

    def _is_made(self, job: Job, key: str) -> bool:
        """Whether a joined file is there, made of just these pages."""
        entry = self._history.entry(job.earlier or absolute(job.source))
        if self._options.overwrite or entry is None or not entry.done or entry.options != key:
            return False
        return self._history.has_output(entry, job.target, self._options.checksum)

    def _write(self, pages: Sequence[Job], job: Job, manifest: Manifest) -> Outcome:
        """Make a joined file. Raises OutputError where nothing can be written."""
        from bgtool.imaging.writing.joined import join

        start, outcome = time.perf_counter(), Outcome(job.source, job.target, Status.DONE)
        journal, title = manifest.history.journal, os.path.basename(absolute(job.source))
        place = Place(job.target, job.over, manifest.folder, lambda digest: journal.announce(job.target, digest))
        try:
            with store_of(job.target).replacing(place) as file:
                with output_errors(job.target):
                    paths = [Path(page.target) for page in pages]
                    outcome.pages = join(paths, file, title, archival=self._options.format is Format.PDFA)
                    file.seek(0)
                    outcome.output_sha256 = hashlib.file_digest(cast(Any, file), "sha256").hexdigest()
                place.complete(outcome.output_sha256)
            outcome.output_stamp = size_and_time(job.target)
        except InputError as error:
            outcome.error = f"not joined: {error}"
        except (BgtoolError, OSError):
            raise
        except Exception as error:  # whatever one folder brings about, the others are still to be joined
            outcome.error = f"not joined ({type(error).__name__}: {error})"
        outcome.status = Status.FAILED if outcome.error else Status.DONE
        outcome.seconds = time.perf_counter() - start
        return outcome

    def _fail(self, job: Job, error: str, manifest: Manifest | None = None) -> None:
        outcome = Outcome(job.source, job.target, Status.FAILED, error=error)
        if manifest:
            self._add(manifest, job, outcome, "")
        self._settle(outcome)

    def _add(self, manifest: Manifest, job: Job, outcome: Outcome, key: str) -> None:
        """Put on record what became of a joined file."""
        roots = roots_of(self._options.inputs)
        line = record(job, outcome, self._ran.order, self._ran.model, roots)
        manifest.add(replace(line, options=key, settings=self._settings()))
