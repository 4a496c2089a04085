"""URLs of inputs and outputs: told from paths, and taken apart."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from bgtool.errors import UsageError

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_PLAIN = "file://"

_ALIASES = {"s3a": "s3", "gcs": "gs", "abfs": "az", "abfss": "az"}
"""Schemes that lead to the same objects as another."""


def is_url(path: str) -> bool:
    """Whether it is a URL; a drive of Windows is none."""
    return _URL.match(path) is not None


def scheme_of(url: str) -> str:
    """What stands before ``://``, lower case; empty for a path."""
    return url.partition("://")[0].lower() if is_url(url) else ""


def usual(url: str) -> str:
    """A URL with the usual one of the schemes that lead to the same."""
    scheme = scheme_of(url)
    return f"{_ALIASES[scheme]}://{url.partition('://')[2]}" if scheme in _ALIASES else url


def checked(path: str) -> str:
    """An input or output as it was named, but ``file://`` becomes a path, and a scheme the usual one.

    Raises:
        UsageError: a URL holds credentials, which would be shown and recorded.
    """
    if not is_url(path):
        return path
    try:
        parts = urlsplit(path)
    except ValueError:
        raise UsageError(f"{path!r} is no URL") from None
    web = scheme_of(path) in ("http", "https")
    if ":" in parts.netloc.rpartition("@")[0] or (web and "@" in path.partition("://")[2]):
        raise UsageError("a URL holds a password", "name credentials in the environment, where its library looks")
    if web and parts.query:
        raise UsageError(
            f"{parts.scheme}://{parts.netloc}{parts.path} has a query, which may hold credentials", "download it first"
        )
    if not path.lower().startswith(_PLAIN):
        return usual(path)
    from urllib.request import url2pathname

    return url2pathname(parts.path)


def name_of(path: str) -> str:
    """The last part of a path or URL."""
    return os.path.basename(path.rstrip("/") if is_url(path) else path)  # noqa: PTH119 - there may be a million
