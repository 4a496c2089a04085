"""A TIFF file written page by page: strips as they come, directories at the end.

Pillow's own writer keeps neither exact resolutions nor text that is not ASCII once a page is compressed, and cannot
compress into BigTIFF. Here the header is filled in last, when it is known whether the file outgrew 4 GB.
"""

from __future__ import annotations

import io
import struct
import zlib
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

from bgtool.imaging import icc
from bgtool.imaging.formats import Pixels
from bgtool.imaging.metadata import EXIF_IFD, GPS_IFD, IPTC, Metadata, directory
from bgtool.imaging.source import Bands

_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED, _LONG8 = 1, 2, 3, 4, 5, 7, 16
_XMP, _ICC = 700, 34675
_STRIP_OFFSETS, _ROWS_PER_STRIP, _STRIP_BYTES = 273, 278, 279
_DEFLATE, _GROUP4 = 8, 4
_STRIP_SIZE = 1 << 18  # bytes before compression: small beside a page, long enough to compress well
_FAX_PIXELS = 1 << 26  # of a bilevel strip: one strip for all but the largest pages
_LEVEL = 6
_ROOM_FOR_HEADER = 16
_SUBDIRECTORIES = (EXIF_IFD, GPS_IFD)


@dataclass(frozen=True)
class _Field:
    """The value of a tag: its little-endian bytes, or where in the file they already are."""

    kind: int
    count: int
    data: bytes | int


_Directory = dict[int, _Field | Mapping[int, Any]]  # a mapping is a directory of its own: EXIF, GPS


class TiffWriter:
    """Writes pages into an empty, seekable file; the file is a TIFF once `close` is through.

    Memory: one strip; the directories, with some bytes for each strip, wait for the end.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._pages: list[_Directory] = []
        self._blobs: dict[bytes, int] = {}
        file.write(bytes(_ROOM_FOR_HEADER))

    def add(self, picture: Bands, metadata: Metadata, model: str) -> None:
        """Append a page: bilevel as CCITT G4, all else as deflate.

        Args:
            picture: the page; no more than a strip of it is held besides the band that it comes in.
            metadata: of the page; all of it is kept, a colour profile as far as it fits.
            model: goes into the Software tag, as it is.
        """
        kind, (width, height) = picture.kind, picture.size
        page = self._described(metadata, kind, model)
        channels = {Pixels.RGB: 3, Pixels.RGBA: 4}.get(kind, 1)
        bits = (1,) if kind is Pixels.BILEVEL else (picture.depth,) * channels
        photometric = 0 if kind is Pixels.BILEVEL else 1 if channels == 1 else 2  # white is zero, black is zero, RGB
        page |= {256: _long(width), 257: _long(height), 258: _short(*bits), 262: _short(photometric)}
        page |= {277: _short(channels), 284: _short(1)}
        if kind is Pixels.RGBA:
            page[338] = _short(2)  # the fourth is alpha, colours not multiplied by it
        if kind is Pixels.BILEVEL:
            rows = max(1, _FAX_PIXELS // width)
            page |= {259: _short(_GROUP4), **self._strips(map(group4, picture.strips(rows)), rows)}
        else:
            rows = max(1, _STRIP_SIZE // (width * channels * picture.depth // 8))
            page |= {259: _short(_DEFLATE), 317: _short(2), **self._strips(map(_deflated, picture.strips(rows)), rows)}
        self._pages.append(page)

    def close(self) -> None:
        """Write the directories and the header: a classic TIFF where 4 GB are enough, else BigTIFF."""
        for number, page in enumerate(self._pages):
            page[254] = _long(2 if len(self._pages) > 1 else 0)
            if 1 < len(self._pages) < 1 << 16:
                page[297] = _short(number, len(self._pages))
        start = self._aligned()
        big = start + len(self._directories(start, big=True)) >= 1 << 32
        self._file.write(self._directories(start, big=big))
        self._file.seek(0)
        self._file.write(_header(start, big=big))

    def _described(self, metadata: Metadata, kind: Pixels, model: str) -> _Directory:
        page: _Directory = {}
        for tag, value in directory(metadata, model).items():
            page[tag] = value if tag in _SUBDIRECTORIES else _field(tag, value)
        blobs = {_XMP: metadata.xmp, IPTC: metadata.iptc, _ICC: icc.for_output(metadata.icc, kind)}
        for tag, blob in blobs.items():
            if blob:
                page[tag] = _Field(_BYTE if tag == _XMP else _UNDEFINED, len(blob), self._blob(blob))
        return page

    def _blob(self, data: bytes) -> bytes | int:
        """Where the bytes are; pages that share a profile share its place."""
        if len(data) <= 8:
            return data
        if data not in self._blobs:
            self._blobs[data] = self._aligned()
            self._file.write(data)
        return self._blobs[data]

    def _strips(self, strips: Iterator[bytes], rows: int) -> _Directory:
        offsets, sizes = array("Q"), array("Q")
        for strip in strips:
            offsets.append(self._file.tell())
            sizes.append(len(strip))
            self._file.write(strip)
        return {
            _STRIP_OFFSETS: _Field(_LONG8, len(offsets), offsets.tobytes()),
            _ROWS_PER_STRIP: _long(rows),
            _STRIP_BYTES: _Field(_LONG, len(sizes), np.asarray(sizes, "<u4").tobytes()),
        }

    def _aligned(self) -> int:
        self._file.write(bytes(self._file.tell() % 2))
        return self._file.tell()

    def _directories(self, start: int, *, big: bool) -> bytes:
        written = bytearray()
        for page in self._pages:
            last = page is self._pages[-1]
            written += _directory(page, start + len(written), last=last, big=big)
        return bytes(written)


def _header(first: int, *, big: bool) -> bytes:
    return struct.pack("<2sHHHQ", b"II", 43, 8, 0, first) if big else struct.pack("<2sHI", b"II", 42, first)


def _directory(page: _Directory, start: int, *, last: bool, big: bool) -> bytes:
    """One directory and the values that do not fit into it, as they stand at `start` in the file."""
    number, tag_form, pointer, width = ("<Q", "<HHQ", "<Q", 8) if big else ("<H", "<HHI", "<I", 4)
    beyond = start + struct.calcsize(number) + len(page) * (struct.calcsize(tag_form) + width) + width
    table, values = bytearray(struct.pack(number, len(page))), bytearray()
    for tag, field in sorted(page.items()):
        here = beyond + len(values)
        if isinstance(field, _Field):
            kind, count, data = _sized(field, big=big)
        else:
            kind, count, data = _LONG8 if big else _LONG, 1, here
            values += _subdirectory(tag, field, here, big=big)
        if isinstance(data, bytes) and len(data) > width:
            values += data + bytes(len(data) % 2)
            data = here
        table += struct.pack(tag_form, tag, kind, count)
        table += struct.pack(pointer, data) if isinstance(data, int) else data.ljust(width, b"\0")
    return bytes(table) + struct.pack(pointer, 0 if last else beyond + len(values)) + bytes(values)


def _sized(field: _Field, *, big: bool) -> tuple[int, int, bytes | int]:
    if field.kind == _LONG8 and not big and isinstance(field.data, bytes):
        return _LONG, field.count, np.frombuffer(field.data, "<u8").astype("<u4").tobytes()
    return field.kind, field.count, field.data


def _subdirectory(tag: int, tags: Mapping[int, Any], start: int, *, big: bool) -> bytes:
    ifd = ImageFileDirectory_v2(_header(0, big=big), group=tag)
    for key, value in tags.items():
        ifd[key] = value
    return ifd.tobytes(start)


def _field(tag: int, value: Any) -> _Field:
    if isinstance(value, IFDRational):
        return _Field(_RATIONAL, 1, struct.pack("<2I", *value.limit_rational(1 << 31)))
    if isinstance(value, int):
        return _short(value) if value < 1 << 16 else _long(value)
    if isinstance(value, bytes) and 40091 <= tag <= 40095:  # the texts of Windows are UTF-16 in bytes
        return _Field(_BYTE, len(value), value)
    text = (value if isinstance(value, bytes) else str(value).encode()) + b"\0"
    return _Field(_ASCII, len(text), text)


def _short(*values: int) -> _Field:
    return _Field(_SHORT, len(values), struct.pack(f"<{len(values)}H", *values))


def _long(value: int) -> _Field:
    return _Field(_LONG, 1, struct.pack("<I", value))


def _deflated(strip: NDArray[Any]) -> bytes:
    """A strip of a page, each row as differences between neighbours (predictor 2)."""
    differences = strip.astype(strip.dtype.newbyteorder("<"))
    differences[:, 1:] -= strip[:, :-1]
    return zlib.compress(differences.tobytes(), _LEVEL)


def group4(white: NDArray[Any]) -> bytes:
    """Rows, bool [h, W] (True is white), in CCITT G4: black as 1, as fax and PDF have it."""
    buffer = io.BytesIO()
    black = Image.fromarray(~white)
    black.save(buffer, "TIFF", compression="group4", tiffinfo={_ROWS_PER_STRIP: black.height})
    buffer.seek(0)
    ifd = ImageFileDirectory_v2(buffer.read(8))
    buffer.seek(ifd.next)
    ifd.load(buffer)
    start = ifd[_STRIP_OFFSETS][0]
    return bytes(buffer.getbuffer()[start : start + ifd[_STRIP_BYTES][0]])
