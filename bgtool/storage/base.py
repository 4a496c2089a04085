"""What a run asks of a place that holds its inputs or its outputs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from bgtool.errors import InputError
from bgtool.storage.places import Place, Stamp

NO_STAMP = (-1, -1)
"""Size and time of a file that is not there."""

Mark = tuple[int, int, int]
"""How far a journal has been read; what the numbers mean is its own affair."""

START: Mark = (0, 0, 0)
"""The beginning of a journal."""


class PrefixError(InputError):
    """A whole prefix of a store cannot be listed, so that of nothing in it is known whether it is there.

    Attributes:
        prefix: its URL.
    """

    def __init__(self, reason: str, advice: str = "", prefix: str = "") -> None:
        super().__init__(reason, advice)
        self.prefix = prefix


class Found(NamedTuple):
    """What a path leads to, links followed.

    Attributes:
        is_folder: whether it is a folder.
        identity: equal for two paths that lead to the same.
        stamp: size in bytes and mtime in ns.
    """

    is_folder: bool
    identity: Hashable
    stamp: tuple[int, int]


class Journal(Protocol):
    """The record of an output folder: lines that are added and never changed, by one run at a time.

    Beside them stand the outputs that are about to appear. After a kill they tell outputs that have no line yet from
    files that are others'.

    Attributes:
        where: its path, for messages.
    """

    where: str

    def locked(self) -> AbstractContextManager[None]:
        """Keep other runs from adding lines; the folder is made if need be.

        Raises:
            OutputError: another run is writing, or the folder cannot be written.
        """

    def begins_with(self, mark: Mark) -> bool:
        """Whether what was read up to a mark is still the beginning."""

    def lines(self, mark: Mark) -> Iterator[tuple[Mark, bytes]]:
        """The lines behind a mark, each with the mark behind it. A line that is not whole yet comes again.

        Raises:
            OutputError: they cannot be read.
        """

    def append(self, line: bytes) -> None:
        """Add a line, newline and all, while it is locked.

        Raises:
            OutputError: it cannot be written, or another has taken the journal's place.
        """

    def announce(self, target: str, digest: str) -> None:
        """An output, by its path, is about to appear; any process may say so. Raises OutputError."""

    def announced(self) -> Iterator[tuple[str, str]]:
        """Path, relative to the folder, and digest of each output that was. Raises OutputError."""

    def forget(self) -> None:
        """Every output that was announced has its line, or did not appear."""


class Store(Protocol):
    """Somewhere files are. Paths are strings: a run may have a million."""

    def absolute(self, path: str) -> str:
        """The path that stands for a file in a journal."""

    def resolved(self, path: str) -> str:
        """Where a link leads; any other path as it is."""

    def join(self, folder: str, name: str) -> str:
        """The path of what has this path relative to the folder."""

    def identity(self, path: str) -> Hashable | None:
        """Equal for two paths that lead to the same file or folder; None for nothing, where that is known at once."""

    def look(self, path: str) -> Found | None:
        """What a path leads to; None for nothing. Raises InputError where a store does not tell."""

    def remembered(self, path: str) -> Found | None:
        """The same, maybe as it was when the plan was made; for whoever asks about many files.

        Raises:
            InputError: as `look`; `PrefixError` where that is so for a whole prefix.
        """

    def refresh(self) -> None:
        """Remember nothing."""

    def occupant(self, path: str) -> Stamp:
        """What stands in the place of an output, links not followed, as is `remembered`; `FREE` for nothing."""

    def entries(self, folder: str) -> Iterator[tuple[str, bool]]:
        """Names in a folder, and whether each is a folder. Raises OSError."""

    def digest(self, path: str) -> str:
        """Hex SHA-256; empty where there is no file that can be read."""

    def obstacle(self, folder: str, below: str, *, writing: bool = True) -> tuple[str, str] | None:
        """What keeps outputs out of a folder that is `below` or lies below it: its path, and why.

        Not to write but to look for them, permissions do not matter.
        """

    def reading(self, path: str) -> AbstractContextManager[Path]:
        """A file on this machine with the content of an input.

        Raises:
            InputError: it cannot be read.
        """

    def replacing(self, place: Place) -> AbstractContextManager[BinaryIO]:
        """A file, readable, writable and seekable, that comes whole to its place when the block ends well.

        A block that ends badly leaves nothing behind.

        Raises:
            InputError: only this output cannot be written, or something else came to its place.
            OutputError: nothing can be written there.
        """

    def sweep(self, folders: Iterable[str]) -> None:
        """Remove from folders, not from below them, what killed processes left unfinished. Raises nothing."""

    def journal(self, folder: str) -> Journal:
        """The journal of a folder of outputs, which need not be there."""
