"""What goes wrong when pages are read, as one plain sentence each."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from bgtool.errors import InputError


@contextmanager
def of_page(index: int, count: int) -> Iterator[None]:
    """Say which page it was, where there are more."""
    try:
        yield
    except InputError as error:
        if count == 1:
            raise
        raise InputError(f"page {index + 1} of {count}: {error.reason}", error.advice) from error


@contextmanager
def decoding() -> Iterator[None]:
    """Give a plain reason for whatever a decoder raises over a file: there is no end to the kinds of damage."""
    try:
        yield
    except InputError:
        raise
    except MemoryError as error:
        raise InputError("it does not fit into memory") from error
    except OSError as error:
        if error.errno and error.errno != errno.EINVAL:  # which is what a seek to a damaged offset gives
            raise InputError(f"it cannot be read: {os.strerror(error.errno)}") from error
        raise InputError("the image is damaged or cut short") from error
    except Exception as error:
        raise InputError("the image is damaged") from error
