"""Files that hold pages, opened and identified."""

from __future__ import annotations

import io
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import BinaryIO

from PIL import (
    AvifImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from bgtool import optional as extras
from bgtool.errors import InputError
from bgtool.imaging import jp2
from bgtool.imaging.reading import pam

_PLUGINS = (  # else Pillow would load all it has
    pam,
    AvifImagePlugin,
    Jpeg2KImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "PPM", "PAM", "JPEG2000", "AVIF")  # none runs a program
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_START = 1 << 12  # bytes that are looked at to know a format
_IMAGE_STARTS = (
    b"\x89PNG", b"\xff\xd8", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"RIFF", b"GIF8", b"BM", b"P5", b"P6", b"P7",
)  # fmt: skip


@contextmanager
def opened(source: Path | BinaryIO) -> Iterator[BinaryIO]:
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


def is_pdf(file: BinaryIO) -> bool:
    """Whether an open file is a PDF, by its start."""
    file.seek(0)
    start = file.read(1024)
    return b"%PDF-" in start and not start.startswith(_IMAGE_STARTS)


def identify(file: BinaryIO, heard: list[str]) -> Image.Image:
    """Open an image without decoding it, by its content.

    Args:
        file: seekable, with something in it; it stays open.
        heard: what Pillow has warned of; loses its warnings about formats that the file is not.

    Raises:
        InputError: it is no image, or of a kind that is not supported.
    """
    file.seek(0)
    start = file.read(_START)
    formats: tuple[str, ...] = _FORMATS
    brands = _brands(start)
    if brands & _HEIF_BRANDS and not brands & _AVIF_BRANDS:
        if not _register_heif():
            raise InputError(extras.lack("heif"), extras.command("heif"))
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
    if extras.missing("heif"):
        return False
    import pillow_heif

    pillow_heif.register_heif_opener()
    return True
