"""The pixels of one page as they are stored, and how they are turned upright."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImagePalette, TiffImagePlugin

from bgtool.imaging.pixels import Box, eight_bits

UPRIGHT = {
    1: (False, False, False),
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}
"""By EXIF orientation: do rows and columns change places, then do rows, do columns run backwards."""

_ORIENTATION, _BITS, _PHOTOMETRIC, _PLANES, _COLOUR_MAP = 274, 258, 262, 284, 320
_TOPS = 281, 341  # MaxSampleValue, SMaxSampleValue
_NARROW = frozenset((1 << bits) - 1 for bits in range(9, 16))
_OTHER_SIGN = [value ^ 128 for value in range(256)]  # of a and b, which Pillow has unsigned


class Raster(Protocol):
    """What a decoder gives of a page.

    Attributes:
        about: says everything but the pixels, which it need not hold.
        size: stored width and height in pixels.
        mode: Pillow's name for what `crop` gives.
        depth: bits of a sample, 8 or 16.
        cut: whether 16-bit colours have been cut to 8 bits.
        turned: whether rows and columns have changed places against the file.
    """

    about: Image.Image
    size: tuple[int, int]
    mode: str
    depth: int
    cut: bool
    turned: bool

    def crop(self, box: Box) -> Image.Image:
        """The pixels of a part, in 8 bits."""

    def deep(self, box: Box) -> NDArray[np.uint16]:
        """The same in 16 bits, where that is the depth: [h, w, bands], bands as the mode says, 65535 is white."""

    def close(self) -> None:
        """Let go of the pixels."""


class PillowRaster:
    """A page decoded whole by Pillow."""

    def __init__(self, image: Image.Image) -> None:
        """Decode `image`, and mend what Pillow makes of it."""
        tags = tiff_tags(image)
        self.turned, *_ = UPRIGHT.get(tags.get(_ORIENTATION, 1), UPRIGHT[1])  # by Pillow, which drops a TIFF's tag
        self.cut = is_deep(image)
        self._top, self._white_is_zero = white(image), white_is_zero(image)
        image.load()
        if is_plain_cmyk(image):
            image.im = ImageChops.invert(image).im
        if image.mode == "P" and (colours := _map_of_bytes(tags)):
            image.palette = ImagePalette.raw("RGB;L", colours)
            image.load()
        if image.mode == "LAB" and tags.get(_PLANES, 1) == 2:
            image.im = image.point([*range(256), *_OTHER_SIGN, *_OTHER_SIGN]).im
        self.about = image
        self.size = image.size
        self.depth = 16 if image.mode.startswith("I") else 8
        self._clear = image.info.get("transparency") if self.depth == 16 else None
        self.mode = image.mode if self.depth == 8 else "L" if self._clear is None else "LA"

    def crop(self, box: Box) -> Image.Image:
        """The pixels of a part, in 8 bits."""
        if self.depth == 8:
            return self.about.crop(box)
        samples = eight_bits(self.deep(box))
        return Image.fromarray(samples if self.mode == "LA" else samples[..., 0])

    def deep(self, box: Box) -> NDArray[np.uint16]:
        """Grey of 9 to 16 bits as 16 bits, [h, w, 1], or [h, w, 2] where one level is transparent."""
        stored = np.asarray(self.about.crop(box))
        values = stored.astype(np.uint32)
        if self._white_is_zero:  # Pillow looks at it up to 8 bits only
            values = self._top - np.minimum(values, self._top)
        grey = sixteen_bits(values, self._top)
        if self._clear is None:
            return grey[..., None]
        return np.stack([grey, np.where(stored == self._clear, 0, 65535).astype(np.uint16)], axis=2)

    def close(self) -> None:
        """Let go of the pixels, and of the file."""
        self.about.close()


def tiff_tags(image: Image.Image) -> Mapping[int, Any]:
    """The tags of the page at which a TIFF stands, by number; none of any other image."""
    return image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}


def is_deep(image: Image.Image) -> bool:
    """Whether an image that is not decoded yet has 16-bit colours, which Pillow cuts to 8 bits."""
    tiles = getattr(image, "tile", ())
    if image.mode not in ("RGB", "RGBA", "LA") or image.format == "BMP":  # whose 16 bits are of a pixel
        return False
    if image.format == "PPM":
        return any(isinstance(tile.args[-1], int) and tile.args[-1] > 255 for tile in tiles)
    return any(";16" in str(tile.args) for tile in tiles)


def white(image: Image.Image) -> int:
    """The largest value of a sample of 9 to 16 bits, where a TIFF says that fewer bits are used than are stored.

    MaxSampleValue may also be the largest value that occurs, which is nothing to scale by: it counts only where it is
    the top of a whole number of bits.
    """
    tags = tiff_tags(image)
    if np.max(tags.get(_BITS, 16)) == 12:
        return 4095
    tops = [int(np.max(tags[tag])) for tag in _TOPS if tag in tags]
    return next((top for top in tops if top in _NARROW), 65535)


def white_is_zero(image: Image.Image) -> bool:
    """Whether a TIFF stores white as 0."""
    return tiff_tags(image).get(_PHOTOMETRIC) == 0


def is_plain_cmyk(image: Image.Image) -> bool:
    """Whether a JPEG has CMYK as it is; decoders take it for inverted, as it is where there is an Adobe marker."""
    return image.mode == "CMYK" and image.format in ("JPEG", "MPO") and "adobe" not in image.info


def map_of_bytes(image: Image.Image) -> bool:
    """Whether the colours of a TIFF's map are, against the rule, of 8 bits."""
    return bool(_map_of_bytes(tiff_tags(image)))


def _map_of_bytes(tags: Mapping[int, Any]) -> bytes:
    """The red, then green, then blue of a colour map of 8-bit values, which Pillow takes for 16; else nothing."""
    colours = tags.get(_COLOUR_MAP, ())
    return bytes(colours) if 0 < max(colours, default=0) < 256 else b""


def orientation(image: Image.Image) -> int:
    """The EXIF orientation of an image, 1 where it has none that makes sense."""
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # EXIF can be wrong in any way; metadata.read reports it
        return 1
    return found if found in UPRIGHT else 1


def sixteen_bits(samples: NDArray[Any], top: int) -> NDArray[np.uint16]:
    """Samples up to `top`, larger ones cut, as 16 bits."""
    values = np.minimum(samples.astype(np.uint32), top)
    return ((values * 65535 + top // 2) // top).astype(np.uint16)
