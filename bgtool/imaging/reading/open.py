"""Image files into pages, one at a time, whatever their format, mode, depth and orientation.

Pillow opens every file and tells what it says of itself; it decodes the pages too, except those that are large or of
16-bit colours, which `bgtool.imaging.reading.vips` reads where pyvips is installed.

One thing is out of reach: libtiff, inside Pillow, writes its complaints about a damaged TIFF to stderr by itself, and
goes on after a damaged row of a fax-compressed page.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from bgtool.errors import InputError
from bgtool.imaging.reading import vips
from bgtool.imaging.reading.faults import decoding
from bgtool.imaging.reading.images import ImageReader, beyond_pillow, check_depth
from bgtool.imaging.reading.limits import unlimited
from bgtool.imaging.reading.opening import identify, is_pdf, opened
from bgtool.imaging.reading.page import Page
from bgtool.imaging.reading.pages import Admit, PageReader
from bgtool.imaging.reading.raster import PillowRaster
from bgtool.optional import need


@contextmanager
def open_pages(
    source: Path | BinaryIO, *, max_megapixels: float, large: int = vips.LARGE, admit: Admit = lambda pixels: None
) -> Iterator[PageReader]:
    """Open an image file, or a binary stream that holds one.

    Args:
        source: a path, or a stream, which is read to its end if it is not seekable.
        max_megapixels: pages with more pixels than this are refused.
        large: pages with more pixels than this are read in parts where `bgtool.imaging.reading.vips` can do it.
        admit: is told the pixels of each page before it is decoded; may wait, or raise to stop.

    Raises:
        InputError: the file cannot be read as an image; the reason is one sentence.
    """
    with opened(source) as file:
        if is_pdf(file):
            with _open_pdf(file, max_megapixels, admit) as reader:
                yield reader
            return
        with decoding(), unlimited() as heard:
            image = identify(file, heard)
            place = source if isinstance(source, Path) else file
            reader = ImageReader(image, place, large, max_megapixels, heard, admit)
        with image:
            yield reader


def page_of(image: Image.Image) -> Page:
    """A picture in memory as a page, read by the same rules as a file: upright, 16 bits scaled, CMYK by its profile.

    Raises:
        InputError: its pixels cannot be read.
    """
    with decoding(), unlimited():
        check_depth(image)
        if beyond := beyond_pillow(image):
            raise InputError(f"{beyond}, which Pillow cannot read", "give bgtool the file")
        return Page(PillowRaster(image), 0, 1)


def _open_pdf(file: BinaryIO, max_megapixels: float, admit: Admit) -> AbstractContextManager[PageReader]:
    with decoding():
        need("pdf")
        from bgtool.imaging.reading.pdf import PdfReader

        return closing(PdfReader(file, max_megapixels, admit))
