"""The pages of image files: which there are, and who decodes each, Pillow or libvips."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, TiffImagePlugin

from bgtool.errors import InputError
from bgtool.imaging.reading import vips
from bgtool.imaging.reading.page import Page
from bgtool.imaging.reading.pages import Admit, PageReader
from bgtool.imaging.reading.raster import PillowRaster, Raster, is_deep, tiff_tags, white
from bgtool.optional import command

_SUFFIXES = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif", "PPM": ".pnm", "JPEG2000": ".jp2"}
_BITS, _COMPRESSION, _PLANES, _SAMPLE_FORMAT, _PROFILE = 258, 259, 284, 339, 34675
_SIGNED = 2
_NEW_SUBFILE, _OLD_SUBFILE, _PHOTOMETRIC = 254, 255, 262
_COPY, _MASK = 1, 4  # bits of NewSubfileType: a smaller copy of another page, a transparency mask
_OLD_COPY, _MASK_COLOURS = 2, 4  # what SubfileType, and the colours, say of such pages


class ImageReader(PageReader):
    """The pages of an image file.

    A TIFF gives all its pages, thumbnails and masks left aside; any other file gives one, a HEIC its primary one,
    with a warning if there are more. The further pictures of a camera's MPO (previews, depth, gain maps) are not pages.
    """

    def __init__(
        self,
        image: Image.Image,
        source: Path | BinaryIO,
        large: int,
        max_megapixels: float,
        warnings: list[str],
        admit: Admit,
    ) -> None:
        self._image, self._source, self._large, self._frames = image, source, large, _page_frames(image)
        suffix = _SUFFIXES.get(image.format or "", f".{image.format}".lower())
        super().__init__(suffix, len(self._frames), max_megapixels, [*warnings, *_further_pictures(image)], admit)

    def _measure(self, index: int) -> tuple[int, int, int]:
        image, frame = self._image, self._frames[index]
        if image.tell() != frame:
            image.seek(frame)
        if isinstance(image, TiffImagePlugin.TiffImageFile) and _PROFILE not in image.tag_v2:
            image.info.pop("icc_profile", None)  # Pillow keeps that of another page
        check_depth(image)
        return (*image.size, image.width * image.height)

    def _decode(self, index: int) -> Page:
        return Page(self._raster(self._frames[index]), index, self.count)

    def _raster(self, frame: int) -> Raster:
        image = self._image
        large = image.width * image.height > self._large
        beyond = beyond_pillow(image)
        if vips.reads(image) and (large or is_deep(image) or beyond) and vips.available():
            raster = vips.open_raster(image, self._source, frame)
            if raster:
                return raster
        if beyond:
            raise InputError(f"{beyond}, which Pillow cannot read", "" if vips.available() else command("vips"))
        try:
            return PillowRaster(image)
        except MemoryError as error:
            advice = command("vips") if vips.reads(image) and not vips.available() else ""
            raise InputError("it does not fit into memory", advice) from error


def check_depth(image: Image.Image) -> None:
    """Refuse pixels without a fixed white, rather than guess it from what the page happens to hold."""
    signed = _SIGNED in np.atleast_1d(tiff_tags(image).get(_SAMPLE_FORMAT, 1))
    if signed or image.mode == "F" or (image.mode == "I" and image.format != "PPM"):  # Pillow's mode of a 16-bit PNM
        raise InputError("its pixels are floating-point, signed or 32-bit numbers", "convert it to 8 or 16 bits")


def _further_pictures(image: Image.Image) -> tuple[str, ...]:
    """A warning where a file that gives one page has more pictures."""
    if image.format in ("TIFF", "MPO") or not getattr(image, "is_animated", False):
        return ()
    if image.format == "HEIF":
        return (f"it holds {getattr(image, 'n_frames', 0)} pictures: only its main one is used",)
    return ("it is animated: only its first picture is used",)


def _page_frames(image: Image.Image) -> list[int]:
    """The numbers of the pictures that are pages; of a file other than a TIFF it is the one that it opens with."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return [image.tell()]
    pages = []
    for frame in count():
        try:
            image.seek(frame)
        except EOFError:
            break
        except SyntaxError:  # pixels unlike any that Pillow knows; the tags are read all the same
            if not _is_beside_pages(image):
                raise
        if _out_of_reach(image) and not vips.available():
            raise InputError(
                "it is a TIFF with pages beyond 4 GB, which cannot be read without pyvips", command("vips")
            )
        if not _is_beside_pages(image):
            pages.append(frame)
    return pages or [0]


def _is_beside_pages(image: TiffImagePlugin.TiffImageFile) -> bool:
    """Whether a picture of a TIFF is a smaller copy of a page, or its transparency mask."""
    tags = image.tag_v2
    kind = int(tags.get(_NEW_SUBFILE, 0)) & (_COPY | _MASK)
    return bool(kind) or tags.get(_OLD_SUBFILE) == _OLD_COPY or tags.get(_PHOTOMETRIC) == _MASK_COLOURS


def _out_of_reach(image: Image.Image) -> bool:
    """Whether Pillow would read this page of a TIFF from elsewhere in the file, its place being beyond 32 bits."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    return bool(image.tag_v2.offset >= 1 << 32 and image.tag_v2.get(_COMPRESSION, 1) != 1)


def beyond_pillow(image: Image.Image) -> str:
    """What a page of a TIFF is that Pillow would read wrongly, without noticing; empty where there is no such thing."""
    if _out_of_reach(image):
        return "it is beyond 4 GB in its file"
    tags = tiff_tags(image)
    in_planes = tags.get(_PLANES, 1) == 2 and tags.get(_COMPRESSION, 1) == 1
    if in_planes and np.max(tags.get(_BITS, 8)) > 8 and not is_deep(image) and not image.mode.startswith("I"):
        return "its 16-bit colours lie in planes"
    if is_deep(image) and white(image) < 65535:
        return "its 16 bits a colour are not all used"
    return ""
