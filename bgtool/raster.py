"""The pixels of one page as they are stored, and how they are turned upright."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels, right and bottom excluded."""

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

_ORIENTATION, _BITS, _PHOTOMETRIC = 274, 258, 262


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
        """Decode `image`."""
        tags = tiff_tags(image)
        self.turned, *_ = UPRIGHT.get(tags.get(_ORIENTATION, 1), UPRIGHT[1])  # by Pillow, which drops a TIFF's tag
        self.cut = is_deep(image)
        image.load()
        self.about = image
        self.size = image.size
        self.depth = 16 if image.mode.startswith("I") else 8
        self.mode = "L" if self.depth == 16 else image.mode
        self._white_is_zero = tags.get(_PHOTOMETRIC) == 0
        self._top = 4095 if tags.get(_BITS) in (12, (12,)) else 65535

    def crop(self, box: Box) -> Image.Image:
        """The pixels of a part, in 8 bits."""
        return self.about.crop(box) if self.depth == 8 else Image.fromarray(eight_bits(self.deep(box)[..., 0]))

    def deep(self, box: Box) -> NDArray[np.uint16]:
        """Grey of 12 or 16 bits as 16 bits, [h, w, 1]."""
        values = np.asarray(self.about.crop(box)).astype(np.uint32)
        if self._white_is_zero:  # Pillow looks at it up to 8 bits only
            values = self._top - values
        return ((values * 65535 + self._top // 2) // self._top).astype(np.uint16)[..., None]

    def close(self) -> None:
        """Let go of the pixels, and of the file."""
        self.about.close()


def tiff_tags(image: Image.Image) -> Mapping[int, Any]:
    """The tags of the page at which a TIFF stands, by number; none of any other image."""
    return image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}


def is_deep(image: Image.Image) -> bool:
    """Whether an image that is not decoded yet has 16-bit colours, which Pillow cuts to 8 bits."""
    tiles = getattr(image, "tile", ())
    return image.mode in ("RGB", "RGBA", "LA") and any(";16" in str(tile.args) for tile in tiles)


def orientation(image: Image.Image) -> int:
    """The EXIF orientation of an image, 1 where it has none that makes sense."""
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # EXIF can be wrong in any way; metadata.read reports it
        return 1
    return found if found in UPRIGHT else 1


def eight_bits(samples: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """16-bit samples rounded to 8 bits: round(v / 257)."""
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
