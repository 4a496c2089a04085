"""Lists of inputs: one path a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bgtool.errors import UsageError


def paths_in(file: str) -> tuple[str, ...]:
    """The paths in a list, as if they had been named; ``-`` reads standard input.

    Raises:
        UsageError: the list cannot be read, or is none (`paths_of`).
    """
    from bgtool.engine.job import STREAM

    try:
        text = sys.stdin.buffer.read() if file == STREAM else Path(file).read_bytes()
    except (OSError, AttributeError) as error:
        raise UsageError(
            f"the list {file} cannot be read: {getattr(error, 'strerror', None) or 'it is closed'}"
        ) from error
    return paths_of(text, file)


def paths_of(text: bytes, file: str) -> tuple[str, ...]:
    """The paths in the text of a list; `file` names it in errors.

    A line that begins with a double quote is a JSON string: so names can hold line breaks, or begin with a quote.
    Empty lines are passed over; bytes that are no UTF-8 stand for themselves.

    Raises:
        UsageError: the list holds no path, or a line in quotes is no JSON.
    """
    lines = text.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    found = tuple(_path(line.removesuffix("\r"), number, file) for number, line in enumerate(lines, 1) if line.strip())
    if not found:
        raise UsageError(f"the list {file} holds no path")
    return found


def _path(line: str, number: int, file: str) -> str:
    if not line.startswith('"'):
        return line
    try:
        path = json.loads(line)
    except ValueError:
        path = None
    if not isinstance(path, str) or not path:
        raise UsageError(f"line {number} of {file} begins with a quote and is no JSON string")
    return path
