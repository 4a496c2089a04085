"""What a page says of itself besides its pixels: read once, cleaned of what no longer holds, written in any format.

Pixels come out upright and of their own size, so orientation, thumbnails, pixel dimensions and the layout of the old
file are left behind. What is damaged is dropped with a warning; it never fails an image.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, BinaryIO, Literal, TypeVar

from PIL import Image, IptcImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin
from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

from bgtool.imaging import icc, xmp

X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, SOFTWARE = 282, 283, 296, 305
IPTC, EXIF_IFD, GPS_IFD = 33723, 34665, 34853
_NO_UNIT = 1  # of the TIFF tag ResolutionUnit
_ASSUMED = 96  # pixels per inch along the coarser side, where a file says only how much finer the other one is
UNITS: dict[Literal["inch", "cm"], int] = {"inch": 2, "cm": 3}

TEXT_TAGS = frozenset({
    269,  # DocumentName
    270,  # ImageDescription
    271,  # Make
    272,  # Model
    285,  # PageName
    306,  # DateTime
    315,  # Artist
    316,  # HostComputer
    337,  # TargetPrinter
    18246,  # Rating
    33432,  # Copyright
    40091, 40092, 40093, 40094, 40095,  # XPTitle, XPComment, XPAuthor, XPKeywords, XPSubject
})  # fmt: skip
"""Tags of the first directory of a TIFF or an EXIF block that outlive a change of the pixels."""

_STALE_EXIF = frozenset({37396, 40962, 40963, 40965, 41492})  # subject area, pixel size, interoperability, subject
_DAMAGE = (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, OSError, SyntaxError, struct.error)

_T = TypeVar("_T")


@dataclass(frozen=True)
class Resolution:
    """Pixels per unit, exactly as the file says; x along the width."""

    x: Fraction
    y: Fraction
    unit: Literal["inch", "cm"] = "inch"

    @property
    def dpi(self) -> tuple[float, float]:
        """Pixels per inch along width and height."""
        scale = Fraction(254, 100) if self.unit == "cm" else 1
        return float(self.x * scale), float(self.y * scale)

    def times(self, factor: int) -> Resolution:
        """That of a picture so many times as large."""
        return replace(self, x=self.x * factor, y=self.y * factor)


@dataclass(frozen=True)
class PdfPage:
    """The page of a PDF that a picture shows, for a PDF output that puts the result in its place.

    Attributes:
        file: the PDF, open and seekable.
        index: number of the page, from 0.
        box: left, bottom, right and top of what was rendered, in the units of the page before it is turned.
        rotation: by how many degrees the page is turned clockwise to be shown: 0, 90, 180 or 270.
        size: width and height of the picture in pixels, as shown.
    """

    file: BinaryIO
    index: int
    box: tuple[float, float, float, float]
    rotation: int
    size: tuple[int, int]


@dataclass(frozen=True)
class Metadata:
    """All that is carried from an input page to its output.

    Attributes:
        resolution: None where the input has none. One without a unit says only whether pixels are square: if they
            are it is None, else 96 pixels are an inch of the coarser side.
        icc: profile of the pixels as `Page.window` gives them.
        xmp: the packet, UTF-8.
        iptc: the IPTC-IIM records, those that occur more than once side by side.
        tags: tags of the first EXIF or TIFF directory, those in `TEXT_TAGS` only: text, as bytes if it is not ASCII,
            or numbers of at most 32 bits.
        exif: tags of the EXIF directory.
        gps: tags of the GPS directory.
        text: the texts of a PNG by keyword; the comment of a JPEG or GIF as "Comment".
        pdf: where the page is from, None unless it is from a PDF.
    """

    resolution: Resolution | None = None
    icc: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    tags: Mapping[int, Any] = field(default_factory=dict)
    exif: Mapping[int, Any] = field(default_factory=dict)
    gps: Mapping[int, Any] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)
    pdf: PdfPage | None = None


def read(image: Image.Image, *, turned: bool) -> tuple[Metadata, list[str]]:
    """Collect the metadata of a loaded image.

    Args:
        image: just loaded by Pillow.
        turned: whether orientation swaps width and height, and so the two resolutions.

    Returns:
        The metadata and one warning for each part that had to be dropped. Nothing is raised.
    """
    warnings: list[str] = []

    def attempt(part: str, get: Callable[[], _T], otherwise: _T) -> _T:
        try:
            return get()
        except _DAMAGE:
            warnings.append(f"its {part} is damaged and was left out")
            return otherwise

    def tags(part: str, get: Callable[[], Mapping[int, Any]], group: int | None = None) -> dict[int, Any]:
        nothing: Mapping[int, Any] = {}
        found = {tag: value for tag, value in attempt(part, get, nothing).items() if tag not in _STALE_EXIF}
        kept = _writable(found, group)
        if len(kept) < len(found):
            warnings.append(f"some of its {part} makes no sense and was left out")
        return kept

    exif = attempt("EXIF", image.getexif, Image.Exif())
    resolution = attempt("resolution", lambda: _plausible(_resolution(image, exif)), None)
    if resolution and turned:
        resolution = replace(resolution, x=resolution.y, y=resolution.x)
    metadata = Metadata(
        resolution=resolution,
        icc=attempt("ICC profile", lambda: _profile(image), None),
        xmp=attempt("XMP", lambda: _xmp(image), None),
        iptc=attempt("IPTC", lambda: _iptc(image), None),
        tags=tags("EXIF", lambda: {tag: exif[tag] for tag in TEXT_TAGS if tag in exif}),
        exif=tags("EXIF", lambda: exif.get_ifd(EXIF_IFD), EXIF_IFD),
        gps=tags("GPS data", lambda: exif.get_ifd(GPS_IFD), GPS_IFD),
        text=attempt("text", lambda: dict(_texts(image)), {}),
    )
    return metadata, warnings


def of_part(metadata: Metadata) -> Metadata:
    """The same for a part of the page."""
    return replace(metadata, xmp=xmp.of_part(metadata.xmp)) if metadata.xmp else metadata


def directory(metadata: Metadata, software: str) -> dict[int, Any]:
    """The first directory of an EXIF block or a TIFF page: values as Pillow's directory classes take them."""
    tags = {**metadata.tags, SOFTWARE: software.encode()}
    if resolution := metadata.resolution:
        tags |= {
            X_RESOLUTION: IFDRational(resolution.x),
            Y_RESOLUTION: IFDRational(resolution.y),
            RESOLUTION_UNIT: UNITS[resolution.unit],
        }
    return tags | {tag: dict(ifd) for tag, ifd in ((EXIF_IFD, metadata.exif), (GPS_IFD, metadata.gps)) if ifd}


def exif_block(metadata: Metadata, software: str) -> bytes:
    """The metadata as an EXIF block, ``Exif\\0\\0`` in front."""
    exif = Image.Exif()
    for tag, value in directory(metadata, software).items():
        exif[tag] = value
    return exif.tobytes()


def _resolution(image: Image.Image, exif: Image.Exif) -> Resolution | None:
    unit = image.info.get("jfif_unit", 0) if isinstance(image, JpegImagePlugin.JpegImageFile) else 0
    if unit in (1, 2) and all(image.info["jfif_density"]):
        x, y = image.info["jfif_density"]
        return Resolution(Fraction(x), Fraction(y), "inch" if unit == 1 else "cm")
    if X_RESOLUTION in exif and Y_RESOLUTION in exif:
        return _tagged_resolution(exif[X_RESOLUTION], exif[Y_RESOLUTION], exif.get(RESOLUTION_UNIT, 2))
    if not unit and isinstance(image, JpegImagePlugin.JpegImageFile):
        return _shape(*image.info.get("jfif_density", (1, 1)))
    if unit or "dpi" not in image.info or image.format in ("JPEG", "MPO", "TIFF"):  # those three answered above
        return None
    x, y = (_per_inch(float(value)) for value in image.info["dpi"])
    return Resolution(x, y) if x > 0 and y > 0 else None


def _plausible(resolution: Resolution | None) -> Resolution | None:
    """The same; raises ValueError for one that no scanner has and not every format can hold."""
    if resolution and not all(1 / 100 <= dpi <= 65535 for dpi in resolution.dpi):
        raise ValueError(f"{resolution.dpi} pixels per inch")
    return resolution


def _tagged_resolution(x: Any, y: Any, unit: Any) -> Resolution | None:
    name = {number: name for name, number in UNITS.items()}.get(unit)
    x, y = _fraction(x), _fraction(y)
    if unit == _NO_UNIT:
        return _shape(x, y)
    return Resolution(x, y, name) if name and x > 0 and y > 0 else None


def _shape(x: Fraction | int, y: Fraction | int) -> Resolution | None:
    """A resolution that says no more than the shape of the pixels, where they are not square."""
    if x == y or not (x > 0 and y > 0):
        return None
    scale = Fraction(_ASSUMED) / min(x, y)
    return Resolution(x * scale, y * scale)


def _fraction(value: Any) -> Fraction:
    if isinstance(value, IFDRational):
        numerator, denominator = value.limit_rational(1 << 31)
        return Fraction(int(numerator), denominator)
    return Fraction(value).limit_denominator(10**4)


def _per_inch(dpi: float) -> Fraction:
    """The round number behind a resolution that a file keeps in whole pixels per metre (PNG, BMP)."""
    whole = round(dpi)
    return Fraction(whole) if round(whole / 0.0254) == round(dpi / 0.0254) else Fraction(dpi).limit_denominator(10**4)


def _profile(image: Image.Image) -> bytes | None:
    profile = image.info.get("icc_profile")
    if not profile:
        return None
    kind = {"1": "GRAY", "L": "GRAY", "LA": "GRAY", "La": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}.get(image.mode, "RGB")
    kind = "GRAY" if image.mode.startswith("I;16") else kind
    found = icc.space(profile)
    if found != kind and not (kind == "GRAY" and found == "RGB"):  # scanners do put sRGB into grey scans
        raise ValueError(f"a profile of {found} for pixels of {kind}")
    return bytes(profile)


def _xmp(image: Image.Image) -> bytes | None:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if not packet:
        return None
    if isinstance(packet, str):
        packet = packet.encode()
    return xmp.of_new_file(packet)


def _iptc(image: Image.Image) -> bytes | None:
    """The records of a TIFF or JPEG one after the other, as Pillow could make them out."""
    if not isinstance(image, JpegImagePlugin.JpegImageFile | TiffImagePlugin.TiffImageFile):
        return None
    records = b""
    for (record, dataset), found in (IptcImagePlugin.getiptcinfo(image) or {}).items():
        for value in found if isinstance(found, list) else [found]:
            size = len(value or b"")
            length = struct.pack(">H", size) if size < 1 << 15 else struct.pack(">HI", 0x8004, size)
            records += bytes([0x1C, record, dataset]) + length + (value or b"")
    return records or None


def _texts(image: Image.Image) -> Iterator[tuple[str, str]]:
    if isinstance(image, PngImagePlugin.PngImageFile):
        for keyword, text in image.text.items():
            if keyword not in ("Software", "XML:com.adobe.xmp") and not keyword.startswith("Raw profile type"):
                yield keyword, str(text)
    elif isinstance(comment := image.info.get("comment"), bytes):
        yield "Comment", comment.decode("utf-8", "replace").rstrip("\0")


def _writable(ifd: Mapping[int, Any], group: int | None) -> dict[int, Any]:
    """The tags that can be written again; text as its original bytes, for Pillow writes a str as ASCII."""
    kept = {}
    for tag, value in ifd.items():
        raw = value.encode("latin-1", "replace") if isinstance(value, str) and not value.isascii() else value
        if _can_be_written(tag, raw, group):
            kept[tag] = raw
    return kept


def _can_be_written(tag: int, value: Any, group: int | None) -> bool:
    is_number = isinstance(value, int) and 0 <= value < 1 << 32
    if group is None and not is_number and not isinstance(value, str | bytes):
        return False  # of the tags in TEXT_TAGS
    probe = ImageFileDirectory_v2(group=group)
    try:
        probe[tag] = value
        probe.tobytes()
    except (*_DAMAGE, AssertionError):
        return False
    return True
