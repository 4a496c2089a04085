"""Errors of the command lines that train and export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

OURS = ("training", "export", "bgtool")

INTERRUPTED = 130


@contextmanager
def needing(room: str) -> Iterator[None]:
    """Imports that may find a package missing, which ends ``python -m room`` with one line."""
    try:
        yield
    except ModuleNotFoundError as error:
        if not error.name or error.name.partition(".")[0] in OURS:
            raise
        raise SystemExit(
            f"python -m {room} needs {error.name}: in a clone, with pip from 25.1 on, "
            "pip install -e '.[cpu]' --group train --group export"
        ) from None


@contextmanager
def one_line(*others: type[Exception]) -> Iterator[None]:
    """What the user can put right, such as data that is not there or a checkpoint that does not fit, as one line.

    Args:
        others: exceptions that are meant for the user besides FileNotFoundError and ValueError.
    """
    try:
        yield
    except (FileNotFoundError, ValueError, *others) as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def interruptible(message: str) -> Iterator[None]:
    """Ctrl-C ends the command with a line and exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"interrupted; {message}", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
