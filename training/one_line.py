"""Errors of the command lines that train and export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click


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
