"""Names of outputs: which to try, which are the same to some file system, which can be one at all."""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH117, PTH122, PTH206

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from itertools import count

from bgtool.engine.job import halves_of
from bgtool.storage.local import TEMPORARY_PREFIX

_LONGEST_NAME = 255  # bytes that a file system allows
_USUAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ ().-]{0,99}")  # names that nothing more has to be asked of


def claim(name: str, suffix: str, taken: set[str], *, halved: bool = False) -> str:
    """A name that is free, also where case does not count: a.tif, a.png.tif, a.png-2.tif, ... for a.png.

    Where the output may be `halved`, those of its halves are free, too.
    """

    def places(name: str) -> set[str]:
        return {*map(folded, (name, *(halves_of(name) if halved else ())))}

    candidate = next(name for name in candidates(name, suffix) if taken.isdisjoint(places(name)))
    taken.update(places(candidate))
    return candidate


def candidates(name: str, suffix: str) -> Iterator[str]:
    """Names for what comes of an input, each to be tried after the one before."""
    yield (os.path.splitext(name)[0] if suffix else name) + suffix
    if suffix:
        yield name + suffix
    yield from (f"{name}-{number}{suffix}" for number in count(2))


def folded(name: str) -> str:
    """What two names share if some file system takes them for one."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def is_plain(name: str) -> bool:
    """Whether a relative path says one way only, none of it upwards, and no file of bgtool's own bookkeeping."""
    if _USUAL.fullmatch(name):
        return True
    try:
        lengths = [len(os.fsencode(part)) for part in name.split(os.sep)]
    except UnicodeEncodeError:
        return False
    return (
        all(0 < length <= _LONGEST_NAME for length in lengths)
        and "\0" not in name
        and not {os.curdir, os.pardir}.intersection(name.split(os.sep))
        and not any(part.startswith(TEMPORARY_PREFIX) for part in name.split(os.sep))
        and not os.path.isabs(name)
        and not os.path.splitdrive(name)[0]
    )
