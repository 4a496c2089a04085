"""One line of a manifest as it is kept in memory: small, for there may be a million of them."""

from __future__ import annotations

import json
import os
import struct
import sys
from typing import NamedTuple

from bgtool.engine.job import Status, halves_of
from bgtool.storage.stores import store_of
from bgtool.storage.urls import is_url, usual

UNKNOWN = -1
"""Size or mtime of an output, in lines of versions that kept none."""

NOTHING = bytes(32)
"""Digest of the output of an input that is done and of which nothing was written."""

NOT_A_RECORD = (ValueError, KeyError, TypeError, OverflowError, RecursionError, struct.error)
"""What `parsed` raises over a line that is none."""

_FIXED = struct.Struct("qqqq32s32s")
_SECOND = struct.Struct("qq32s")


class Entry(NamedTuple):
    """The part of a line that is kept in memory.

    Attributes:
        output: relative to the folder; the name that was given also where it became two files.
        options, model_sha256: that made it.
        done: whether it was made.
        packed: sizes, times and digests, as `Fixed` has them, and those of the second file if there are two.
        rooted: how much of the input's path is its root, or its folder in lines of version 0.1.0, which have none.
    """

    output: str
    options: str
    model_sha256: str
    done: bool
    packed: bytes
    rooted: int = 0

    @property
    def fixed(self) -> Fixed:
        """What is packed."""
        return Fixed(*_FIXED.unpack(self.packed[: _FIXED.size]))

    @property
    def files(self) -> tuple[Written, ...]:
        """What was written: the output, or both halves of it."""
        if len(self.packed) == _FIXED.size:
            return (Written(self.output, *self.fixed.of_output),)
        one, other = halves_of(self.output)
        return Written(one, *self.fixed.of_output), Written(other, *_SECOND.unpack(self.packed[_FIXED.size :]))


class Written(NamedTuple):
    """A file: its path relative to the folder, size in bytes, mtime in ns and SHA-256."""

    name: str
    size: int
    mtime_ns: int
    sha256: bytes


class Fixed(NamedTuple):
    """Size in bytes, mtime in ns and SHA-256 (zeros: unknown) of an input and its output."""

    size: int
    mtime_ns: int
    output_size: int
    output_mtime_ns: int
    input_sha256: bytes
    output_sha256: bytes

    @property
    def of_input(self) -> tuple[int, int, bytes]:
        """Size, time and digest of the input."""
        return self.size, self.mtime_ns, self.input_sha256

    @property
    def of_output(self) -> tuple[int, int, bytes]:
        """Size, time and digest of the output."""
        return self.output_size, self.output_mtime_ns, self.output_sha256


def parsed(line: bytes) -> tuple[str, Entry]:
    """The absolute path of the input of a line, and the rest. Raises one of `NOT_A_RECORD` where it is none."""
    values = json.loads(line.decode())
    source, root, output = str(values["input"]), str(values.get("root", "")), str(values["output"])
    packed = _FIXED.pack(  # as the attributes of `Fixed` follow each other
        _whole(values["size"]),
        _whole(values["mtime_ns"]),
        _whole(values.get("output_size", UNKNOWN)),
        _whole(values.get("output_mtime_ns", UNKNOWN)),
        bytes.fromhex(values["input_sha256"]),
        bytes.fromhex(values["output_sha256"]),
    )
    # A URL is joined without its store, which need not be there to read the record of a folder.
    if second := values.get("second"):
        output, packed = _whole_of(output, str(second["output"])), packed + _second(second)
    joined = f"{usual(root).rstrip('/')}/{source}" if is_url(root) else store_of(root).join(root, source)
    return joined, Entry(
        output=output,
        options=sys.intern(str(values["options"])),
        model_sha256=sys.intern(str(values["model_sha256"])),
        done=values["status"] == Status.DONE,
        packed=packed,
        rooted=len(root or os.path.dirname(source)),  # noqa: PTH120 - there may be a million
    )


def _whole_of(one: str, other: str) -> str:
    """The name that was given to an output, from those of its halves."""
    stem, suffix = os.path.splitext(one)  # noqa: PTH122 - there may be a million
    name = stem.removesuffix("-1") + suffix
    if halves_of(name) != (one, other):
        raise ValueError
    return name


def _second(values: dict[str, object]) -> bytes:
    size, time, digest = (values[key] for key in ("output_size", "output_mtime_ns", "output_sha256"))
    return _SECOND.pack(_whole(size), _whole(time), bytes.fromhex(str(digest)))


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value
