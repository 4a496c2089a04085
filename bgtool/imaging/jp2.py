"""The boxes around a JPEG 2000 image that Pillow leaves alone: colour profile and resolution."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

from bgtool.imaging.metadata import Resolution

_LENGTH_AND_KIND = struct.Struct(">I4s")
_PROFILE_METHOD = 2  # of a "colr" box: an ICC profile follows


def profile(file: BinaryIO) -> bytes | None:
    """The ICC profile of a JP2 file, None where it has none or is a bare codestream."""
    file.seek(0)
    for kind, size in _walk(file):
        if kind == b"jp2h":
            for inner, data in _boxes(file.read(size)):
                if inner == b"colr" and data[:1] == bytes([_PROFILE_METHOD]):
                    return data[3:]
    return None


def described(jp2: bytes, resolution: Resolution | None, icc: bytes | None) -> bytes:
    """The same JP2 file with its header saying the resolution and the colour profile."""
    boxes = []
    for kind, data in _boxes(jp2):
        if kind == b"jp2h":
            data = _header(data, resolution, icc)
        boxes.append(_box(kind, data))
    return b"".join(boxes)


def _header(header: bytes, resolution: Resolution | None, icc: bytes | None) -> bytes:
    boxes = [
        _box(kind, bytes([_PROFILE_METHOD, 0, 0]) + icc if kind == b"colr" and icc else data)
        for kind, data in _boxes(header)
    ]
    if resolution:
        boxes.append(_box(b"res ", _box(b"resc", _capture_resolution(resolution))))
    return b"".join(boxes)


def _capture_resolution(resolution: Resolution) -> bytes:
    per_metre = Fraction(10000, 254) if resolution.unit == "inch" else Fraction(100)
    y, x = (_scaled(value * per_metre) for value in (resolution.y, resolution.x))
    return struct.pack(">HHHHbb", *y[:2], *x[:2], y[2], x[2])


def _scaled(value: Fraction) -> tuple[int, int, int]:
    """Numerator and denominator of 16 bits each and the power of ten that goes with them."""
    power = 0
    while value > 0xFFFF:
        value, power = value / 10, power + 1
    near = value.limit_denominator(0xFFFF // max(1, math.ceil(value)))
    return near.numerator, near.denominator, power


def _walk(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Kind and content size of the boxes of a file, which stands at the content of each."""
    while len(start := file.read(8)) == 8:
        size, kind = _LENGTH_AND_KIND.unpack(start)
        if size < 8:  # the codestream, up to the end of the file
            return
        content = file.tell()
        yield kind, size - 8
        file.seek(content + size - 8)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + 8 <= len(data):
        size, kind = _LENGTH_AND_KIND.unpack_from(data, position)
        end = position + size if size >= 8 else len(data)
        yield kind, data[position + 8 : end]
        position = end


def _box(kind: bytes, data: bytes) -> bytes:
    return _LENGTH_AND_KIND.pack(len(data) + 8, kind) + data
