"""PNG files chunk by chunk: what Pillow does only together with decoding, or not at all."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS = (b"IDAT", b"acTL", b"fcTL", b"fdAT", b"IEND")


def without_pixels(file: BinaryIO) -> BinaryIO:
    """The same PNG with one pixel: Pillow decodes a PNG whole before it tells of texts and EXIF behind the pixels."""
    before = file.tell()
    file.seek(len(_SIGNATURE))
    stub = io.BytesIO()
    stub.write(_SIGNATURE)
    for kind, size in _chunks(file):
        if kind in _PIXELS:
            continue
        data = file.read(size)
        if kind == b"IHDR":
            data = struct.pack(">II", 1, 1) + data[8:12] + b"\0"  # not interlaced
        stub.write(_chunk(kind, data))
    stub.write(_chunk(b"IDAT", zlib.compress(bytes(9))) + _chunk(b"IEND", b""))  # room for 16 bits of RGBA
    stub.seek(0)
    file.seek(before)
    return stub


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Kind and size of the chunks of a file, which stands at the data of each."""
    while len(start := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", start)
        data = file.tell()
        yield kind, size
        file.seek(data + size + 4)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
