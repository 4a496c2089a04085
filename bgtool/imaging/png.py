"""PNG files chunk by chunk: what Pillow does only together with decoding, or not at all.

It writes no colours of 16 bits, nor rows as they come, and tries five filters on each row, which takes most of its
time; the filtered rows go into PDF as well.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BLOCK = 1 << 20  # bytes compressed at a time
SUB, UP = 1, 2
"""Filters: a row as differences between neighbours, or from the row above, which is made and undone faster."""

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


def write(file: BinaryIO, frame: BinaryIO, pixels: NDArray[Any], level: int, filtered: int = SUB) -> None:
    """Write a PNG of 8 or 16 bits a sample.

    Args:
        file: is written from where it stands.
        frame: a PNG of one pixel, whose colour type and other chunks are taken.
        pixels: uint8 or uint16 [H, W, samples], as many samples as the colour type has.
        level: of zlib.
        filtered: `SUB` or `UP`.
    """
    frame.seek(len(_SIGNATURE))
    file.write(_SIGNATURE)
    for kind, size in _chunks(frame):
        data = frame.read(size)
        if kind == b"IHDR":
            data = struct.pack(">IIB", pixels.shape[1], pixels.shape[0], 8 * pixels.itemsize) + data[9:]
        for content in compressed([pixels], level, filtered) if kind == b"IDAT" else (data,):
            file.write(_chunk(kind, content))


def compressed(bands: Iterable[NDArray[Any]], level: int, filtered: int = SUB) -> Iterator[bytes]:
    """One zlib stream of rows as a PNG has them, each after the number of its filter.

    Args:
        bands: uint8 or uint16 [h, W] or [h, W, samples], that follow each other downwards.
        level: of zlib.
        filtered: `SUB` or `UP`.
    """
    compressor, above = compressor_of(level) if filtered == UP else zlib.compressobj(level), None
    for pixels in bands:
        step = pixels.itemsize * (1 if pixels.ndim == 2 else pixels.shape[2])
        length = step * pixels.shape[1]
        for top in range(0, len(pixels), rows := max(1, _BLOCK // length)):
            block = np.ascontiguousarray(pixels[top : top + rows], pixels.dtype.newbyteorder(">"))
            samples = block.view(np.uint8).reshape(-1, length)
            lines = np.empty((len(samples), length + 1), np.uint8)
            lines[:, 0] = filtered
            if filtered == UP:
                lines[0, 1:] = samples[0] if above is None else samples[0] - above
                np.subtract(samples[1:], samples[:-1], out=lines[1:, 1:])
            else:
                lines[:, 1 : 1 + step] = samples[:, :step]
                np.subtract(samples[:, step:], samples[:, :-step], out=lines[:, 1 + step :])
            above = samples[-1]
            if data := compressor.compress(lines.data):
                yield data
    yield compressor.flush()


def compressor_of(level: int) -> Any:
    """zlib at a level, 1 to 3, or ISA-L where it is installed: at level 1 a quarter of the time for as many bytes."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib.compressobj(level)
    return isal_zlib.compressobj(level)


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Kind and size of the chunks of a file, which stands at the data of each."""
    while len(start := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", start)
        data = file.tell()
        yield kind, size
        file.seek(data + size + 4)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
