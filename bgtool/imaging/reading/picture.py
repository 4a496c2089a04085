"""Whatever a caller has a picture in: a path, bytes, an open file, a Pillow image or an array."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.errors import InputError
from bgtool.imaging.metadata import Metadata
from bgtool.imaging.reading.open import open_pages, page_of
from bgtool.imaging.reading.page import Page

Picture = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | NDArray[np.generic]
"""A path, the bytes of a file or a binary file that is open; a Pillow image; an array (`source_of`)."""

_CHANNELS = {"uint8": ((), (1,), (3,), (4,)), "uint16": ((), (1,)), "bool": ((), (1,))}
"""By type, what may follow height and width in an array's shape."""


@dataclass(frozen=True)
class ArraySource:
    """A picture in memory that is read in parts.

    Attributes:
        pixels: uint8 [H, W, 3], RGB.
        metadata, depth, warnings: none, 8 bits, none.
    """

    pixels: NDArray[np.uint8]
    metadata: Metadata = field(default_factory=Metadata)
    depth: int = 8
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.pixels.shape[:2]
        return width, height

    def window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        """RGB of the part from (x0, y0) up to, without, (x1, y1)."""
        return self.pixels[y0:y1, x0:x1]

    deep_window = window

    def alpha_window(self, x0: int, y0: int, x1: int, y1: int) -> None:
        """None: all of it is opaque."""


@contextmanager
def opened(picture: Picture, max_megapixels: float = 2000.0) -> Iterator[ArraySource | Page]:
    """A picture as a source, which is good until the block ends.

    Args:
        picture: in any of the forms of `Picture`.
        max_megapixels: larger files are refused.

    Raises:
        InputError: it is none, cannot be read, or is a file of several pages.
    """
    if isinstance(picture, Image.Image | np.ndarray):
        yield source_of(picture)
        return
    with open_pages(_file_of(picture), max_megapixels=max_megapixels) as reader:
        if reader.count > 1:
            raise InputError(f"it holds {reader.count} pages, not one", "give each by itself, or the file to a batch")
        yield next(iter(reader))


def source_of(picture: Image.Image | NDArray[np.generic]) -> ArraySource | Page:
    """A Pillow image or an array as a source.

    Args:
        picture: an image of any 8- or 16-bit mode, turned upright as its EXIF says; or an array: uint8 [H, W] (grey),
            [H, W, 3] (RGB) or [H, W, 4] (RGBA, alpha not multiplied in), uint16 [H, W] (grey), bool [H, W] (True is
            white).

    Raises:
        InputError: it is neither, or has no pixels.
    """
    if isinstance(picture, Image.Image):
        if not all(picture.size):
            raise InputError(f"the picture has no pixels: {picture.width}×{picture.height}")
        return page_of(picture)
    if not isinstance(picture, np.ndarray):
        raise InputError(f"expected a picture, got {type(picture).__name__}")
    channels = picture.shape[2:]
    if picture.ndim < 2 or channels not in _CHANNELS.get(picture.dtype.name, ()) or not picture.size:
        raise InputError(f"expected uint8 [H, W], [H, W, 3] or [H, W, 4], got {picture.dtype} {list(picture.shape)}")
    if channels == (3,):
        return ArraySource(picture.astype(np.uint8, copy=False))
    return page_of(Image.fromarray(picture[..., 0] if channels == (1,) else picture))


def _file_of(picture: object) -> Path | BinaryIO:
    if isinstance(picture, str | os.PathLike):
        return Path(os.fsdecode(picture))
    if isinstance(picture, bytes | bytearray | memoryview):
        return io.BytesIO(picture)
    if hasattr(picture, "read") and not isinstance(picture, io.TextIOBase):
        return cast(BinaryIO, picture)
    raise InputError(f"expected a path, bytes, a binary file, a Pillow image or an array, got {type(picture).__name__}")
