"""What prefixes of a store hold, page by page, and a memory of it that is small enough for millions of objects."""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from bgtool.storage.base import Found
from bgtool.storage.remote_faults import retried

MANY = 8
"""Objects of a prefix that are asked for one by one; after that the prefix is listed."""

_VERSIONS = ("ETag", "etag", "generation", "VersionId", "version_id", "content_md5", "sha256")
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "created")
_STAMP = struct.Struct("qq")

_AZURE = frozenset({"abfs", "abfss", "adl", "az"})

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


class Snapshot:
    """What one prefix held when it was listed."""

    def __init__(self) -> None:
        self._stamps: dict[str, bytes] = {}

    def add(self, name: str, found: Found) -> None:
        """Remember what has a name."""
        self._stamps[name] = b"" if found.is_folder else _STAMP.pack(*found.stamp)

    def look(self, name: str, path: str) -> Found | None:
        """What had a name."""
        packed = self._stamps.get(name)
        return None if packed is None else Found(not packed, path, _STAMP.unpack(packed) if packed else (0, 0))


class Snapshots:
    """What prefixes held, for a run that plans; not for what may have changed since.

    Args:
        ask: looks at one object in the store.
        survey: lists a prefix, which begins its snapshot.
    """

    def __init__(self, ask: Ask, survey: Callable[[str], object]) -> None:
        self._ask, self._survey = ask, survey
        self._snapshots: dict[str, Snapshot] = {}
        self._asked: Counter[str] = Counter()

    def clear(self) -> None:
        """Forget all."""
        self._snapshots, self._asked = {}, Counter()

    def begin(self, folder: str) -> Snapshot:
        """The snapshot of a prefix that is being listed."""
        self._snapshots[folder.rstrip("/")] = snapshot = Snapshot()
        return snapshot

    def look(self, path: str) -> Found | None:
        """What a URL leads to."""
        folder, _, name = path.rstrip("/").rpartition("/")
        if folder not in self._snapshots:
            self._asked[folder] += 1
            if self._asked[folder] <= MANY or folder.endswith(":/"):  # a bucket lies in no prefix
                return self._ask(path)
            self._survey(folder)
        return self._snapshots[folder].look(name, path)
