"""What prefixes of a store hold, page by page, and what is remembered of it."""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from bgtool.errors import InputError
from bgtool.storage.base import Found, PrefixError
from bgtool.storage.remote_faults import retried
from bgtool.storage.tables import Tables, stored

MANY = 8
"""Objects of a prefix that are asked for one by one; after that the prefix is listed."""

_VERSIONS = ("ETag", "etag", "generation", "VersionId", "version_id", "content_md5", "sha256")
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "created")
_STAMP = struct.Struct("qq")

_AZURE = frozenset({"adl", "az"})

Ask = Callable[[str], Found | None]


def condition(scheme: str, create: bool) -> dict[str, Any]:
    """How fsspec's file system of a scheme is told to make an object only where there is none, or to replace it."""
    return {"overwrite": not create} if scheme in _AZURE else {"mode": "create" if create else "overwrite"}


def found_of(info: Mapping[str, Any], identity: str) -> Found:
    """What fsspec says of an object, in a run's terms.

    In the place of an mtime stands a number made of the ETag, the version or, where a store has neither, the time.
    """
    if info.get("type") == "directory":
        return Found(True, identity, (0, 0))
    version = next((f"{name} {info[name]}" for name in (*_VERSIONS, *_TIMES) if info.get(name)), "")
    number = int.from_bytes(hashlib.sha256(version.encode()).digest()[:8]) >> 1
    return Found(False, identity, (int(info.get("size") or 0), number))


def time_of(info: Mapping[str, Any]) -> float | None:
    """When an object was written, in seconds of the store's clock; None where it does not tell."""
    value = next((info[name] for name in _TIMES if info.get(name)), None)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.timestamp() if isinstance(value, datetime) else value if isinstance(value, int | float) else None


def listed(fs: Any, scheme: str, folder: str) -> Iterator[tuple[str, Found]]:
    """The names right below a prefix. Raises whatever fsspec does."""
    pages = _s3_pages(fs, folder) if scheme == "s3" else iter([retried(lambda: fs.ls(folder, detail=True))])
    for page in pages:
        for info in page:
            name = info["name"].rstrip("/").rpartition("/")[2]
            is_itself = info["name"].strip("/") == fs._strip_protocol(folder).strip("/")
            if name and not is_itself and "\\" not in name:  # which is a way downwards on Windows
                yield name, found_of(info, "")


def _s3_pages(fs: Any, folder: str) -> Iterator[list[dict[str, Any]]]:
    """A thousand objects at a time, which fsspec's own listing would gather into one."""
    bucket, prefix, _ = fs.split_path(folder.rstrip("/"))
    asked = {"Bucket": bucket, "Prefix": f"{prefix}/" if prefix else "", "Delimiter": "/"}
    while True:
        page = retried(lambda: fs.call_s3("list_objects_v2", **asked))
        yield [
            *({"name": each["Prefix"], "type": "directory"} for each in page.get("CommonPrefixes", ())),
            *({"name": each["Key"], "size": each["Size"], **each} for each in page.get("Contents", ())
              if not each["Key"].endswith("/")),
        ]  # fmt: skip
        if not page.get("IsTruncated"):
            return
        asked["ContinuationToken"] = page["NextContinuationToken"]


class Snapshots:
    """What prefixes held, on the disk; for a run that plans, not for what may have changed since.

    Args:
        ask: looks at one object in the store.
        survey: lists a prefix by `taken_in`.
    """

    def __init__(self, ask: Ask, survey: Callable[[str], object]) -> None:
        self._ask, self._survey = ask, survey
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self._tables: Tables | None = None
        self._whole: set[str] = set()  # prefixes whose listing came to its end
        self._faults: dict[str, PrefixError] = {}
        self._asked: Counter[str] = Counter()

    def taken_in(self, folder: str, names: Iterable[tuple[str, Found]]) -> Iterator[tuple[str, Found]]:
        """The names of a prefix that is being listed, which counts once all are taken."""
        folder = folder.rstrip("/")
        self._tables = tables = self._tables or Tables(
            "CREATE TABLE objects (folder BLOB, name BLOB, stamp BLOB, PRIMARY KEY (folder, name)) WITHOUT ROWID"
        )
        self._whole.discard(folder)
        tables.do("DELETE FROM objects WHERE folder = ?", stored(folder))
        for name, found in names:
            stamp = b"" if found.is_folder else _STAMP.pack(*found.stamp)
            tables.do("INSERT OR REPLACE INTO objects VALUES (?, ?, ?)", stored(folder), stored(name), stamp)
            yield name, found
        self._whole.add(folder)

    def look(self, path: str) -> Found | None:
        """What a URL leads to.

        Raises:
            InputError: the store does not tell; `PrefixError` where it does not list the prefix.
        """
        folder, _, name = path.rstrip("/").rpartition("/")
        if folder in self._faults:
            raise self._faults[folder]
        if folder not in self._whole:
            self._asked[folder] += 1
            if self._asked[folder] <= MANY or folder.endswith(":/"):  # a bucket lies in no prefix
                return self._ask(path)
            try:
                self._survey(folder)
            except InputError as error:
                self._faults[folder] = fault = PrefixError(error.reason, error.advice, folder)
                raise fault from None
        return self._held(folder, name, path)

    def _held(self, folder: str, name: str, path: str) -> Found | None:
        query = "SELECT stamp FROM objects WHERE folder = ? AND name = ?"
        row = self._tables.one(query, stored(folder), stored(name)) if self._tables else None
        if row is None:
            return None
        return Found(not row[0], path, _STAMP.unpack(row[0]) if row[0] else (0, 0))
