"""Which store a path or URL leads to."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from functools import cache
from typing import Any

from bgtool.errors import UsageError
from bgtool.optional import require
from bgtool.storage.base import NO_STAMP, Store
from bgtool.storage.disk import Disk
from bgtool.storage.places import FREE
from bgtool.storage.urls import is_url, scheme_of

_DISK = Disk()

PATIENT: dict[str, dict[str, Any]] = {
    # the library's own: a minute for each of 25 tries
    "s3": {"config_kwargs": {"connect_timeout": 10, "read_timeout": 30, "retries": {"max_attempts": 1}}},
}
"""What a scheme's library is told of waiting, unless the user's own fsspec configuration does."""


def store_of(path: str) -> Store:
    """The store that holds what has this path or URL.

    Raises:
        UsageError: no library that is installed knows such URLs.
    """
    return _remote(scheme_of(path)) if is_url(path) else _DISK


@cache
def _remote(scheme: str) -> Store:
    require("cloud")
    from bgtool.storage.remote import Remote

    fsspec, config = map(importlib.import_module, ("fsspec", "fsspec.config"))
    settings = {
        name: value for name, value in PATIENT.get(scheme, {}).items() if name not in config.conf.get(scheme, {})
    }
    try:
        return Remote(fsspec.filesystem(scheme, use_listings_cache=False, **settings), scheme)
    except ImportError as error:
        raise UsageError(f"{scheme}:// needs another package", " ".join(str(error).split())) from None
    except (TypeError, OSError) as error:
        raise UsageError(f"{scheme}:// cannot be used ({type(error).__name__})", "name an object store") from None
    except ValueError:
        raise UsageError(
            f"nothing is known of {scheme}://", "name a path, or a URL of a kind that fsspec knows"
        ) from None


def absolute(path: str) -> str:
    """The path or URL by which a file is on record."""
    return store_of(path).absolute(path)


def is_there(path: str) -> bool:
    """Whether anything has this path, if only a link that leads nowhere."""
    return store_of(path).occupant(path) != FREE


def stamp_of_file(path: str) -> tuple[int, int]:
    """Size in bytes and mtime in ns of a file; `NO_STAMP` where there is none."""
    found = store_of(path).look(path)
    return found.stamp if found else NO_STAMP


def is_folder(path: str) -> bool:
    """Whether a path leads to a folder."""
    found = store_of(path).look(path)
    return found is not None and found.is_folder


def sweep(targets: Iterable[str]) -> None:
    """Remove from the folders of outputs what killed processes left unfinished."""
    for folder in {os.path.dirname(target) for target in targets}:  # noqa: PTH120 - there may be a million
        store_of(folder).sweep([folder])
