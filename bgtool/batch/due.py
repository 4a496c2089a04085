"""What of a plan is still to be done, what keeps the rest from it, and what earlier runs left lying there."""

# ruff: noqa: PTH120 - paths are strings, because a run may have a million of them

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from bgtool.batch.failure import Failure
from bgtool.batch.history import History
from bgtool.batch.listing import suffix_of
from bgtool.batch.plan import Plan
from bgtool.engine.job import STREAM, Job
from bgtool.errors import InputError
from bgtool.imaging.signature import is_signed
from bgtool.optional import EXTRAS, missing
from bgtool.options import BatchOptions
from bgtool.storage.base import PrefixError
from bgtool.storage.places import ANYTHING, FREE, Stamp
from bgtool.storage.spool import Spool
from bgtool.storage.stores import absolute, store_of
from bgtool.tasks.order import Order

_NAMED = 10  # outputs named in a note; of the others, how many they are

_FOLDERS = 10_000  # of outputs, of which is kept in mind what is in their way


@dataclass
class Due:
    """What a plan leaves to do.

    Attributes:
        jobs: to be done now.
        skipped: how many of the plan's jobs are done already.
        lacking: by missing extra, the inputs that cannot be read without it.
        failures: what keeps other inputs from being done.
        stale: outputs under other names that earlier runs made of the inputs of these jobs, and that stay.
    """

    jobs: Spool[Job] = field(default_factory=Spool)
    skipped: int = 0
    lacking: dict[str, Spool[str]] = field(default_factory=dict)
    failures: Spool[Failure] = field(default_factory=Spool)
    stale: Spool[str] = field(default_factory=Spool)


def due(
    planned: Plan,
    order: Order,
    model_sha256: str,
    history: History | None,
    choose: Callable[[Iterable[Job]], Iterable[Job]] = lambda jobs: jobs,
) -> Due:
    """What a plan leaves to do.

    Args:
        planned: the plan.
        order: what is to be done with each input.
        model_sha256: digest of the model that does it.
        history: what earlier runs did; None where no record is kept.
        choose: of the jobs that are not done yet, those to do now.
    """
    made, refused = Due(failures=Spool(planned.failures)), Refusals()
    in_the_way, lacking = _obstacles(planned.folder), suffixes_lacking()
    undone = _undone(planned.jobs, order, model_sha256, history, made, refused)
    for job in choose(undone):
        if way := in_the_way(os.path.dirname(job.target)):
            refused.obstacle(*way)
            continue
        try:
            admitted = admitted_job(job, order.options, history)
        except InputError as error:
            refused.add(job.source, error)
            continue
        if extra := lacking.get(suffix_of(job.source)):
            made.lacking.setdefault(extra, Spool()).append(job.source)
            continue
        made.jobs.append(admitted)
        for stale in _siblings(job, history) if history else ():
            made.stale.append(stale)
    for failure in refused:
        made.failures.append(failure)
    return made


class Refusals:
    """What keeps inputs from being done; what keeps several of them is one failure."""

    def __init__(self) -> None:
        self._single: Spool[Failure] = Spool()
        self._shared: Counter[tuple[str, str]] = Counter()

    def obstacle(self, path: str, why: str) -> None:
        """Something bars the way to an output."""
        self._shared[path, why] += 1

    def add(self, source: str, error: InputError) -> None:
        """An input cannot be done."""
        if isinstance(error, PrefixError):
            self.obstacle(error.prefix, error.reason)
        else:
            self._single.append(Failure(source, error))

    def __iter__(self) -> Iterator[Failure]:
        for (path, why), files in self._shared.items():
            text = f"{why}; files that belong below it and are not done: {files}"
            yield Failure(path, InputError(text), files)
        yield from self._single


def _undone(
    jobs: Iterable[Job], order: Order, model_sha256: str, history: History | None, made: Due, refused: Refusals
) -> Iterator[Job]:
    """The jobs that are not done yet; those that are, and those of which that cannot be told, are counted."""
    if history is None or order.options.overwrite:
        yield from jobs
        return
    asked = order.key, model_sha256
    for job in jobs:
        try:
            done = job.source != STREAM and history.is_done(
                job.source, job.target, *asked, earlier=job.earlier, checksum=order.options.checksum
            )
        except InputError as error:
            refused.add(job.source, error)
            continue
        if done:
            made.skipped += 1
        else:
            yield job


def admitted_job(job: Job, options: BatchOptions, history: History | None) -> Job:
    """A job with what its output may replace. Raises InputError where what stands in its place has to stay."""
    over, *halves = (_over(target, job, options, history) for target in job.targets)
    if halves:
        return job._replace(over=over, halves=tuple(halves))
    return job if over == FREE else job._replace(over=over)


def _over(target: str, job: Job, options: BatchOptions, history: History | None) -> Stamp:
    """What may be replaced in one of a job's places. Raises InputError where what stands there has to stay."""
    over = ANYTHING if options.overwrite else FREE if target == STREAM else occupant(target)
    if over not in (ANYTHING, FREE) and not _is_own(target, history):
        raise InputError(f"{target} {_why_foreign(target, job, history)} (--overwrite replaces it)")
    return over


def _siblings(job: Job, history: History) -> Iterator[str]:
    """Files under other names that an earlier run made of the input of a job, and that stay where they are."""
    now = set(map(history.name_of, job.targets))
    yield from (
        name
        for name in history.files_of(job.earlier or absolute(job.source))
        if name not in now and history.holds(name)
    )


def notes_on(history: History, planned: Plan, stale: Iterable[str]) -> Iterator[str]:
    """Sentences about what lies in the output folder and is no output of this plan."""
    if names := in_words(stale):
        yield f"under other names, earlier outputs of the same inputs stay: {names}"
    if names := in_words(history.orphans(job.target for job in planned.jobs)):
        yield f"outputs whose inputs are gone stay: {names}"


def in_words(names: Iterable[str]) -> str:
    """Some names and how many more there are; empty for none."""
    rest = iter(names)
    first = list(islice(rest, _NAMED))
    more = sum(1 for _ in rest)
    return ", ".join(first) + (f" and {more} more" if more else "")


def occupant(target: str) -> Stamp:
    """What stands in the place of an output."""
    return store_of(target).occupant(target)


def _obstacles(below: str | None) -> Callable[[str], tuple[str, str] | None]:
    """What tells the obstacle on the way to a folder of outputs."""
    if below is None:
        return lambda folder: None
    store, top = store_of(below), below
    return lru_cache(_FOLDERS)(lambda folder: store.obstacle(folder, top))


def _is_own(target: str, history: History | None) -> bool:
    if history:
        return history.is_own(target)
    with store_of(target).reading(target) as path:
        return is_signed(path)


def _why_foreign(target: str, job: Job, history: History | None) -> str:
    if history is None:
        return "is there and does not say that bgtool made it"
    earlier = job.earlier or absolute(job.source)
    if history.name_of(target) in history.files_of(earlier):
        return "was changed since it was made, and is kept"
    return "is there and not of bgtool's making, or changed since"


def suffixes_lacking() -> dict[str, str]:
    """Suffixes, lower case, of inputs that cannot be read, and the extras that are missing for it."""
    return {
        suffix: name for name, extra in EXTRAS.items() if extra.suffixes and missing(name) for suffix in extra.suffixes
    }
