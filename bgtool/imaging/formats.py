"""Which file format holds which result: the one table behind names and encoders."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """File format of the outputs; ``SAME`` follows each input as far as it can hold the result. ``PDFA``: PDF/A-2b."""

    SAME = "same"
    PNG = "png"
    TIFF = "tiff"
    JPEG = "jpeg"
    WEBP = "webp"
    PDF = "pdf"
    PDFA = "pdfa"


PDFS = (Format.PDF, Format.PDFA)


class Pixels(StrEnum):
    """What a result is made of."""

    BILEVEL = "bilevel"
    GRAY = "grey"
    RGB = "colour"
    RGBA = "transparent"
    MASK = "mask"


@dataclass(frozen=True)
class Container:
    """A file format that bgtool writes.

    Attributes:
        name: the name Pillow knows it by.
        suffixes: the spellings that are kept under ``--format same``; the first is the usual one.
        holds: the results it can hold without loss of kind.
        multipage: whether it holds more than one page.
        deep: whether it holds colours of 16 bits.
    """

    name: str
    suffixes: tuple[str, ...]
    holds: frozenset[Pixels] = frozenset(Pixels)
    multipage: bool = False
    deep: bool = False


_OPAQUE = frozenset(Pixels) - {Pixels.RGBA}
_TONES = frozenset(Pixels) - {Pixels.BILEVEL}

PNG = Container("PNG", (".png",), deep=True)
TIFF = Container("TIFF", (".tif", ".tiff", ".btf", ".tf8"), multipage=True, deep=True)
JPEG = Container(
    "JPEG",
    (".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".pjpeg"),
    (_OPAQUE & _TONES) - {Pixels.MASK},  # masks want exact values
)
WEBP = Container("WEBP", (".webp",))
BMP = Container("BMP", (".bmp", ".dib"), _OPAQUE)
PNM = Container("PPM", (".pnm", ".pbm", ".pgm", ".ppm"), _OPAQUE)
CODESTREAMS = (".j2k", ".j2c")
"""Suffixes of a JPEG 2000 codestream without a file format around it."""
JPEG2000 = Container("JPEG2000", (".jp2", ".jpx", ".jpf", *CODESTREAMS), _TONES)
PDF = Container("PDF", (".pdf",), multipage=True)

_BY_SUFFIX = {suffix: c for c in (PNG, TIFF, JPEG, WEBP, BMP, PNM, JPEG2000, PDF) for suffix in c.suffixes}
_BY_FORMAT = {
    Format.PNG: PNG,
    Format.TIFF: TIFF,
    Format.JPEG: JPEG,
    Format.WEBP: WEBP,
    Format.PDF: PDF,
    Format.PDFA: PDF,
}
_PNM_SUFFIX = {Pixels.BILEVEL: ".pbm", Pixels.GRAY: ".pgm", Pixels.RGB: ".ppm", Pixels.MASK: ".pgm"}

_READ_ONLY = frozenset({".gif", ".apng", ".pam", ".avif", ".heic", ".heif", ".heics", ".hif"})
IMAGE_SUFFIXES = frozenset(_BY_SUFFIX) | _READ_ONLY
"""Suffixes, lower case, of the files that are taken from a folder."""


def container(suffix: str) -> Container | None:
    """The format that a file with this suffix is written in; None where bgtool writes no such format."""
    return _BY_SUFFIX.get(suffix.lower())


def output_suffix(suffix: str, format: Format, pixels: Pixels) -> tuple[str, str | None]:
    """Decide the suffix, and with it the format, of an output.

    Args:
        suffix: of the input, with its dot, in any case; its spelling is kept as far as its format is.
        format: what was asked for.
        pixels: what the output has to hold.

    Returns:
        The suffix, and a sentence that says why the format is another than the one asked for (None if it is not).
        A TIFF or PDF input stays what it is unless another format is asked for, so its pages always fit; a format that
        holds one page, asked for by name, meets a second page only in `open_writer` (`bgtool.imaging.writing.writer`),
            which refuses it.
    """
    if format is Format.SAME:
        wanted, spelling = container(suffix), suffix
    else:
        wanted = _BY_FORMAT[format]
        spelling = suffix if container(suffix) is wanted else wanted.suffixes[0]
    if wanted is None:
        return ".png", f"{_label(suffix)} cannot be written: PNG takes its place"
    if pixels not in wanted.holds:
        return ".png", f"{wanted.name} cannot hold a {pixels} result: PNG takes its place"
    if wanted is PNM and spelling.lower() != ".pnm":
        return _PNM_SUFFIX[pixels], None
    return spelling, None


def _label(suffix: str) -> str:
    return suffix.removeprefix(".").upper() or "An input without a suffix"
