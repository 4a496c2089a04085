"""What the process that runs a batch and the one that does its jobs tell each other, pickled one after the other.

The child is told the order and then one `Assignment` after the other. It answers with the `ModelInfo` of its model, or
that it `Refused`, and then with how its jobs go.
"""

from __future__ import annotations

from dataclasses import dataclass

from bgtool.engine.base import ModelInfo
from bgtool.engine.job import Job, Outcome
from bgtool.errors import BgtoolError


@dataclass(frozen=True)
class Assignment:
    """A job to do, under the number by which the child speaks of it."""

    number: int
    job: Job


@dataclass(frozen=True)
class Refused:
    """The run must stop, and why."""

    error: BgtoolError


@dataclass(frozen=True)
class Waiting:
    """A job waits until others give back memory."""

    number: int


@dataclass(frozen=True)
class Admitted:
    """A job begins a page of so many pixels."""

    number: int
    pixels: int


@dataclass(frozen=True)
class Advanced:
    """A job has done so many pixels more."""

    number: int
    pixels: int


@dataclass(frozen=True)
class Settled:
    """A job came to its outcome."""

    number: int
    outcome: Outcome


@dataclass(frozen=True)
class Gone:
    """The child says nothing any more; the parent tells itself so."""


Progress = Waiting | Admitted | Advanced
"""How a job goes that is under way."""

Answer = ModelInfo | Refused | Progress | Settled | Gone
"""Whatever a parent hears."""
