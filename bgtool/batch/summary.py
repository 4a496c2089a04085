"""What became of all inputs of a run."""

from __future__ import annotations

from dataclasses import dataclass, field

from bgtool.engine.job import Outcome, Status


@dataclass
class Summary:
    """Counts of a run, from which its exit status follows.

    Attributes:
        done, failed, skipped: inputs.
        outcomes: of inputs that failed or carry a warning; none of them unless `keep`.
        keep: whether these are kept.
    """

    done: int = 0
    failed: int = 0
    skipped: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    keep: bool = True

    def count(self, outcome: Outcome) -> None:
        """Add one outcome; only failures and warnings are kept whole, so that memory does not grow with the folder."""
        if outcome.status is Status.DONE:
            self.done += 1
        else:
            self.failed += outcome.files
        if self.keep and (outcome.error or outcome.warnings):
            self.outcomes.append(outcome)

    @property
    def exit_code(self) -> int:
        """0 when every input is done, else 1."""
        return 1 if self.failed else 0
