"""The outputs of a folder as a BagIt bag (RFC 8493), made by the Library of Congress's package."""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bgtool._version import __version__
from bgtool.batch.history import History, read
from bgtool.batch.names import is_plain
from bgtool.errors import InputError, OutputError, UsageError
from bgtool.optional import require
from bgtool.storage.base import START
from bgtool.storage.file_journal import FILE_NAME
from bgtool.storage.local import TEMPORARY_PREFIX, output_errors
from bgtool.storage.stores import store_of
from bgtool.storage.urls import is_url

_ESCAPED = re.compile(
    "%0[AD]", re.IGNORECASE
)  # how bags write line breaks in names; percent signs stand for themselves


def make_bag(folder: str, bag: str, info: Mapping[str, str]) -> int:
    """Copy the outputs of a folder, and nothing else, into a new bag; the folder itself stays as it is.

    Args:
        folder: of the outputs, with its manifest; a path or URL.
        bag: the bag's folder, on this machine, which must not be there. It appears whole or not at all.
        info: further lines of ``bag-info.txt``.

    Returns:
        How many outputs the bag holds.

    Raises:
        UsageError: the package is missing, or the bag has no place of its own.
        InputError: there is no manifest, or an output is not what the manifest says.
        OutputError: the bag cannot be written.
    """
    require("bag")
    place = Path(bag).absolute()
    if is_url(bag) or os.path.lexists(place):
        raise UsageError(f"{bag} is {'a URL' if is_url(bag) else 'there already'}", "name a new folder of this machine")
    if not is_url(folder) and Path(folder).resolve() in (place.resolve(), *place.resolve().parents):
        raise UsageError("the bag would lie in the folder that it is made of", "choose another place")
    digests = _digests(history := read(folder))
    with _appearing(place) as made:
        for name in digests:
            _copy(history, name, made / name)
        _tag(made, digests, history, info)
    return len(digests)


def _digests(history: History) -> dict[str, str]:
    """Hex SHA-256 of each output on record, by its path relative to the folder."""
    sources = [source for source, name in history.names.items() if name and history.output_of(source)]
    entries = [entry for source in sources if (entry := history.entry(source))]
    digests = {file.name: file.sha256.hex() for entry in entries for file in entry.files}
    if not digests:
        raise InputError(f"{history.folder} holds no {FILE_NAME} with outputs", "name the output folder of a run")
    for name in digests:
        if _ESCAPED.search(name) or not _is_text(name):
            raise InputError(f"a bag cannot hold a file called {name!r}", "rename the input, and run again")
    return digests


def _is_text(name: str) -> bool:
    try:
        return bool(name.encode())
    except UnicodeEncodeError:
        return False


@contextmanager
def _appearing(place: Path) -> Iterator[Path]:
    """A new folder that gets its name when the block ends well, and is gone when it does not."""
    temporary = place.parent / f"{TEMPORARY_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        with output_errors(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary.mkdir()
            yield temporary
            if os.path.lexists(place):
                raise OutputError(f"{place} came there while the bag was made")
            temporary.rename(place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _copy(history: History, name: str, target: Path) -> None:
    """Copy an output; its time goes with it where it is a file of this machine."""
    if not is_plain(name):
        raise InputError(f"{name!r} is no place in a bag")
    store = store_of(history.folder)
    source = store.join(history.folder, name)
    try:
        with store.reading(source) as path, path.open("rb") as content:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                shutil.copyfileobj(content, file, 1 << 20)
            if not is_url(source):
                os.utime(target, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    except (FileNotFoundError, PermissionError) as error:
        raise InputError(f"{source} cannot be read: {error.strerror}", "bgtool verify lists what differs") from error


def _tag(made: Path, digests: Mapping[str, str], history: History, info: Mapping[str, str]) -> None:
    """Turn a folder into a bag, compare what it holds with the record, and add the manifest of bgtool."""
    import bagit

    logging.getLogger("bagit").addHandler(logging.NullHandler())
    agent = {"Bag-Software-Agent": f"bgtool {__version__}, bagit.py {bagit.VERSION}"}
    try:
        bag: Any = bagit.make_bag(str(made), agent | dict(info), checksums=["sha256"])
        with (made / FILE_NAME).open("xb") as file:
            file.writelines(line for _, line in history.journal.lines(START))
        bag.save()
        found = {path.removeprefix("data/"): value["sha256"] for path, value in bag.payload_entries().items()}
        for name, digest in digests.items():
            if found.get(name.replace(os.sep, "/")) != digest:
                raise InputError(f"{name} is not what the manifest says", "bgtool verify lists what differs")
        bag.validate(completeness_only=True)
    except bagit.BagError as error:
        raise InputError(f"no valid bag can be made: {error}") from error
