"""Things in order, of which few stand in memory: the rest lie in a temporary file of this machine."""

from __future__ import annotations

import pickle
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Generic, TypeVar

from bgtool.storage.local import folder_errors

T = TypeVar("T")

BLOCK = 1000
"""How many are written and read together; fewer never leave memory."""


class Spool(Generic[T]):
    """Grows at its end, and is gone through from its beginning, also several times at once.

    Args:
        things: to begin with; they have to be such as pickle takes.

    Raises:
        OutputError: on growing, the temporary file cannot be written.
    """

    def __init__(self, things: Iterable[T] = ()) -> None:
        self._file: BinaryIO | None = None
        self._starts = array("Q")
        self._last: list[T] = []
        for thing in things:
            self.append(thing)

    def append(self, thing: T) -> None:
        """Add one at the end."""
        self._last.append(thing)
        if len(self._last) == BLOCK:
            self._write()

    def __len__(self) -> int:
        return BLOCK * len(self._starts) + len(self._last)

    def __iter__(self) -> Iterator[T]:
        file, last = self._file, self._last
        for start in self._starts if file else ():
            assert file
            file.seek(start)
            yield from pickle.load(file)
        yield from last

    def _write(self) -> None:
        with folder_errors(tempfile.gettempdir()):
            self._file = self._file or tempfile.TemporaryFile(prefix="bgtool-")  # noqa: SIM115 - as long as it lives
            self._starts.append(self._file.seek(0, 2))
            self._file.write(pickle.dumps(self._last, pickle.HIGHEST_PROTOCOL))
        self._last = []
