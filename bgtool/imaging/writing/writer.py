"""Results into files: one encoder per format, each with all of the metadata that the format can hold.

Choices, measured on clean pages and cut-out photos:
    PNG: run lengths (Z_RLE) for grey, bilevel and cut-outs, where longer matches take up to three times as long and
        save nothing; zlib level 3 for opaque colours, where 6 takes twice as long and saves nothing.
    TIFF, PDF: CCITT G4 for bilevel, deflate with predictor for all else.
    JPEG: without chroma subsampling, so that coloured ink keeps its edges, and with clean white
        (`bgtool.imaging.writing.jpeg`).
    WebP: grey and bilevel without loss; colours at quality 92 unless asked otherwise, with their alpha exact.
    JPEG 2000, BMP, PNM: without loss. BMP keeps the resolution only, PNM nothing but pixels.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
from PIL import Image, PngImagePlugin

from bgtool._version import __version__
from bgtool.errors import InputError
from bgtool.imaging import formats, icc, jp2, png
from bgtool.imaging.formats import Container, Pixels
from bgtool.imaging.metadata import Metadata, exif_block
from bgtool.imaging.pixels import eight_bits
from bgtool.imaging.source import Bands
from bgtool.imaging.writing import jpeg
from bgtool.imaging.writing.tiff import TiffWriter
from bgtool.optional import need
from bgtool.storage.local import output_errors
from bgtool.storage.places import Place
from bgtool.storage.stores import store_of

if TYPE_CHECKING:
    from bgtool.imaging.writing.pdf import PdfWriter

PNG_RGB_LEVEL = 3
WEBP_LOSSLESS = {"lossless": True, "quality": 20, "method": 1}
"""Quality is effort here: 36 ms a megapixel of a cleaned page, where 92 and method 4 take 150 for the same size."""
WEBP_LOSSY = {"quality": 92, "method": 2}
"""35 ms a megapixel of RGB and 163 of RGBA; method 4 takes 66 and 219 for files 2 % smaller."""

_JPEG_MARKER = 65533  # bytes that one marker holds
_XMP_NAME = 29  # bytes of it that name an XMP packet
_LONGEST_SIDE = {formats.JPEG: 65500, formats.WEBP: 16383}


@contextmanager
def open_writer(
    target: Place | Path | BinaryIO,
    *,
    suffix: str | None = None,
    model: str = "",
    pages: int = 1,
    quality: int | None = None,
) -> Iterator[Writer]:
    """Write one output, which appears whole when the block ends well, and not at all otherwise.

    Args:
        target: a place or a path, whose folders are made if need be, or a binary stream, which need not be seekable.
            What stands at a path is replaced.
        suffix: decides the format; taken from the path if there is one.
        model: name of the model, for the Software tag.
        pages: how many pages will come.
        quality: 1 to 100, of JPEG and of colours in WebP; None for the usual one.

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
        writer = Writer(file, name, suffix, software(model), quality)
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
        self, file: BinaryIO, name: Path | str, suffix: str, software: str, quality: int | None = None
    ) -> None:
        self.warnings: list[str] = []
        self._quality = quality
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

            return PdfWriter(file, self.warnings)
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
            self._file.write(_jpeg2000(Image.fromarray(pixels), self._suffix, metadata))
            return
        options, left_out = _OPTIONS[self._container](metadata, page.kind, self._software)
        self.warnings += (f"its {part} is too long for {name} and was left out" for part in left_out)
        if pixels.dtype == np.uint16:  # Pillow writes the 16-bit PNG all but its pixels
            frame = io.BytesIO()
            Image.new("RGB" if page.kind is Pixels.RGB else "RGBA", (1, 1)).save(frame, name, **options)
            png.write_deep(self._file, frame, pixels, PNG_RGB_LEVEL)
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


_Options = tuple[dict[str, Any], list[str]]  # for Image.save; what was left out


def _png(metadata: Metadata, kind: Pixels, software: str) -> _Options:
    texts = PngImagePlugin.PngInfo()
    for keyword, text in metadata.text.items():
        texts.add_text(keyword, text)
    if metadata.xmp:
        texts.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode())
    return {
        **(
            {"compress_level": PNG_RGB_LEVEL}
            if kind is Pixels.RGB
            else {"compress_level": 1, "compress_type": zlib.Z_RLE}
        ),
        "pnginfo": texts,
        "dpi": metadata.resolution and metadata.resolution.dpi,
        "icc_profile": metadata.icc,
        "exif": exif_block(metadata, software),
    }, []


def _jpeg(metadata: Metadata, kind: Pixels, software: str) -> _Options:
    left_out = []
    exif, xmp, iptc = exif_block(metadata, software), metadata.xmp or b"", _photoshop(metadata.iptc)
    if len(exif) > _JPEG_MARKER:
        exif = exif_block(replace(metadata, tags={}, exif={}, gps={}), software)
        left_out.append("EXIF")
    if len(xmp) > _JPEG_MARKER - _XMP_NAME:
        xmp = b""
        left_out.append("XMP")
    if len(iptc) > _JPEG_MARKER + 2:
        iptc = b""
        left_out.append("IPTC")
    return {
        "dpi": _jfif_density(metadata),
        "icc_profile": metadata.icc,
        "exif": exif,
        "xmp": xmp,
        "extra": iptc,
        "comment": metadata.text.get("Comment", "").encode()[:_JPEG_MARKER],
    }, left_out


def _webp(metadata: Metadata, kind: Pixels, software: str) -> _Options:
    effort = WEBP_LOSSLESS if kind in (Pixels.BILEVEL, Pixels.GRAY) else WEBP_LOSSY
    return {
        **effort,
        "icc_profile": metadata.icc,
        "exif": exif_block(metadata, software),
        "xmp": metadata.xmp or b"",
    }, []


def _bmp(metadata: Metadata, kind: Pixels, software: str) -> _Options:
    return {"dpi": metadata.resolution.dpi if metadata.resolution else (0, 0)}, []


def _pnm(metadata: Metadata, kind: Pixels, software: str) -> _Options:
    return {}, []


_OPTIONS: dict[Container, Callable[[Metadata, Pixels, str], _Options]] = {
    formats.PNG: _png,
    formats.JPEG: _jpeg,
    formats.WEBP: _webp,
    formats.BMP: _bmp,
    formats.PNM: _pnm,
}


def _jpeg2000(image: Image.Image, suffix: str, metadata: Metadata) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG2000", no_jp2=suffix in formats.CODESTREAMS)
    if suffix in formats.CODESTREAMS:  # which have no place for anything but pixels
        return buffer.getvalue()
    return jp2.described(buffer.getvalue(), metadata.resolution, metadata.icc)


def _jfif_density(metadata: Metadata) -> tuple[float, float]:
    """Whole pixels per inch of 16 bits, (0, 0) for none; EXIF holds the exact values."""
    x, y = metadata.resolution.dpi if metadata.resolution else (0, 0)
    return (x, y) if 1 <= x <= 65535 and 1 <= y <= 65535 else (0, 0)


def _photoshop(iptc: bytes | None) -> bytes:
    """A whole APP13 marker around IPTC records, empty without any."""
    if not iptc:
        return b""
    content = b"Photoshop 3.0\0" + struct.pack(">4sHHI", b"8BIM", 0x0404, 0, len(iptc)) + iptc + bytes(len(iptc) % 2)
    return struct.pack(">HH", 0xFFED, min(len(content) + 2, 0xFFFF)) + content


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
