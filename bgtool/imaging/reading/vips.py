"""Pages read in parts by libvips: those too large to be held decoded, and 16-bit colours, which Pillow cuts to 8 bits.

A tiled TIFF is read where it is asked for. All else can only be decoded from top to bottom, and so it is, a little
ahead of the windows; a page that is stored sideways or upside down is first decoded into a temporary file. A
progressive JPEG or an interlaced PNG is held whole all the same, by its own library.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from bgtool.errors import InputError
from bgtool.imaging import png
from bgtool.imaging.pixels import Box, eight_bits
from bgtool.imaging.reading.raster import (
    UPRIGHT,
    is_plain_cmyk,
    map_of_bytes,
    orientation,
    sixteen_bits,
    tiff_tags,
    white,
    white_is_zero,
)

LARGE = 64_000_000
"""Pixels of a page above which it is read in parts."""

_LOADERS = {"JPEG": "jpegload", "MPO": "jpegload", "PNG": "pngload", "TIFF": "tiffload"}
_TYPES: dict[str, type[np.uint8] | type[np.uint16]] = {"uchar": np.uint8, "ushort": np.uint16}
_BANDS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}
_TILE_WIDTH = 322
_ROWS = 64  # decoded at a time

Samples = NDArray[Any]  # uint8 or uint16 [h, w, bands]
Load = Callable[..., Any]  # of libvips; takes `access`


@cache
def available() -> bool:
    """Whether pyvips is installed and finds its library."""
    try:
        import pyvips
    except (ImportError, OSError):
        return False
    pyvips.cache_set_max(0)  # it would keep the files of past pages open
    return True


def reads(image: Image.Image) -> bool:
    """Whether libvips reads files of this format."""
    return image.format in _LOADERS


def open_raster(image: Image.Image, source: Path | BinaryIO, frame: int) -> VipsRaster | None:
    """Open a page without decoding it.

    Args:
        image: the page, opened and not decoded by Pillow, in a format that `reads`.
        source: the file that it comes from.
        frame: number of the page in the file.

    Returns:
        None if libvips cannot read the page, or not as Pillow does.

    Raises:
        InputError: the page must be turned, and there is no room for that.
    """
    import pyvips

    loader = _LOADERS[image.format or ""]
    file: str | bytes = str(source)
    if not isinstance(source, Path):
        source.seek(0)
        loader, file = f"{loader}_buffer", source.read()
    options: dict[str, Any] = {"fail_on": "error"}
    if isinstance(image, TiffImageFile):
        options = {"fail_on": "warning", "page": frame}  # below that, a damaged tile is black
    load = partial(getattr(pyvips.Image, loader), file, **options)
    try:
        picture = load(access="sequential")
        about = _without_pixels(image) if isinstance(image, PngImageFile) else image
        mode = _mode(about, picture)
        if not mode:
            return None
        if isinstance(image, TiffImageFile):
            Parts(picture).read(0, 0, 1, 1)  # some kinds are opened, and refused at the first pixel
        return VipsRaster(about, mode, picture, load)
    except (pyvips.Error, OSError):
        return None


class VipsRaster:
    """A page that is decoded as it is read; `bgtool.imaging.reading.raster.Raster` says what its attributes are."""

    cut = False
    turned = False

    def __init__(self, about: Image.Image, mode: str, picture: Any, load: Load) -> None:
        """Open a page.

        Args:
            about: what Pillow says of it.
            mode: of its pixels.
            picture: the page as `load` has opened it once, for its size.
            load: opens it.

        Raises:
            InputError: the page must be turned, and there is no room for that.
        """
        self.about, self.mode, self.size = about, mode, (picture.width, picture.height)
        self.depth = 16 if picture.format == "ushort" and mode != "CMYK" else 8
        self._inverted, self._top, self._white_is_zero = is_plain_cmyk(about), white(about), white_is_zero(about)
        turns, flips, _ = UPRIGHT[orientation(about)]
        self._pixels: Parts | Rows | Spool
        if _TILE_WIDTH in tiff_tags(about):
            self._pixels = Parts(load(access="random"))
        elif turns or flips:
            self._pixels = Spool(load, picture)
        else:
            self._pixels = Rows(load, self.size)

    def crop(self, box: Box) -> Image.Image:
        """The pixels of a part, in 8 bits."""
        samples = self._samples(box)
        if samples.dtype == np.uint16:
            samples = eight_bits(samples)
        return Image.frombytes(self.mode, samples.shape[1::-1], np.ascontiguousarray(samples))

    def deep(self, box: Box) -> NDArray[np.uint16]:
        """The pixels of a part in 16 bits, [h, w, bands]."""
        return self._samples(box)

    def close(self) -> None:
        """Let go of the pixels."""
        del self._pixels

    def _samples(self, box: Box) -> Samples:
        samples = self._pixels.read(*box)[..., : _BANDS[self.mode]]
        if self._inverted:
            return 255 - samples
        if self._top == 65535 or samples.dtype == np.uint8:
            return samples
        if self._white_is_zero:  # libvips has turned it round at 65535
            samples = np.maximum(samples, 65535 - self._top) - (65535 - self._top)
        return sixteen_bits(samples, self._top)


class Parts:
    """A picture that libvips can read anywhere, or from top to bottom, as it has been opened."""

    def __init__(self, picture: Any) -> None:
        import pyvips

        self._region, self._type, self._bands = pyvips.Region.new(picture), _TYPES[picture.format], picture.bands

    def read(self, left: int, top: int, right: int, bottom: int) -> Samples:
        """The samples of a part. Raises OSError where they are damaged."""
        import pyvips

        try:
            data = self._region.fetch(left, top, right - left, bottom - top)
        except pyvips.Error as error:
            raise OSError(str(error)) from error
        return np.frombuffer(data, self._type).reshape(bottom - top, right - left, self._bands)


class Rows:
    """A picture that can only be decoded from top to bottom.

    It keeps the rows above the lowest one that was asked for, as many as the tallest part has; for a part that begins
    further up it starts again.
    """

    def __init__(self, load: Load, size: tuple[int, int]) -> None:
        self._load, (self._width, self._height) = load, size
        self._tallest = 0
        self._start()

    def read(self, left: int, top: int, right: int, bottom: int) -> Samples:
        """The samples of a part. Raises OSError where they, or rows above, are damaged."""
        self._tallest = max(self._tallest, bottom - top)
        if self._kept and top < self._kept[0][0]:
            self._start()
        while self._next < bottom:
            self._decode()
            while self._kept and _end(self._kept[0]) <= bottom - self._tallest:
                self._kept.popleft()
        within = (piece for piece in self._kept if piece[0] < bottom and _end(piece) > top)
        return np.concatenate([rows[max(top - first, 0) : bottom - first, left:right] for first, rows in within])

    def _start(self) -> None:
        self._decoder = Parts(self._load(access="sequential"))
        self._kept = deque[tuple[int, Samples]]()  # number of the first row, rows
        self._next = 0

    def _decode(self) -> None:
        stop = min(self._next + _ROWS, self._height)
        self._kept.append((self._next, self._decoder.read(0, self._next, self._width, stop)))
        self._next = stop


class Spool:
    """A picture that is decoded into a temporary file, when it is first read, to be read anywhere."""

    def __init__(self, load: Load, picture: Any) -> None:
        """Raise InputError if there is no room."""
        self._load, self._file = load, cast(BinaryIO | None, None)
        self._height, self._width, self._bands = picture.height, picture.width, picture.bands
        self._type = _TYPES[picture.format]
        self._pixel: int = np.dtype(self._type).itemsize * picture.bands  # bytes
        size = self._height * self._width * self._pixel
        if size > shutil.disk_usage(tempfile.gettempdir()).free:
            raise InputError(
                f"to be turned upright it takes {size / 1e9:,.1f} GB of temporary files",
                "set TMPDIR to a folder that has room",
            )

    def read(self, left: int, top: int, right: int, bottom: int) -> Samples:
        """The samples of a part. Raises OSError where any are damaged, or the disk is full."""
        file = self._file = self._file or self._decoded()
        samples = np.empty((bottom - top, right - left, self._bands), self._type)
        for row, line in enumerate(samples, top):
            file.seek((row * self._width + left) * self._pixel)
            file.readinto(line)  # type: ignore[attr-defined]
        return samples

    def _decoded(self) -> BinaryIO:
        decoder = Parts(self._load(access="sequential"))
        file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - lives as long as this object
        for top in range(0, self._height, _ROWS):
            file.write(decoder.read(0, top, self._width, min(top + _ROWS, self._height)).data)
        return file


def _end(piece: tuple[int, Samples]) -> int:
    return piece[0] + len(piece[1])


def _without_pixels(image: PngImageFile) -> Image.Image:
    return Image.open(png.without_pixels(cast(BinaryIO, image.fp)), formats=("PNG",))


def _mode(about: Image.Image, picture: Any) -> str:
    """Pillow's name for the samples that libvips gives; empty where Pillow would make something else of them."""
    if about.mode == "CMYK":
        mode = "CMYK"
    elif about.has_transparency_data:
        mode = "LA" if picture.bands < 3 else "RGBA"
    else:
        mode = "L" if picture.bands < 3 else "RGB"
    known = (
        picture.format in _TYPES
        and picture.coding == "none"
        and about.mode not in ("LAB", "YCbCr")
        and not map_of_bytes(about)
    )
    return mode if known and _BANDS[mode] <= picture.bands else ""
