"""Results into files, page by page, each with all of the metadata that its format can hold."""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
from PIL import Image

from bgtool._version import __version__
from bgtool.errors import InputError
from bgtool.imaging import formats, icc, png
from bgtool.imaging.formats import Pixels
from bgtool.imaging.metadata import Metadata
from bgtool.imaging.pixels import eight_bits
from bgtool.imaging.source import Bands
from bgtool.imaging.writing import jpeg
from bgtool.imaging.writing.encoders import OPTIONS, PNG_RGB_LEVEL, PNG_RGBA_LEVEL, jpeg2000
from bgtool.imaging.writing.tiff import TiffWriter
from bgtool.optional import need
from bgtool.storage.local import output_errors
from bgtool.storage.places import Place
from bgtool.storage.stores import store_of

if TYPE_CHECKING:
    from bgtool.imaging.writing.pdf import PdfWriter
    from bgtool.imaging.writing.words import ReadWords

_LONGEST_SIDE = {formats.JPEG: 65500, formats.WEBP: 16383}


@contextmanager
def open_writer(
    target: Place | Path | BinaryIO,
    *,
    suffix: str | None = None,
    model: str = "",
    pages: int = 1,
    quality: int | None = None,
    archival: bool = False,
    read: ReadWords | None = None,
) -> Iterator[Writer]:
    """Write one output, which appears whole when the block ends well, and not at all otherwise.

    Args:
        target: a place or a path, whose folders are made if need be, or a binary stream, which need not be seekable.
            What stands at a path is replaced.
        suffix: decides the format; taken from the path if there is one.
        model: name of the model, for the Software tag.
        pages: how many pages will come.
        quality: 1 to 100, of JPEG and of colours in WebP; None for the usual one.
        archival: whether a PDF is to be a PDF/A-2b.
        read: gives the words that are laid beneath the pages of a PDF; None: none are.

    Raises:
        InputError: there are more pages than the format holds, or the output's name or size is impossible.
        OutputError: the output cannot be written.
    """
    place = Place(str(target)) if isinstance(target, Path) else target
    suffix = (suffix or (Path(place.path).suffix if isinstance(place, Place) else "")).lower()
    container = formats.container(suffix)
    if container is None:
        raise InputError(f"no file ending in {suffix!r} can be written")
    if pages > 1 and not container.multipage:
        raise InputError(f"it holds {pages} pages and {container.name} holds one", "use --format tiff or pdf")
    name = place.path if isinstance(place, Place) else "standard output"
    with _whole(place) as file:
        writer = Writer(file, name, suffix, software(model), quality, archival, read)
        yield writer
        writer.close()
        file.seek(0)
        writer.sha256 = hashlib.file_digest(cast(io.BufferedRandom, file), "sha256").hexdigest()
        if isinstance(place, Place):
            place.complete(writer.sha256)


def software(model: str) -> str:
    """What outputs say they were made by."""
    return f"bgtool {__version__} ({model})" if model else f"bgtool {__version__}"


class Writer:
    """Takes the pages of one output.

    Attributes:
        warnings: what could not be kept, a sentence each; complete when the file is.
        sha256: hex digest of the whole output, once it is written.
    """

    sha256 = ""

    def __init__(
        self,
        file: BinaryIO,
        name: Path | str,
        suffix: str,
        software: str,
        quality: int | None = None,
        archival: bool = False,
        read: ReadWords | None = None,
    ) -> None:
        self.warnings: list[str] = []
        self._quality, self._archival, self._read = quality, archival, read
        self._file, self._name, self._suffix, self._software = file, name, suffix, software
        self._container = formats.container(suffix) or formats.PNG
        self._several = self._for_several(file)

    def add(self, page: Bands, metadata: Metadata) -> None:
        """Encode a page and append it; TIFF takes it band by band, what else there is takes it whole.

        Args:
            page: the result; 16 bits are rounded, with a warning, where the format holds 8.
            metadata: of the page it comes from; the ICC profile is turned into what the output can hold.

        Raises:
            InputError: the format cannot hold a page of this kind or size.
            OutputError: the file cannot be written.
        """
        if page.kind not in self._container.holds:
            raise InputError(f"{self._container.name} cannot hold a {page.kind} result", "use --format png or tiff")
        if page.depth == 16 and not self._container.deep:
            page = replace(page, rows=map(eight_bits, page.rows), depth=8)
            self.warnings.append(f"{self._container.name} holds 8 bits a colour, to which its 16 were rounded")
        as_colours = self._container is formats.WEBP and page.kind is Pixels.GRAY  # WebP stores grey as RGB
        profile = icc.for_output(metadata.icc, Pixels.RGB if as_colours else page.kind)
        metadata = replace(metadata, icc=profile)
        with output_errors(self._name):
            if self._several:
                self._several.add(page, metadata, self._software)
            else:
                self._add_only(page, metadata)

    def _for_several(self, file: BinaryIO) -> TiffWriter | PdfWriter | None:
        """The encoder of a format that holds more than one page."""
        if self._container is formats.TIFF:
            return TiffWriter(file)
        if self._container is formats.PDF:
            need("pdf")
            from bgtool.imaging.writing.pdf import PdfWriter

            return PdfWriter(file, self.warnings, archival=self._archival, read=self._read)
        return None

    def close(self) -> None:
        """Finish the file; `open_writer` does it."""
        if self._several:
            with output_errors(self._name):
                self._several.close()

    def _add_only(self, page: Bands, metadata: Metadata) -> None:
        name, longest = self._container.name, _LONGEST_SIDE.get(self._container, max(page.size))
        if max(page.size) > longest:
            raise InputError(f"it is larger than {name} allows ({longest} pixels a side)", "use --format png or tiff")
        pixels = page.whole()
        if self._container is formats.JPEG2000:
            self._file.write(jpeg2000(Image.fromarray(pixels), self._suffix, metadata))
            return
        options, left_out = OPTIONS[self._container](metadata, page.kind, self._software)
        self.warnings += (f"its {part} is too long for {name} and was left out" for part in left_out)
        deep = pixels.dtype == np.uint16
        if self._container is formats.PNG and (deep or page.kind is Pixels.RGBA):
            frame = io.BytesIO()  # Pillow writes all but the pixels
            Image.new("RGB" if page.kind is Pixels.RGB else "RGBA", (1, 1)).save(frame, name, **options)
            level, filtered = (PNG_RGB_LEVEL, png.SUB) if deep else (PNG_RGBA_LEVEL, png.UP)
            png.write(self._file, frame, pixels, level, filtered)
            return
        image = Image.fromarray(pixels)
        if self._container is formats.JPEG:
            image, own = jpeg.encoding(image, self._quality)
            options |= own
        elif self._container is formats.WEBP and self._quality and "lossless" not in options:
            options["quality"] = self._quality
        image.save(cast(BinaryIO, _Unnumbered(self._file)), name, **options)
        if "qtables" in options:
            jpeg.double_tables(self._file)


class _Unnumbered:
    """A file that hides its descriptor: Pillow then writes through Python, where a full disk keeps its reason."""

    def __init__(self, file: BinaryIO) -> None:
        self.write = file.write


@contextmanager
def _whole(target: Place | BinaryIO) -> Iterator[BinaryIO]:
    """A seekable file that reaches the target only when the block ends well."""
    if isinstance(target, Place):
        with store_of(target.path).replacing(target) as file:
            yield file
        return
    with tempfile.TemporaryFile() as file:
        yield cast(BinaryIO, file)
        with output_errors("standard output"):
            file.seek(0)
            shutil.copyfileobj(file, target)
            target.flush()
