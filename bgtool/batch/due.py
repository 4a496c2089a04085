"""What of a plan is still to be done, what keeps the rest from it, and what earlier runs left lying there."""

# ruff: noqa: PTH120 - paths are strings, because a run may have a million of them

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from bgtool.batch.failure import Failure
from bgtool.batch.history import History
from bgtool.batch.plan import Plan
from bgtool.engine.job import STREAM, Job
from bgtool.errors import InputError
from bgtool.imaging.signature import is_signed
from bgtool.optional import EXTRAS, missing
from bgtool.options import BatchOptions
from bgtool.storage.places import ANYTHING, FREE, Stamp
from bgtool.storage.stores import absolute, store_of
from bgtool.tasks.order import Order

_NAMED = 10  # outputs named in a note; of the others, how many they are


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

    jobs: list[Job]
    skipped: int
    lacking: dict[str, list[str]]
    failures: list[Failure]
    stale: list[str]


def due(
    planned: Plan,
    order: Order,
    model_sha256: str,
    history: History | None,
    choose: Callable[[list[Job]], list[Job]] = lambda jobs: jobs,
) -> Due:
    """What a plan leaves to do.

    Args:
        planned: the plan.
        order: what is to be done with each input.
        model_sha256: digest of the model that does it.
        history: what earlier runs did; None where no record is kept.
        choose: of the jobs that are not done yet, those to do now.
    """
    undone = pending(planned, order, model_sha256, history)
    reachable, refused = admitted(choose(undone), planned, order.options, history)
    jobs, lacking = sorted_out(reachable)
    stale = siblings(jobs, planned, history) if history else []
    return Due(jobs, len(planned.jobs) - len(undone), lacking, [*planned.failures, *refused], stale)


def pending(planned: Plan, order: Order, model_sha256: str, history: History | None) -> list[Job]:
    """The jobs that are not done yet."""
    options, key = order.options, order.key
    if history is None or options.overwrite:
        return planned.jobs

    def is_done(job: Job) -> bool:
        earlier = planned.moved.get(job.source, "")
        return history.is_done(job.source, job.target, key, model_sha256, earlier=earlier, checksum=options.checksum)

    return [job for job in planned.jobs if job.source == STREAM or not is_done(job)]


def admitted(
    jobs: list[Job], planned: Plan, options: BatchOptions, history: History | None
) -> tuple[list[Job], list[Failure]]:
    """The jobs whose outputs can come to their places, each with what it may replace, and why the others cannot.

    An obstacle that keeps several outputs from their folder is one failure.
    """
    reachable, blocked = _reachable(jobs, planned.folder)
    todo, failures = [], blocked
    for job in reachable:
        over = ANYTHING if options.overwrite else FREE if job.target == STREAM else occupant(job.target)
        if over not in (ANYTHING, FREE) and not _is_own(job.target, history):
            why = _why_foreign(job, planned, history)
            failures.append(Failure(job.source, InputError(f"{job.target} {why} (--overwrite replaces it)")))
        else:
            todo.append(job if over == FREE else job._replace(over=over))
    return todo, failures


def siblings(jobs: Sequence[Job], planned: Plan, history: History) -> list[str]:
    """Outputs under other names that earlier runs made of the inputs of these jobs, and that stay where they are."""
    found = []
    for job in jobs:
        earlier = history.output_of(planned.moved.get(job.source) or absolute(job.source))
        if earlier and earlier != history.name_of(job.target) and history.holds(earlier):
            found.append(earlier)
    return found


def notes_on(history: History, planned: Plan, stale: Sequence[str]) -> Iterator[str]:
    """Sentences about what lies in the output folder and is no output of this plan."""
    if stale:
        yield f"under other names, earlier outputs of the same inputs stay: {in_words(stale)}"
    if orphans := history.orphans([job.target for job in planned.jobs]):
        yield f"outputs whose inputs are gone stay: {in_words(orphans)}"


def in_words(names: Sequence[str]) -> str:
    """Some names and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def occupant(target: str) -> Stamp:
    """What stands in the place of an output."""
    return store_of(target).occupant(target)


def _reachable(jobs: list[Job], folder: str | None) -> tuple[list[Job], list[Failure]]:
    """The jobs whose folder can be written into, and what is in the way of the others."""
    if folder is None:
        return jobs, []
    store, below = store_of(folder), folder

    @cache
    def in_the_way(of: str) -> tuple[str, str] | None:
        return store.obstacle(of, below)

    found = Counter(way for job in jobs if (way := in_the_way(os.path.dirname(job.target))))
    if not found:
        return jobs, []
    reachable = [job for job in jobs if not in_the_way(os.path.dirname(job.target))]
    return reachable, [
        Failure(path, InputError(f"{why}; files that belong below it and are not done: {count}"), count)
        for (path, why), count in found.items()
    ]


def _is_own(target: str, history: History | None) -> bool:
    if history:
        return history.is_own(target)
    with store_of(target).reading(target) as path:
        return is_signed(path)


def _why_foreign(job: Job, planned: Plan, history: History | None) -> str:
    if history is None:
        return "is there and does not say that bgtool made it"
    earlier = planned.moved.get(job.source) or absolute(job.source)
    if history.output_of(earlier) == history.name_of(job.target):
        return "was changed since it was made, and is kept"
    return "is there and not of bgtool's making, or changed since"


def sorted_out(jobs: list[Job]) -> tuple[list[Job], dict[str, list[str]]]:
    """The jobs whose inputs can be read as far as their names tell, and the sources of the others by missing extra."""
    lacking = {
        suffix: name for name, extra in EXTRAS.items() if extra.suffixes and missing(name) for suffix in extra.suffixes
    }
    if not lacking:
        return jobs, {}
    possible: list[Job] = []
    others: dict[str, list[str]] = {}
    for job in jobs:
        name = lacking.get(os.path.splitext(job.source)[1].lower())  # noqa: PTH122 - there may be a million
        if name is None:
            possible.append(job)
        else:
            others.setdefault(name, []).append(job.source)
    return possible, others
