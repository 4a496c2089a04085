"""How each format is written that Pillow writes whole, with all of the metadata that it can hold.

Choices, measured on clean pages and cut-out photos:
    PNG: run lengths (Z_RLE) for grey and bilevel, where longer matches take up to three times as long and save nothing;
        zlib level 3 for opaque colours, where 6 takes twice as long and saves nothing; for cut-outs level 1 on rows
        that all are differences from the one above (`bgtool.imaging.png`), which takes half as long as trying every
        filter, with ISA-L a sixth, and makes files of photos 1 % larger.
    TIFF, PDF: CCITT G4 for bilevel, deflate with predictor for all else.
    JPEG: without chroma subsampling, so that coloured ink keeps its edges, and with clean white
        (`bgtool.imaging.writing.jpeg`).
    WebP: grey and bilevel without loss; colours at quality 92 unless asked otherwise, with their alpha exact.
    JPEG 2000, BMP, PNM: without loss. BMP keeps the resolution only, PNM nothing but pixels.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PIL import Image, PngImagePlugin

from bgtool.imaging import formats, jp2
from bgtool.imaging.formats import Container, Pixels
from bgtool.imaging.metadata import Metadata, exif_block

PNG_RGB_LEVEL, PNG_RGBA_LEVEL = 3, 1
WEBP_LOSSLESS = {"lossless": True, "quality": 20, "method": 1}
"""Quality is effort here: 36 ms a megapixel of a cleaned page, where 92 and method 4 take 150 for the same size."""
WEBP_LOSSY = {"quality": 92, "method": 2}
"""35 ms a megapixel of RGB and 163 of RGBA; method 4 takes 66 and 219 for files 2 % smaller."""

_JPEG_MARKER = 65533  # bytes that one marker holds
_XMP_NAME = 29  # bytes of it that name an XMP packet

Options = tuple[dict[str, Any], list[str]]
"""For `Image.save`, and what was left out."""


def _png(metadata: Metadata, kind: Pixels, software: str) -> Options:
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


def _jpeg(metadata: Metadata, kind: Pixels, software: str) -> Options:
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


def _webp(metadata: Metadata, kind: Pixels, software: str) -> Options:
    effort = WEBP_LOSSLESS if kind in (Pixels.BILEVEL, Pixels.GRAY) else WEBP_LOSSY
    return {
        **effort,
        "icc_profile": metadata.icc,
        "exif": exif_block(metadata, software),
        "xmp": metadata.xmp or b"",
    }, []


def _bmp(metadata: Metadata, kind: Pixels, software: str) -> Options:
    return {"dpi": metadata.resolution.dpi if metadata.resolution else (0, 0)}, []


def _pnm(metadata: Metadata, kind: Pixels, software: str) -> Options:
    return {}, []


OPTIONS: dict[Container, Callable[[Metadata, Pixels, str], Options]] = {
    formats.PNG: _png,
    formats.JPEG: _jpeg,
    formats.WEBP: _webp,
    formats.BMP: _bmp,
    formats.PNM: _pnm,
}
"""What Pillow is told to save a result of each format that it writes whole: metadata, kind and software."""


def jpeg2000(image: Image.Image, suffix: str, metadata: Metadata) -> bytes:
    """A whole JPEG 2000 file; a codestream alone where the suffix says so."""
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
