"""Image files into pages, one at a time, whatever their format, mode, depth and orientation.

Pillow opens every file and tells what it says of itself; it decodes the pages too, except those that are large or of
16-bit colours, which `bgtool.vips` reads where pyvips is installed.

One thing is out of reach: libtiff, inside Pillow, writes its complaints about a damaged TIFF to stderr by itself, and
goes on after a damaged row of a fax-compressed page.
"""

from __future__ import annotations

import errno
import importlib
import importlib.util
import io
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
    Image,
    ImageCms,
    Jpeg2KImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from bgtool import icc, jp2, metadata, pam, vips
from bgtool.errors import InputError
from bgtool.extras import pdf_module
from bgtool.pillow import unlimited
from bgtool.raster import UPRIGHT, Box, PillowRaster, Raster, is_deep, orientation, tiff_tags

_PLUGINS = (
    pam,
    AvifImagePlugin,
    Jpeg2KImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)  # else Pillow would load all it has
_FORMATS = (
    "PNG",
    "JPEG",
    "TIFF",
    "WEBP",
    "BMP",
    "GIF",
    "PPM",
    "PAM",
    "JPEG2000",
    "AVIF",
)  # none that runs another program
_SUFFIXES = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif", "PPM": ".pnm", "JPEG2000": ".jp2"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_START = 1 << 12  # bytes that are looked at to know a format
_IMAGE_STARTS = (
    b"\x89PNG",
    b"\xff\xd8",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"RIFF",
    b"GIF8",
    b"BM",
    b"P5",
    b"P6",
    b"P7",
)
_BITS, _COMPRESSION, _PLANES, _SAMPLE_FORMAT, _PROFILE = 258, 259, 284, 339, 34675
_SIGNED = 2
_NOT_A_PAGE = 1 | 4  # bits of the TIFF tag NewSubfileType: a smaller copy of another page, a transparency mask

Admit = Callable[[int], None]
"""Is told the pixels of a page before they are decoded; may wait, or raise to stop."""


@contextmanager
def open_pages(
    source: Path | BinaryIO, *, max_megapixels: float, large: int = vips.LARGE, admit: Admit = lambda pixels: None
) -> Iterator[PageReader]:
    """Open an image file, or a binary stream that holds one.

    Args:
        source: a path, or a stream, which is read to its end if it is not seekable.
        max_megapixels: pages with more pixels than this are refused.
        large: pages with more pixels than this are read in parts where `bgtool.vips` can do it.
        admit: is told the pixels of each page before it is decoded; may wait, or raise to stop.

    Raises:
        InputError: the file cannot be read as an image; the reason is one sentence.
    """
    with _opened(source) as file:
        if _is_pdf(file):
            with _open_pdf(file, max_megapixels, admit) as reader:
                yield reader
            return
        with _decoding(), unlimited() as heard:
            image = _identify(file, heard)
            place = source if isinstance(source, Path) else file
            reader = ImageReader(image, place, large, max_megapixels, heard, admit)
        with image:
            yield reader


def page_of(image: Image.Image) -> Page:
    """A picture in memory as a page, read by the same rules as a file: upright, 16 bits scaled, CMYK by its profile.

    Raises:
        InputError: its pixels cannot be read.
    """
    with _decoding(), unlimited():
        _check_depth(image)
        if beyond := _beyond_pillow(image):
            raise InputError(f"{beyond}, which Pillow cannot read", "give bgtool the file")
        return Page(PillowRaster(image), 0, 1)


class PageReader(ABC):
    """The pages of one file, decoded in turn: a page is gone when the next one is asked for.

    Attributes:
        suffix: what the content would be called, e.g. ``".png"``, whatever the file is called.
        count: number of pages.
    """

    def __init__(self, suffix: str, count: int, max_megapixels: float, warnings: list[str], admit: Admit) -> None:
        self.suffix, self.count = suffix, count
        self._limit, self._warnings, self._admit = max_megapixels, warnings, admit

    def __iter__(self) -> Iterator[Page]:
        """Decode page after page. Raises InputError, also for a later page of a file whose first pages were fine."""
        for index in range(self.count):
            self._admit(0)  # the page before is gone
            with _of_page(index, self.count), _decoding(), unlimited() as heard:
                width, height, pixels = self._measure(index)
                self._check_size(width, height)
                self._admit(pixels)  # may wait, so nothing that another thread needs is held here
                page = self._decode(index)
            page.warnings += tuple(dict.fromkeys(self._warnings + heard))
            yield page

    @abstractmethod
    def _measure(self, index: int) -> tuple[int, int, int]:
        """Width and height of the page with this number, and how many pixels its decoding holds; releases all locks."""

    @abstractmethod
    def _decode(self, index: int) -> Page:
        """The page that was measured last."""

    def _check_size(self, width: int, height: int) -> None:
        megapixels = width * height / 1e6
        if megapixels > self._limit:
            raise InputError(
                f"it has {megapixels:,.{0 if megapixels >= 10 else 3}f} megapixels and {self._limit:,g} are allowed",
                "raise --max-megapixels",
            )


class ImageReader(PageReader):
    """The pages of an image file.

    A TIFF gives all its pages, thumbnails and masks left aside; any other file gives one, with a warning if it is
    animated. The further pictures of a camera's MPO (previews, depth, gain maps) are not pages.
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
        super().__init__(suffix, len(self._frames), max_megapixels, [*warnings, *_animation(image)], admit)

    def _measure(self, index: int) -> tuple[int, int, int]:
        image, frame = self._image, self._frames[index]
        if image.tell() != frame:
            image.seek(frame)
        if isinstance(image, TiffImagePlugin.TiffImageFile) and _PROFILE not in image.tag_v2:
            image.info.pop("icc_profile", None)  # Pillow keeps that of another page
        _check_depth(image)
        return (*image.size, image.width * image.height)

    def _decode(self, index: int) -> Page:
        return Page(self._raster(self._frames[index]), index, self.count)

    def _raster(self, frame: int) -> Raster:
        image = self._image
        large = image.width * image.height > self._large
        beyond = _beyond_pillow(image)
        if vips.reads(image) and (large or is_deep(image) or beyond) and vips.available():
            raster = vips.open_raster(image, self._source, frame)
            if raster:
                return raster
        if beyond:
            raise InputError(f"{beyond}, which Pillow cannot read", "" if vips.available() else vips.ADVICE)
        try:
            return PillowRaster(image)
        except MemoryError as error:
            advice = vips.ADVICE if vips.reads(image) and not vips.available() else ""
            raise InputError("it does not fit into memory", advice) from error


class Page:
    """A page, decoded and held once in the mode of its file, or read in parts from it.

    Attributes:
        index: number of the page, from 0.
        count: number of pages of its file.
        size: (width, height) in pixels, upright.
        depth: bits of a sample, 8 or 16.
        cut: whether 16-bit colours have been cut to 8 bits, as Pillow does.
        has_alpha: whether the file says how opaque its pixels are.
        metadata: what the file says of the page.
        warnings: what was wrong with the page and did not keep it from being read, a sentence each.
    """

    def __init__(self, raster: Raster, index: int, count: int) -> None:
        self._raster, self.index, self.count = raster, index, count
        about = raster.about
        self._swap, self._flip_rows, self._flip_columns = UPRIGHT[orientation(about)]
        self.size = raster.size[::-1] if self._swap else raster.size
        self.depth, self.cut = raster.depth, raster.cut
        self.has_alpha = about.has_transparency_data and not about.mode.startswith("I")
        self.metadata, warnings = metadata.read(about, turned=self._swap or raster.turned)
        self._to_srgb, failed = _transform_to_srgb(raster.mode, self.metadata.icc)
        self._tones = _tones_in_srgb(raster.mode, self.metadata.icc)
        if raster.mode in ("CMYK", "LAB"):
            self.metadata = replace(self.metadata, icc=icc.srgb() if self._to_srgb else None)
        self.warnings = (*warnings, *failed)

    def window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        """The pixels in columns x0 to x1 and rows y0 to y1 of the upright page, ends excluded.

        Returns:
            uint8 [y1 - y0, x1 - x0, 3], RGB; what is transparent lies on white. 16 bits become round(v / 257). CMYK
            and grey go through their profile to sRGB. Other colours are given as they are, described by `metadata.icc`.

        Raises:
            InputError: the page is read in parts, and this part is damaged.
        """
        with self._reading():
            return self._upright(self._colours(self._raster.crop(self._stored(x0, y0, x1, y1))))

    def deep_window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[Any]:
        """As `window`, without a loss of depth: uint16 [y1 - y0, x1 - x0, 3] where `depth` is 16, else uint8."""
        if self.depth == 8:
            return self.window(x0, y0, x1, y1)
        with self._reading():
            samples = self._raster.deep(self._stored(x0, y0, x1, y1))
            colours = samples[..., :3] if samples.shape[2] > 2 else self._toned(samples[..., :1]).repeat(3, axis=2)
            return self._upright(_on_white(colours, samples[..., -1:]) if self.has_alpha else colours)

    def alpha_window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8] | None:
        """The opacity of the same pixels as `window`: uint8 [y1 - y0, x1 - x0], 255 opaque; None without alpha."""
        if not self.has_alpha:
            return None
        with self._reading():
            piece = self._raster.crop(self._stored(x0, y0, x1, y1))
            return self._upright(np.asarray(_rgba(piece).getchannel("A")))

    def close(self) -> None:
        """Let go of the pixels, so that they take no memory while the result is written, if no page follows."""
        if self.index + 1 == self.count:
            self._raster.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with _of_page(self.index, self.count), _decoding(), unlimited():
            yield

    def _stored(self, x0: int, y0: int, x1: int, y1: int) -> Box:
        """Where those pixels are in the stored image."""
        width, height = self.size
        if self._flip_columns:
            x0, x1 = width - x1, width - x0
        if self._flip_rows:
            y0, y1 = height - y1, height - y0
        return (y0, x0, y1, x1) if self._swap else (x0, y0, x1, y1)

    def _upright(self, piece: NDArray[Any]) -> NDArray[Any]:
        if self._swap:
            piece = piece.swapaxes(0, 1)
        if self._flip_rows:
            piece = piece[::-1]
        if self._flip_columns:
            piece = piece[:, ::-1]
        return np.ascontiguousarray(piece)

    def _colours(self, piece: Image.Image) -> NDArray[np.uint8]:
        if self._tones is not None:
            piece = piece.point([*self._tones, *range(256)][: 256 * len(piece.getbands())])
        if self.has_alpha:
            rgba = np.asarray(_rgba(piece))
            return _on_white(rgba[..., :3], rgba[..., 3:])
        if self._to_srgb:
            return np.asarray(ImageCms.applyTransform(piece, self._to_srgb))
        return np.asarray(piece.convert("RGB"))

    def _toned(self, grey: NDArray[np.uint16]) -> NDArray[np.uint16]:
        if self._tones is None:
            return grey
        return np.asarray(np.interp(grey, np.arange(256) * 257, self._tones * 257.0).round(), np.uint16)


def _check_depth(image: Image.Image) -> None:
    """Refuse pixels without a fixed white, rather than guess it from what the page happens to hold."""
    signed = _SIGNED in np.atleast_1d(tiff_tags(image).get(_SAMPLE_FORMAT, 1))
    if signed or image.mode == "F" or (image.mode == "I" and image.format != "PPM"):  # Pillow's mode of a 16-bit PNM
        raise InputError("its pixels are floating-point, signed or 32-bit numbers", "convert it to 8 or 16 bits")


def _animation(image: Image.Image) -> tuple[str, ...]:
    if image.format in ("TIFF", "MPO") or not getattr(image, "is_animated", False):
        return ()
    return ("it is animated: only its first picture is used",)


def _page_frames(image: Image.Image) -> list[int]:
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return [0]
    pages = []
    for frame in range(image.n_frames):
        image.seek(frame)
        if _out_of_reach(image) and not vips.available():
            raise InputError("it is a TIFF with pages beyond 4 GB, which cannot be read without pyvips", vips.ADVICE)
        if not int(image.tag_v2.get(254, 0)) & _NOT_A_PAGE:
            pages.append(frame)
    return pages or [0]


def _out_of_reach(image: Image.Image) -> bool:
    """Whether Pillow would read this page of a TIFF from elsewhere in the file, its place being beyond 32 bits."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    return bool(image.tag_v2.offset >= 1 << 32 and image.tag_v2.get(_COMPRESSION, 1) != 1)


def _beyond_pillow(image: Image.Image) -> str:
    """What a page of a TIFF is that Pillow would read wrongly, without noticing; empty where there is no such thing."""
    if _out_of_reach(image):
        return "it is beyond 4 GB in its file"
    tags = tiff_tags(image)
    in_planes = tags.get(_PLANES, 1) == 2 and tags.get(_COMPRESSION, 1) == 1
    if in_planes and np.max(tags.get(_BITS, 8)) > 8 and not is_deep(image) and not image.mode.startswith("I"):
        return "its 16-bit colours lie in planes"
    return ""


def _transform_to_srgb(mode: str, profile: bytes | None) -> tuple[ImageCms.ImageCmsTransform | None, tuple[str, ...]]:
    """How to turn CMYK with a profile, or Lab, into sRGB; a warning in place of it if the profile does not work."""
    if mode != "LAB" and not (mode == "CMYK" and profile):
        return None, ()
    target = ImageCms.ImageCmsProfile(io.BytesIO(icc.srgb()))
    try:
        source = ImageCms.ImageCmsProfile(
            ImageCms.createProfile("LAB") if mode == "LAB" else io.BytesIO(profile or b"")
        )
        intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
        return ImageCms.buildTransform(source, target, mode, "RGB", intent, flags), ()
    except (OSError, ImageCms.PyCMSError):
        return None, ("its ICC profile does not work and was left out",)


def _tones_in_srgb(mode: str, profile: bytes | None) -> NDArray[np.uint8] | None:
    """What the grey levels of a page with a profile for grey are in sRGB, uint8 [256]; None where it has none."""
    if mode not in ("L", "LA") or not profile or icc.space(profile) != "GRAY":
        return None
    try:
        source, target = (ImageCms.ImageCmsProfile(io.BytesIO(data)) for data in (profile, icc.srgb()))
        transform = ImageCms.buildTransform(source, target, "L", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC)
        ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
        return np.asarray(ImageCms.applyTransform(ramp, transform))[0, :, 1]
    except (OSError, ImageCms.PyCMSError):
        return None


def _rgba(piece: Image.Image) -> Image.Image:
    return (piece.convert("LA") if piece.mode == "La" else piece).convert("RGBA")


def _on_white(colours: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Colours [h, w, 3] with their alpha [h, w, 1] over white."""
    top = np.iinfo(colours.dtype).max
    alpha = alpha.astype(np.uint16 if top == 255 else np.uint32)
    return np.asarray((colours * alpha + (top - alpha) * top + top // 2) // top, colours.dtype)


@contextmanager
def _opened(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    """A seekable file with something in it."""
    if not isinstance(source, Path):
        file: BinaryIO = source if source.seekable() else io.BytesIO(source.read())
        file.seek(0)
        if not file.read(1):
            raise InputError("standard input is empty")
        yield file
        return
    try:
        status = source.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError("it is a folder" if stat.S_ISDIR(status.st_mode) else "it is no regular file")
        file = source.open("rb")
    except OSError as error:
        raise InputError(_cannot_open(source, error)) from error
    with file:
        if not status.st_size:
            raise InputError("the file is empty")
        yield file


def _cannot_open(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is a link to a file that does not exist" if path.is_symlink() else "the file does not exist"
    if isinstance(error, PermissionError):
        return "permission to read it was denied"
    return f"it cannot be opened: {error.strerror or error}"


def _is_pdf(file: BinaryIO) -> bool:
    file.seek(0)
    start = file.read(1024)
    return b"%PDF-" in start and not start.startswith(_IMAGE_STARTS)


def _open_pdf(file: BinaryIO, max_megapixels: float, admit: Admit) -> AbstractContextManager[PageReader]:
    with _decoding():
        return closing(pdf_module("reading").PdfReader(file, max_megapixels, admit))


def _identify(file: BinaryIO, heard: list[str]) -> Image.Image:
    file.seek(0)
    start = file.read(_START)
    formats: tuple[str, ...] = _FORMATS
    brands = _brands(start)
    if brands & _HEIF_BRANDS and not brands & _AVIF_BRANDS:
        if not _register_heif():
            raise InputError("HEIC cannot be read without pillow-heif", "pip install pillow-heif")
        formats = ("HEIF",)
    try:
        image = Image.open(file, formats=formats)
    except UnidentifiedImageError as error:
        if start.startswith(_IMAGE_STARTS):
            raise InputError("the image is damaged, or of a kind that is not supported") from error
        raise InputError("the file is no image of a known format") from error
    finally:
        heard[:] = [message for message in heard if "opening failed" not in message]
    if isinstance(image, Jpeg2KImagePlugin.Jpeg2KImageFile) and (profile := jp2.profile(file)):
        image.info["icc_profile"] = profile
    return image


def _brands(start: bytes) -> set[bytes]:
    """What a file says it is if it begins with an ``ftyp`` box: its major brand and those it is compatible with."""
    if start[4:8] != b"ftyp":
        return set()
    box = start[: int.from_bytes(start[:4], "big")]
    return {start[8:12], *(box[at : at + 4] for at in range(16, len(box), 4))}


@cache
def _register_heif() -> bool:
    if importlib.util.find_spec("pillow_heif") is None:
        return False
    importlib.import_module("pillow_heif").register_heif_opener()
    return True


@contextmanager
def _of_page(index: int, count: int) -> Iterator[None]:
    """Say which page it was, where there are more."""
    try:
        yield
    except InputError as error:
        if count == 1:
            raise
        raise InputError(f"page {index + 1} of {count}: {error.reason}", error.advice) from error


@contextmanager
def _decoding() -> Iterator[None]:
    """Give a plain reason for whatever a decoder raises over a file: there is no end to the kinds of damage."""
    try:
        yield
    except InputError:
        raise
    except MemoryError as error:
        raise InputError("it does not fit into memory") from error
    except OSError as error:
        if error.errno and error.errno != errno.EINVAL:  # which is what a seek to a damaged offset gives
            raise InputError(f"it cannot be read: {os.strerror(error.errno)}") from error
        raise InputError("the image is damaged or cut short") from error
    except Exception as error:
        raise InputError("the image is damaged") from error
