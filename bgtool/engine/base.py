"""What a run asks of whoever does its jobs, and what it is told in return."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from bgtool.engine.job import Job, Outcome

POLL_SECONDS = 0.1
"""How long an engine waits for news before it gives an empty event: the run draws, and hears what is to end it."""


@dataclass(frozen=True)
class ModelInfo:
    """What the run has to know of the model that does its jobs.

    Attributes:
        name, sha256: of the model.
        device: where it runs.
        why: how that came to be chosen, for the user.
    """

    name: str
    sha256: str
    device: str
    why: str


class Event(NamedTuple):
    """News from a run: pixels done since the last event, a job that came to its outcome, a sentence for the user."""

    pixels: int = 0
    settled: tuple[Job, Outcome] | None = None
    note: str = ""


class Engine(Protocol):
    """Does jobs with a model that it has loaded; made with the run's order, closed at the end of a ``with`` block.

    An engine brings every job to one outcome, whatever the file does to a decoder, and writes outputs as
    `bgtool.engine.worker` does. It plans nothing and records nothing.

    Attributes:
        model: what the run has to know of it.

    Raises:
        ModelError, DeviceError, UsageError: on making one, the model cannot run with these options.
    """

    model: ModelInfo

    def __enter__(self) -> Self:
        """The engine itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing of it is left running."""

    def do(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """Bring all jobs to an outcome; gives an event at least every `POLL_SECONDS`.

        Jobs are taken as there is room for them, so that few are under way at a time.

        Raises:
            OutputError, DeviceError: the run must stop.
        """

    def stop(self) -> Iterator[Event]:
        """Break off; gives the jobs that came to an outcome until then. What is under way leaves no output."""
