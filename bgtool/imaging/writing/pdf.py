"""A PDF written page by page: compressed pictures wait in a temporary file until it is known what the document is.

A page is one picture that fills it: CCITT G4 for bilevel, deflate with a PNG predictor for all else, transparency as a
soft mask, the colour profile as the colour space. Nothing is lossy and no JBIG2 is used. The same pages give the same
bytes: there are no dates and no random identifiers.

The table of objects behind the pictures is written here, for pikepdf wants each stream whole: 200 pages of 1 MB joined
by it from one-page documents took half as much CPU again and 200 MiB more memory.

Pages of a PDF keep their boxes and rotation, and their document its title, author, other information, XMP, page labels
and outline; all pages keep their links and, as invisible text, their text. Forms, other annotations, scripts,
attachments, tags of the structure and claims to be PDF/A are left out, for they describe pages that are no more.

Where words are to be laid beneath, pages that keep no text of their own are read. The words of a page are a form, which
waits in the temporary file like a picture; all forms share their fonts.

Pages of images have the size that their resolution says; without one, 96 pixels are an inch, as in img2pdf. What EXIF
or TIFF say of title (DocumentName), author (Artist) and subject (ImageDescription) goes into the document information,
and XMP to its picture; there is no place for the rest.
"""

from __future__ import annotations

import io
import tempfile
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, cast

import pikepdf

from bgtool.errors import InputError
from bgtool.imaging import icc, png
from bgtool.imaging.formats import Pixels
from bgtool.imaging.metadata import Metadata, PdfPage
from bgtool.imaging.pdf.document import DAMAGE, TEXT, inform, keep_what_holds
from bgtool.imaging.source import Bands
from bgtool.imaging.writing import pdfa
from bgtool.imaging.writing.tiff import group4
from bgtool.imaging.writing.words import ReadWords, Words, laid

RESOLUTION = 96
"""Pixels per inch where an image names none."""

_POINTS = 72  # to an inch
_LONGEST = 14400  # units of a page's side, beyond which the unit is made larger
_GREY_LEVEL, _COLOUR_LEVEL = 6, 3  # of zlib
_COMPONENTS = {"GRAY": 1, "RGB": 3}

_END = 64  # bytes of a PDF that hold where its table of objects is


@dataclass(frozen=True)
class _Picture:
    """A page as added: the number of its image in the store, and what is said of it; and of its words, if any."""

    number: int
    size: tuple[int, int]
    kind: Pixels
    metadata: Metadata
    words: tuple[int, tuple[float, float]] | None = None


class PdfWriter:
    """Writes pages into an empty, seekable file; the file is a PDF once `close` is through.

    Memory: one page while it is compressed, one compressed page while the file is put together.

    Args:
        file: where the PDF goes.
        warnings: is told what could not be kept, a sentence each.
        archival: whether it is to be a PDF/A-2b, which takes the pictures of a PDF alone.
        read: gives the words that are laid beneath; None: none are.
    """

    def __init__(
        self, file: BinaryIO, warnings: list[str], *, archival: bool = False, read: ReadWords | None = None
    ) -> None:
        self._file, self._warnings, self._archival = file, warnings, archival
        self._words = Words(read) if read else None
        self._store: _Store | None = None
        self._pages: list[_Picture] = []

    def add(self, page: Bands, metadata: Metadata, model: str) -> None:
        """Append a page.

        Args:
            page: the picture; grey and colour are taken band by band.
            metadata: of the page; see the module for what is kept.
            model: goes into the document information as the producer, as it is.

        Raises:
            InputError: the PDF that the page is from is too damaged for its document to be kept, or the page cannot be
                read.
        """
        if self._archival:
            metadata = self._archived(metadata)
        if self._store is None:
            self._store = _Store(metadata, model, self._warnings)
        words = None
        if self._words and not self._store.keeps_text(metadata.pdf, page.size):
            page, layer = self._words.of(page, metadata.resolution, self._warnings)
            words = layer and (self._store.add(layer.entries(), [layer.content]), layer.size)
        kind, (width, height) = page.kind, page.size
        level = _GREY_LEVEL if kind is Pixels.GRAY else _COLOUR_LEVEL
        if kind is Pixels.BILEVEL:
            number = self._store.add(_fax(width, height), [group4(page.whole())])
        elif kind is Pixels.RGBA:
            pixels = page.whole()
            mask = self._store.add(_deflate(width, height, "Gray", 1), png.compressed([pixels[..., 3]], level))
            entries = _deflate(width, height, "RGB", 3) + f"/SMask {mask} 0 R"
            number = self._store.add(entries, png.compressed([pixels[..., :3]], level))
        else:
            space, components = ("RGB", 3) if kind is Pixels.RGB else ("Gray", 1)
            number = self._store.add(_deflate(width, height, space, components), png.compressed(page.rows, level))
        self._pages.append(_Picture(number, page.size, kind, metadata, words))

    def close(self) -> None:
        """Put every picture on its page."""
        if self._store is None:
            raise ValueError("a PDF without pages")
        profiles: dict[bytes, pikepdf.Object] = {}
        with self._store.opened() as pdf:
            fonts = self._words.fonts(pdf) if self._words and any(picture.words for picture in self._pages) else None
            for picture in self._pages:
                image = pdf.get_object(picture.number, 0)
                _describe(pdf, image, picture, profiles)
                _put(pdf, image, picture, fonts)
            if self._archival:
                pdfa.declare(pdf)
            save(pdf, self._file, pikepdf.ObjectStreamMode.generate)

    def _archived(self, metadata: Metadata) -> Metadata:
        """Without what a PDF/A may not have, or of which it is not known; said once of each."""
        profile = metadata.icc if metadata.icc and pdfa.may_stay(metadata.icc) else None
        lost = {
            "text, links, outline and information of the PDF": metadata.pdf,
            "XMP": metadata.xmp,
            "a colour profile of a kind or version that PDF/A does not know": metadata.icc and not profile,
        }
        said = [f"not in PDF/A: {what} (left out)" for what, there in lost.items() if there]
        self._warnings += [text for text in said if text not in self._warnings]
        return replace(metadata, pdf=None, xmp=None, icc=profile)


class _Sink(io.RawIOBase):
    """Keeps to itself that a file cannot be written, for pikepdf would end the process."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if not self.error:
            try:
                self._file.write(data)
            except OSError as error:
                self.error = error
        return len(data)


class _Store:
    """A temporary PDF: the document without pictures, and behind it, as an update of it, the pictures one by one.

    Args:
        metadata: of the first page.
        producer: who makes the document.
        warnings: is told what could not be kept.
    """

    def __init__(self, metadata: Metadata, producer: str, warnings: list[str]) -> None:
        self._file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._offsets: list[int] = []
        with _document(metadata.pdf) as pdf:
            try:
                if metadata.pdf:
                    keep_what_holds(pdf, warnings)
                inform(pdf, metadata, producer, warnings)
                pdf.trailer.Size = 0  # pikepdf puts the right number in its place, and adds none where none is
                self._with_text = frozenset(number for number, page in enumerate(pdf.pages) if _keeps_text(page.obj))
                save(pdf, self._file, pikepdf.ObjectStreamMode.disable)
            except DAMAGE as error:
                raise InputError("the PDF is damaged: what its pages hang on cannot be kept") from error
        with pikepdf.open(self._file) as pdf:
            self._first = int(pdf.trailer.Size)
            self._trailer = f"/Root {pdf.Root.objgen[0]} 0 R/Info {pdf.docinfo.objgen[0]} 0 R"
        self._file.seek(-_END, io.SEEK_END)
        self._trailer += f"/Prev {int(self._file.read().split()[-2])}"

    def keeps_text(self, origin: PdfPage | None, size: tuple[int, int]) -> bool:
        """Whether a page of this size in pixels will have the text of the page that it was."""
        return origin is not None and origin.size == size and origin.index in self._with_text

    def add(self, entries: str, pieces: Iterable[bytes]) -> int:
        """Append an image or a form and give its object number; its length, known last, is the object after it."""
        number = self._first + len(self._offsets)
        self._offsets.append(self._file.tell())
        start = f"{number} 0 obj\n<</Type/XObject{entries}/Length {number + 1} 0 R>>\nstream\n"
        self._file.write(start.encode())
        length = sum(self._file.write(piece) for piece in pieces)
        self._file.write(b"\nendstream\nendobj\n")
        self._offsets.append(self._file.tell())
        self._file.write(f"{number + 1} 0 obj\n{length}\nendobj\n".encode())
        return number

    def opened(self) -> pikepdf.Pdf:
        """The whole as pikepdf reads it, from the file and not from memory."""
        start, count = self._file.tell(), len(self._offsets)
        table = "".join(f"{offset:010d} 00000 n \n" for offset in self._offsets)
        trailer = f"trailer\n<</Size {self._first + count}{self._trailer}>>\nstartxref\n{start}\n%%EOF\n"
        self._file.write(f"xref\n{self._first} {count}\n{table}{trailer}".encode())
        self._file.seek(0)
        return pikepdf.open(self._file, access_mode=pikepdf.AccessMode.stream)


def _keeps_text(page: pikepdf.Object) -> bool:
    return TEXT in page.get("/Resources", pikepdf.Dictionary()).get("/XObject", pikepdf.Dictionary())


def save(pdf: pikepdf.Pdf, file: BinaryIO, objects: pikepdf.ObjectStreamMode) -> None:
    """Write a document into an empty file. Raises OSError."""
    sink = _Sink(file)
    pdf.save(cast(BinaryIO, sink), min_version="1.6", deterministic_id=True, object_stream_mode=objects)
    if sink.error:
        raise sink.error


def producer(file: BinaryIO) -> str:
    """Who made a PDF; empty where it does not say."""
    try:
        with pikepdf.open(file, suppress_warnings=True) as pdf:
            return str(pdf.docinfo.get("/Producer", ""))
    except DAMAGE:
        return ""


def _document(origin: PdfPage | None) -> pikepdf.Pdf:
    """The document that a page is from, or a new one."""
    if origin is None:
        return pikepdf.new()
    origin.file.seek(0)
    return pikepdf.open(origin.file, suppress_warnings=True)


def _fax(width: int, height: int) -> str:
    coding = f"/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns {width}/Rows {height}>>"
    return f"/Subtype/Image/Width {width}/Height {height}/ColorSpace/DeviceGray/BitsPerComponent 1{coding}"


def _deflate(width: int, height: int, space: str, components: int) -> str:
    size = f"/Subtype/Image/Width {width}/Height {height}"
    predictor = f"/DecodeParms<</Predictor 15/Colors {components}/Columns {width}>>"
    return f"{size}/ColorSpace/Device{space}/BitsPerComponent 8/Filter/FlateDecode{predictor}"


def _describe(
    pdf: pikepdf.Pdf, image: pikepdf.Object, picture: _Picture, profiles: dict[bytes, pikepdf.Object]
) -> None:
    """Give an image its colour profile and its XMP."""
    profile, xmp = icc.for_output(picture.metadata.icc, picture.kind), picture.metadata.xmp
    components = _COMPONENTS.get(icc.space(profile) or "") if profile else None
    if profile and components:
        if profile not in profiles:
            profiles[profile] = pikepdf.Array([pikepdf.Name.ICCBased, pikepdf.Stream(pdf, profile, N=components)])
        image.ColorSpace = profiles[profile]
    if xmp:
        image.Metadata = pikepdf.Stream(pdf, xmp, Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)


def _put(pdf: pikepdf.Pdf, image: pikepdf.Object, picture: _Picture, fonts: pikepdf.Object | None) -> None:
    """Make the image, and the words that were read, the page of the document that it was made from, or a new one."""
    origin = picture.metadata.pdf
    page = (pdf.pages[origin.index] if origin else pdf.add_blank_page()).obj
    layers = {"/Page": image}
    if origin and origin.size == picture.size:
        box, rotation = origin.box, origin.rotation
        layers |= page.Resources.get("/XObject", pikepdf.Dictionary()).as_dict()
    else:
        box, rotation = _measure(page, picture), 0
    placement = _placement(box, rotation)
    content = f"q {' '.join(map(_number, placement))} cm /Page Do Q"
    if picture.words:
        number, size = picture.words
        layers[TEXT] = form = pdf.get_object(number, 0)
        form.Matrix, form.Resources = laid(size, placement), pikepdf.Dictionary(Font=fonts)
    if TEXT in layers:
        content = f"{TEXT} Do {content}"
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(layers))
    page.Contents = pikepdf.Stream(pdf, content.encode())


def _measure(page: pikepdf.Object, picture: _Picture) -> tuple[float, float, float, float]:
    """Give a page the size of its picture, and no other box or rotation."""
    dpi = picture.metadata.resolution.dpi if picture.metadata.resolution else (RESOLUTION, RESOLUTION)
    width, height = (_POINTS * pixels / per_inch for pixels, per_inch in zip(picture.size, dpi, strict=True))
    unit = max(1.0, width / _LONGEST, height / _LONGEST)
    box = (0.0, 0.0, width / unit, height / unit)
    for key in ("/BleedBox", "/TrimBox", "/ArtBox", "/Annots", "/UserUnit"):
        if key in page:
            del page[key]
    page.MediaBox = page.CropBox = pikepdf.Array([pikepdf.Object.parse(_number(side).encode()) for side in box])
    page.Rotate = 0
    if unit > 1:
        page.UserUnit = pikepdf.Object.parse(_number(unit).encode())
    return box


def _placement(box: tuple[float, float, float, float], rotation: int) -> tuple[float, ...]:
    """The matrix that lays an upright picture into a box of a page that is shown turned clockwise."""
    left, bottom, right, top = box
    width, height = right - left, top - bottom
    return {
        0: (width, 0, 0, height, left, bottom),
        90: (0, height, -width, 0, right, bottom),
        180: (-width, 0, 0, -height, right, top),
        270: (0, -height, width, 0, left, top),
    }[rotation]


def _number(value: float) -> str:
    return f"{value:.5f}".rstrip("0").rstrip(".")
