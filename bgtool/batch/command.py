"""The command line that does what options ask for, as it can be pasted into a shell."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import MISSING, fields
from enum import Enum

from bgtool.batch.presets import KINDS
from bgtool.engine.job import STREAM
from bgtool.options import BatchOptions

PLAIN_ON_WINDOWS = re.compile(r"[\w:\\./+,=~-]+")


def command_line(options: BatchOptions, from_list: str = "") -> str:
    """The command that is equal to the options; what they leave as it is by default is left out.

    Args:
        options: of `clean` or `cutout`.
        from_list: a file that lists the inputs, to be named in their place.
    """
    name = next(name for name, kind in KINDS.items() if isinstance(options, kind))
    inputs = ["--from-list", from_list] if from_list else list(map(_as_path, options.inputs))
    words = ["bgtool", name, *inputs, "-o", _as_path(options.output), *_named(options)]
    return " ".join(quoted(word) for word in words)


def _named(options: BatchOptions) -> Iterator[str]:
    for field in fields(options):
        value = getattr(options, field.name)
        if field.default is MISSING or value == field.default:
            continue
        name = field.name.replace("_", "-")
        if isinstance(value, bool):
            yield f"--{name}" if value else f"--no-{name}"
        else:
            yield f"--{name}={value.value if isinstance(value, Enum) else value}"


def _as_path(path: str) -> str:
    """A path that is not taken for an option."""
    return f".{os.sep}{path}" if path.startswith("-") and path != STREAM else path


def quoted(word: str, shell: str = os.name) -> str:
    """A word as the platform's shell takes it: a POSIX shell, or (``nt``) PowerShell and, but for ``$ ` %``, cmd.

    What cannot be shown, as a line break, a mark that turns the writing around or a byte that is no UTF-8, becomes
    an escape that bash and zsh read.
    """
    if shell == "nt":
        return _for_windows(word)
    if word.isprintable():
        return shlex.quote(word)
    escaped = (
        char if char.isprintable() and char not in "\\'" else "".join(f"\\x{byte:02x}" for byte in os.fsencode(char))
        for char in word
    )
    return f"$'{''.join(escaped)}'"


def _for_windows(word: str) -> str:
    if PLAIN_ON_WINDOWS.fullmatch(word):
        return word
    behind = len(word) - len(word.rstrip("\\"))  # backslashes before a closing quote count double
    text = word + "\\" * behind
    return "'" + text.replace("'", "''") + "'" if set("$`%") & set(word) else f'"{text}"'
