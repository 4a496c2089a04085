"""Tables of what a run has to find again of millions of files: a database that is gone with its process."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from typing import Any

from bgtool.errors import OutputError

_CACHE_KIB = 8192


class Tables:
    """An SQLite database in a temporary file without a name; what is small never leaves memory.

    Names of files need not be text, so they go in as `stored` makes them.

    Args:
        tables: statements that make them.

    Raises:
        OutputError: on any use, the temporary file cannot be written.
    """

    def __init__(self, *tables: str) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for statement in ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", f"PRAGMA cache_size=-{_CACHE_KIB}"):
            self._db.execute(statement)
        for statement in (*tables, "BEGIN"):
            self._db.execute(statement)

    def do(self, statement: str, *values: Any) -> int:
        """Change something; how many rows were."""
        return self._cursor(statement, values).rowcount

    def one(self, query: str, *values: Any) -> Any:
        """The first row; None where there is none."""
        return self._cursor(query, values).fetchone()

    def rows(self, query: str, *values: Any) -> Iterator[Any]:
        """Row by row; other tables may change meanwhile."""
        return iter(self._cursor(query, values))

    def _cursor(self, statement: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
        try:
            return self._db.execute(statement, values)
        except (sqlite3.OperationalError, MemoryError) as error:
            raise OutputError(f"cannot write temporary files in {tempfile.gettempdir()}: {error}") from error


def stored(name: str) -> bytes:
    """A name as it goes into a table."""
    return name.encode("utf-8", "surrogatepass")


def named(value: bytes) -> str:
    """A name as it came out of a table."""
    return value.decode("utf-8", "surrogatepass")
