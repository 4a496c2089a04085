"""Names of joined files: that of their folder with .pdf, beside the folders of those from below it."""

# ruff: noqa: PTH118, PTH119, PTH120 - paths are strings

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count

from bgtool.batch.history import History
from bgtool.batch.names import folded
from bgtool.engine.job import Job
from bgtool.storage.stores import absolute

PAGES = "bgtool-pages"
"""Folder of the single pages, in the output folder."""

_SUFFIX = ".pdf"


class JoinedNames:
    """Gives each folder of inputs a file; what one had before stays.

    Args:
        history: what is on record of the output folder.
        folders: all folders of inputs, with their pages.
    """

    def __init__(self, history: History, folders: Iterable[tuple[str, Sequence[Job]]]) -> None:
        self._history = history
        self._sources: set[str] = set()
        self._taken: dict[str, set[str]] = {}
        self._taken_in("").add(PAGES)
        for source, pages in folders:
            self._sources.add(absolute(source))
            above, _ = os.path.split(self._place(source, pages))
            while above:
                above, name = os.path.split(above)
                self._taken_in(above).add(folded(name))

    def job(self, source: str, pages: Sequence[Job], key: str) -> Job:
        """A folder, and where its joined file goes.

        Args:
            source: the folder.
            pages: its pages.
            key: of what the file is made of; empty where that is not known yet. The file of another folder that was
                made of the same is taken over if that folder is not in this run: it was moved.
        """
        given = self._history.given(absolute(source))
        if given:
            return self._job(source, given)
        place = self._place(source, pages)
        folder, name = os.path.split(place)
        taken = self._taken_in(folder)
        for candidate in _candidates(name):
            target = os.path.join(folder, candidate)
            if folded(candidate) not in taken:
                taken.add(folded(candidate))
                return self._job(source, target)
            if key and (earlier := self._moved(target, key)):
                return self._job(source, target, earlier)
        raise AssertionError("names do not end")

    def _job(self, source: str, name: str, earlier: str = "") -> Job:
        return Job(source, os.path.join(self._history.folder, name), earlier=earlier)

    def _place(self, source: str, pages: Sequence[Job]) -> str:
        """Where the pages of a folder lie below theirs; of those on its top, the name of their folder of inputs."""
        top = os.path.join(self._history.folder, PAGES)
        place = os.path.relpath(os.path.dirname(pages[0].target), top)
        return place if place != os.curdir else os.path.basename(absolute(source)) or "root"

    def _moved(self, target: str, key: str) -> str:
        """The folder that a file was made of, if it is of the same pages and not in this run; empty for none."""
        holder = self._history.holder(target)
        entry = self._history.entry(holder) if holder and holder not in self._sources else None
        return holder if entry and entry.done and entry.options == key else ""

    def _taken_in(self, folder: str) -> set[str]:
        if folder not in self._taken:
            self._taken[folder] = self._history.names_in(folder)
        return self._taken[folder]


def _candidates(name: str) -> Iterator[str]:
    """A.pdf, A-2.pdf, A-3.pdf, ... for A."""
    return chain([name + _SUFFIX], (f"{name}-{number}{_SUFFIX}" for number in count(2)))
