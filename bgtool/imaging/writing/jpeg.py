"""JPEG whose white stays white.

JPEG rings around strokes. Where a ring leads beyond white, decoders cut it off; where it leads below, paper gets grey
specks. So white, and no other level, is encoded `LIFT` levels beyond white, and its rings with it. For that there
has to be room above white: samples are stored at half their distance from the middle, and the quantisation tables, by
which decoders multiply, are written at twice what the encoder used.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

GRAY_QUALITY, COLOUR_QUALITY = 85, 92
"""Of cleaned pages in grey, which on average then take no more bytes than as PNG, and of all else."""

LIFT = 8
"""Levels beyond white: 12 would take 1.5 percent more bytes, for the last 0.3 percent of the pixels."""

LIFTED_UP_TO = 95
"""Quality above which all levels are stored as they are: half the distance is half the precision."""

OPTIMISED_UP_TO = 92
OPTIMISED_PIXELS = 1 << 25
"""Quality and size up to which Huffman codes are made for the picture, 7 percent fewer bytes; beyond, Pillow's buffer
may be too small and takes much memory."""

_TABLES, _SCAN = 0xDB, 0xDA  # markers


def encoding(image: Image.Image, quality: int | None) -> tuple[Image.Image, dict[str, Any]]:
    """What Pillow is to save, and with which options; where "qtables" is among them, `double_tables` comes after.

    Args:
        image: mode L or RGB.
        quality: 1 to 100, as libjpeg takes it; None for the usual one.
    """
    mode, quality = image.mode, quality or (GRAY_QUALITY if image.mode == "L" else COLOUR_QUALITY)
    optimise = quality <= OPTIMISED_UP_TO and image.width * image.height <= OPTIMISED_PIXELS
    options = {"subsampling": "4:4:4", "optimize": optimise}
    if quality > LIFTED_UP_TO:
        return image, {**options, "quality": quality}
    options["qtables"] = [[min(max(round(step / 2), 1), 127) for step in table] for table in _tables(mode, quality)]
    halved = [round((level + 128) / 2) for level in range(256)]
    lifted = [*halved[:255], halved[255] + LIFT // 2]
    if mode == "L":
        return image.point(lifted), options
    image = image.convert("YCbCr")
    return image.point([*lifted, *halved, *halved]), options


def _tables(mode: str, quality: int) -> list[list[int]]:
    """libjpeg's quantisation tables."""
    sample = io.BytesIO()
    Image.new(mode, (8, 8)).save(sample, "JPEG", quality=quality)
    with Image.open(sample) as image:
        return [list(table) for table in image.quantization.values()]  # type: ignore[attr-defined]


def double_tables(file: BinaryIO) -> None:
    """Double the 8-bit quantisation tables of a JPEG file, in place; the file then stands at its end."""
    place = 2
    while True:
        file.seek(place)
        marker, length = file.read(2)[1], int.from_bytes(file.read(2), "big")
        if marker == _SCAN:
            break
        if marker == _TABLES:
            content = np.frombuffer(file.read(length - 2), np.uint8).reshape(-1, 65).copy()
            content[:, 1:] *= 2  # the first byte is the table's number
            file.seek(place + 4)
            file.write(content.tobytes())
        place += 2 + length
    file.seek(0, io.SEEK_END)
