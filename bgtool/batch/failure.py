"""Inputs that cannot even be begun: something is in the way of them, or their kind wants an extra that is missing."""

from __future__ import annotations

from typing import NamedTuple

from bgtool.engine.job import Outcome, Status
from bgtool.errors import InputError
from bgtool.optional import command, lack


class Failure(NamedTuple):
    """Something that keeps files from being done, before any of them is opened.

    Attributes:
        path: of what is in the way.
        error: why.
        files: how many are known not to be done.
    """

    path: str
    error: InputError
    files: int = 1

    @property
    def outcome(self) -> Outcome:
        """What becomes of the files."""
        return Outcome(self.path, "", Status.FAILED, error=str(self.error), files=self.files)


def unreadable(source: str, extra: str) -> Outcome:
    """What becomes of an input that cannot be read for want of an extra."""
    return Outcome(source, "", Status.FAILED, error=f"{lack(extra)} ({command(extra)})")
