"""What a folder holds: images, folders to look into, and what is passed over."""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH122

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bgtool.imaging.formats import IMAGE_SUFFIXES
from bgtool.storage.stores import store_of

REVIEW_SUFFIX = ".bgtool-review"
"""Of the folder with the pictures of a review page, beside it."""

_SYSTEM_FOLDERS = frozenset({
    "$recycle.bin", "recycler", "system volume information",  # Windows
    "lost+found", "__macosx",
    "@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot",  # Synology, QNAP
})  # fmt: skip
_LIBRARIES = frozenset({
    ".photoslibrary", ".photolibrary", ".migratedphotolibrary", ".aplibrary", ".lrdata", REVIEW_SUFFIX,
})  # fmt: skip
"""Suffixes of folders in which a program keeps copies of its own beside the photos."""

_SYSTEM_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini"})
_KINDS_NAMED = 10


@dataclass
class Listing:
    """The names in a folder; hidden ones are left out.

    Attributes:
        files: images, in natural order.
        folders: in natural order.
        system: folders of a file system or a program, whose pictures are nobody's inputs.
        unread: the suffix of each file of a kind that is not read.
    """

    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    system: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def listing(folder: str) -> Listing:
    """Look into a folder. Raises OSError where it cannot be read."""
    found = Listing()
    for name, is_folder in store_of(folder).entries(folder):
        if is_of_a_system(name, is_folder=False):
            continue
        if is_folder:
            (found.system if _is_system_folder(name) else found.folders).append(name)
        elif suffix_of(name) in IMAGE_SUFFIXES:
            found.files.append(name)
        else:
            found.unread.append(os.path.splitext(name)[1])
    for names in (found.files, found.folders, found.system):
        names.sort(key=_natural)
    return found


def kinds_not_read(unread: Mapping[str, int]) -> str:
    """``3 files of kinds that are not read: .DNG, .MOV, .txt`` for the number of files by suffix; empty for none.

    Upper and lower case are one kind, spelled as first met.
    """
    total = sum(unread.values())
    if not total:
        return ""
    spellings: dict[str, str] = {}
    for kind in unread:
        spellings.setdefault(kind.lower(), kind or "no suffix")
    names = sorted(spellings.values(), key=str.lower)
    more = f" and {len(names) - _KINDS_NAMED} more" if len(names) > _KINDS_NAMED else ""
    files = "file of a kind that is" if total == 1 else "files of kinds that are"
    return f"{total:,} {files} not read: {', '.join(names[:_KINDS_NAMED])}{more}"


def is_of_a_system(name: str, is_folder: bool) -> bool:
    """Whether a name is hidden, or of what systems and programs keep for themselves."""
    return name.startswith(".") or name.lower() in _SYSTEM_FILES or (is_folder and _is_system_folder(name))


def suffix_of(name: str) -> str:
    """The suffix of a name with its dot, lower case."""
    return os.path.splitext(name)[1].lower()


def _is_system_folder(name: str) -> bool:
    return name.lower() in _SYSTEM_FOLDERS or suffix_of(name) in _LIBRARIES


def _natural(name: str) -> tuple[list[int | str], str]:
    """Sort key: numbers by value, letters without case; the name itself decides what is left."""
    parts = _NUMBER.split(name)
    return [int(part) if i % 2 else part.casefold() for i, part in enumerate(parts)], name


_NUMBER = re.compile("([0-9]+)")
