"""Whether what manifests say still holds: outputs and inputs by their SHA-256, and files that no line accounts for."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from bgtool.batch.entry import NOTHING, UNKNOWN
from bgtool.batch.history import History, read
from bgtool.batch.listing import REVIEW_SUFFIX, is_of_a_system
from bgtool.engine.job import STREAM
from bgtool.errors import BgtoolError, InputError, OutputError
from bgtool.storage.base import START
from bgtool.storage.file_journal import FILE_NAME
from bgtool.storage.stores import is_folder, is_there, store_of
from bgtool.storage.urls import is_url, scheme_of

_AT_A_TIME = 512  # inputs on record between two looks at whether the manifest has grown


class Kind(StrEnum):
    """What is wrong with a file."""

    MISSING = "missing"
    CHANGED = "changed"
    UNREADABLE = "unreadable"
    ORPHANED = "orphaned"
    ASTRAY = "astray"


class Role(StrEnum):
    """What a file is to the manifest."""

    OUTPUT = "output"
    INPUT = "input"
    FOLDER = "folder"


class Finding(NamedTuple):
    """One thing that is not as the manifest says.

    Attributes:
        kind: what is wrong.
        role: of the file.
        path: of the file; any string that a file system allows.
        why: a few words.
    """

    kind: Kind
    role: Role
    path: str
    why: str


class _Check(NamedTuple):
    """A file and what is on record of it; ``size`` may be `UNKNOWN`."""

    source: str
    role: Role
    path: str
    size: int
    sha256: bytes


class Verification:
    """Compares an output folder, and the output folders below it, with their manifests. Nothing is written.

    A manifest may grow meanwhile: a file that differs from its line is compared with its latest line.

    Args:
        folder: a path or URL.
        inputs: whether the inputs are compared too.
        jobs: files read at a time; 0: one for each core.
        advanced: is told how many inputs on record have been dealt with, and how many there are so far.

    Attributes:
        checked: files compared, by role.
        unreachable: inputs not compared because the folder they were in is not there, by that folder.
    """

    def __init__(
        self,
        folder: str,
        *,
        inputs: bool = True,
        jobs: int = 0,
        advanced: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self._folder, self._inputs, self._advanced = folder, inputs, advanced
        self._jobs = jobs or os.cpu_count() or 1
        self._done = self._total = 0
        self._is_reachable = cache(_is_reachable)
        self.checked: Counter[Role] = Counter()
        self.unreachable: Counter[str] = Counter()

    def findings(self) -> Iterator[Finding]:
        """Everything that is not as it should be, as it is found.

        Raises:
            InputError: there is no manifest, it cannot be read, or it holds nothing that can be understood.
        """
        pending: list[tuple[str, tuple[History, ...]]] = [(self._folder, ())]
        found = False
        with ThreadPoolExecutor(self._jobs) as pool:
            while pending:
                folder, above = pending.pop()
                if is_there(store_of(folder).join(folder, FILE_NAME)):
                    found = True
                    history = _history(folder)
                    above = (*above, history)
                    yield from self._of_manifest(history, pool)
                nested: list[str] = []
                yield from _walk(folder, above, nested)
                pending += [(below, above) for below in reversed(nested)]
        if not found:
            raise InputError(f"{self._folder} holds no {FILE_NAME}", "name the output folder of a run")

    def _of_manifest(self, history: History, pool: Executor) -> Iterator[Finding]:
        """What differs from the lines of one manifest."""
        for name in history.astray:
            yield Finding(Kind.ASTRAY, Role.OUTPUT, name, "no place below the folder, or behind a link")
        self._total += history.count()
        some = [""]
        while some := history.sources(some[-1], _AT_A_TIME):
            checks = [check for source in some for check in self._checks(history, source)]
            self.checked.update(check.role for check in checks)
            wrong = _compared(checks, pool)
            if wrong:
                wrong = self._as_of_now(history, wrong, pool)
            yield from wrong.values()
            self._done += len(some)
            self._advanced(self._done, self._total)

    def _as_of_now(self, history: History, wrong: dict[_Check, Finding], pool: Executor) -> dict[_Check, Finding]:
        """Of what differed from lines, what differs from those that came since."""
        has_grown = history.catch_up()
        sources = dict.fromkeys(check.source for check in wrong)
        if not all(map(history.knows, sources)):
            raise InputError(f"{history.journal.where} was replaced while it was verified", "verify again")
        if not has_grown:
            return wrong
        latest = [check for source in sources for check in self._checks(history, source, count=False)]
        return _compared(latest, pool)

    def _checks(self, history: History, source: str, *, count: bool = True) -> Iterator[_Check]:
        """The files that the latest line about an input tells of."""
        entry = history.entry(source)
        if entry is None:
            return
        fixed, store = entry.fixed, store_of(history.folder)
        if entry.done and fixed.output_sha256 != NOTHING:
            for name, size, _, sha256 in entry.files:
                yield _Check(source, Role.OUTPUT, store.join(history.folder, name), size, sha256)
        if not self._inputs or os.path.basename(source) == STREAM or fixed.input_sha256 == NOTHING:  # noqa: PTH119
            return
        root = source[: entry.rooted]
        if self._is_reachable(root):
            yield _Check(source, Role.INPUT, source, fixed.size, fixed.input_sha256)
        elif count:
            self.unreachable[root] += 1


def _history(folder: str) -> History:
    """Raises InputError where nothing can be made of a manifest."""
    try:
        history = read(folder)
        has_lines = bool(history.count() or history.astray) or not any(history.journal.lines(START))
    except OutputError as error:
        raise InputError(error.reason.replace("cannot write", "cannot read"), error.advice) from error
    if not has_lines:
        raise InputError(f"{history.journal.where} is damaged: it holds no line that can be understood")
    return history


def _compared(checks: list[_Check], pool: Executor) -> dict[_Check, Finding]:
    """The files that are not what is on record."""
    faults = pool.map(_fault, checks)
    return {
        check: Finding(fault[0], check.role, check.path, fault[1])
        for check, fault in zip(checks, faults, strict=True)
        if fault
    }


def _fault(check: _Check) -> tuple[Kind, str] | None:
    """What is wrong with a file, and in words; an output may not be a link, an input may."""
    store = store_of(check.path)
    try:
        if is_url(check.path):
            found = store.look(check.path)
            if found is None or found.stamp[0] != check.size != UNKNOWN:
                return (Kind.CHANGED, f"{found.stamp[0]} bytes, not {check.size}") if found else (Kind.MISSING, "")
        if check.role is Role.OUTPUT and store.resolved(check.path) != check.path:
            return Kind.CHANGED, "a link is in its place"
        with store.reading(check.path) as path:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                return Kind.CHANGED, "no file is in its place"
            if check.size not in (status.st_size, UNKNOWN):
                return Kind.CHANGED, f"{status.st_size} bytes, not {check.size}"
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
    except (FileNotFoundError, NotADirectoryError):
        return Kind.MISSING, ""
    except OSError as error:
        return Kind.UNREADABLE, error.strerror or str(error)
    except (BgtoolError, ValueError) as error:
        return Kind.UNREADABLE, str(error)
    return None if digest == check.sha256 else (Kind.CHANGED, "another SHA-256")


def _is_reachable(root: str) -> bool:
    """Whether the folder that inputs lay in is there; a web server has no folders, its files are asked for."""
    try:
        return scheme_of(root) in ("http", "https") or is_folder(root)
    except BgtoolError:
        return False


def _walk(folder: str, above: tuple[History, ...], nested: list[str]) -> Iterator[Finding]:
    """Files below a folder that no manifest accounts for; folders with a manifest of their own go to ``nested``.

    Hidden files, those of systems and the review page are passed over; links are not followed.
    """
    pending, store = [folder], store_of(folder)
    while pending:
        here = pending.pop()
        try:
            entries = sorted(store.entries(here))
        except OSError as error:
            yield Finding(Kind.UNREADABLE, Role.FOLDER, here, error.strerror or str(error))
            continue
        pages = {name.removesuffix(REVIEW_SUFFIX) + ".html" for name, _ in entries if name.endswith(REVIEW_SUFFIX)}
        unknown = []
        for name, is_below in entries:
            path = store.join(here, name)
            if name == FILE_NAME or name in pages or name.endswith(REVIEW_SUFFIX) or is_of_a_system(name, is_below):
                continue
            if not is_below or store.resolved(path) != path:
                unknown.append(path)
            elif is_there(store.join(path, FILE_NAME)):
                nested.append(path)
            else:
                pending.append(path)
        yield from _orphans(unknown, above)


def _orphans(paths: list[str], histories: tuple[History, ...]) -> Iterator[Finding]:
    """Of some files, those that are no output on record now."""
    found = [path for path in paths if _why_unaccounted(path, histories)]
    if found and sum(history.catch_up() for history in histories):  # all of them catch up
        found = [path for path in found if is_there(path)]
    for path in found:
        if why := _why_unaccounted(path, histories):
            yield Finding(Kind.ORPHANED, Role.OUTPUT, path, why)


def _why_unaccounted(path: str, histories: tuple[History, ...]) -> str:
    """Empty where a history accounts for a file, or where there are none; else what the nearest one says."""
    whys = [history.why_unaccounted(history.name_of(path)) for history in histories]
    return whys[-1] if whys and all(whys) else ""
