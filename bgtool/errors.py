"""Exceptions that carry their exit code and, where there is one, a way out.

The core raises these; only ``bgtool.cli.app`` turns them into a message and an exit status.
"""

from typing import ClassVar


class BgtoolError(Exception):
    """Base of all errors that bgtool raises on purpose.

    Args:
        reason: one sentence that says what is wrong, without a file name.
        advice: what the user can do about it; empty where there is nothing to say.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.reason} ({self.advice})" if self.advice else self.reason


class InputError(BgtoolError):
    """One input cannot be read or processed. The run goes on without it."""

    exit_code = 1


class UsageError(BgtoolError):
    """The command as given makes no sense."""

    exit_code = 2


class ModelError(BgtoolError):
    """A model file is missing, damaged, or does not keep the contract of its card."""

    exit_code = 3


class DeviceError(BgtoolError):
    """The device asked for cannot run the model."""

    exit_code = 3


class OutputError(BgtoolError):
    """The output folder cannot be written (full, read-only, locked). The run stops."""

    exit_code = 4


class BgtoolWarning(UserWarning):
    """Something that the caller of the API should know although a picture came out."""


class NobodyFound(BgtoolWarning):
    """`bgtool.cutout` found no person, and its result is empty."""


def printable(name: str) -> str:
    """Names, alone or in a sentence, as a terminal can show them: control characters and undecodable bytes escaped."""
    text = name.encode("utf-8", "backslashreplace").decode()
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
