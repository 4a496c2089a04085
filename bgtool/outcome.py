"""What became of one input, and of all."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Status(StrEnum):
    """How it went with an input."""

    DONE = "done"
    FAILED = "failed"


@dataclass
class Outcome:
    """What became of one input file.

    Attributes:
        source, target: names as the user knows them.
        status: done or failed.
        pages, seconds: pages written and time taken.
        warnings: what the user should know although it went well.
        error: why it failed, one sentence.
        stamp: size in bytes and mtime in ns of the input before it was read; -1 where there is none.
        input_sha256, output_sha256: hex digests of the files; empty where there is none.
        output_stamp: size in bytes and mtime in ns of the output; -1 where there is none.
        files: how many inputs it stands for: several, where one obstacle keeps them from being done.
    """

    source: str
    target: str
    status: Status
    pages: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    error: str = ""
    stamp: tuple[int, int] = (-1, -1)
    input_sha256: str = ""
    output_sha256: str = ""
    output_stamp: tuple[int, int] = (-1, -1)
    files: int = 1


@dataclass
class Summary:
    """Counts of a run, from which its exit status follows."""

    done: int = 0
    failed: int = 0
    skipped: int = 0
    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, outcome: Outcome) -> None:
        """Add one outcome; only failures and warnings are kept whole, so that memory does not grow with the folder."""
        if outcome.status is Status.DONE:
            self.done += 1
        else:
            self.failed += outcome.files
        if outcome.error or outcome.warnings:
            self.outcomes.append(outcome)

    @property
    def exit_code(self) -> int:
        """0 when every input is done, else 1."""
        return 1 if self.failed else 0
