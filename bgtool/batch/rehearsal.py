"""A dry run: what a run would do, told and not done; and what both say alike."""

from __future__ import annotations

from collections.abc import Iterable

from bgtool.batch.due import due, notes_on
from bgtool.batch.failure import unreadable
from bgtool.batch.history import History
from bgtool.batch.listing import kinds_not_read
from bgtool.batch.observer import Observer
from bgtool.batch.plan import Plan
from bgtool.batch.summary import Summary
from bgtool.engine.base import ModelInfo
from bgtool.tasks.order import Order


def rehearse(
    planned: Plan, order: Order, history: History | None, model: ModelInfo, observer: Observer, summary: Summary
) -> Summary:
    """Tell what a run would do, and write nothing; `summary` counts it."""
    todo = due(planned, order, model.sha256, history)
    summary.skipped = todo.skipped
    for extra, sources in todo.lacking.items():
        say_lacking(extra, sources, summary, observer)
    for job in todo.jobs:
        observer.rehearsed(job)
    for failure in todo.failures:
        summary.count(failure.outcome)
        observer.finished(failure.outcome)
    for note in notes_on(history, planned, todo.stale) if history else ():
        observer.note(note)
    return summary


def say_lacking(extra: str, sources: Iterable[str], summary: Summary, observer: Observer) -> None:
    """Count the inputs that cannot be read for want of an extra, and say so in one line for all of them."""
    first, count = "", 0
    for source in sources:
        summary.count(unreadable(source, extra))
        first, count = first or source, count + 1
    if count:
        observer.finished(unreadable(f"{first} and {count - 1} more" if count > 1 else first, extra))


def note_unread(planned: Plan, observer: Observer) -> None:
    """Name the kinds of files that are passed over, if there are any."""
    if unread := kinds_not_read(planned.unread):
        observer.note(unread)


def describe(model: ModelInfo) -> str:
    """The device and why it was taken."""
    return f"{model.device} ({model.why})" if model.why else model.device
