"""PDF files into pages, each rendered when it is asked for, at the resolution of the scan that it shows.

A page is a scan where images of one resolution cover at least half of it. It is rendered on the grid of their pixels,
so that every pixel comes out as it is, cut to what the page shows of them and turned as it is shown. Any other page is
rendered at `RESOLUTION`; so is a scan of less with more than images drawn upon it.

Annotations and form fields are part of the picture. Calibrated colours (ICC) come out as sRGB.
"""

from __future__ import annotations

import math
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import pikepdf
import pypdfium2
from PIL import Image
from pypdfium2 import raw

from bgtool import icc
from bgtool.errors import InputError
from bgtool.metadata import PdfPage
from bgtool.page import Page
from bgtool.pages import Admit, PageReader
from bgtool.pdf_text import resources_of
from bgtool.raster import PillowRaster

RESOLUTION = 300
"""Pixels per inch of a page that is not a scan."""

_PDFIUM = threading.Lock()  # PDFium keeps its state in the process and knows nothing of threads; nobody waits with it
_POINTS = 72  # to an inch
_COVERED = 0.5  # of its area, for a page to be a scan
_MARGIN = 0.05  # of a pixel
_TAIL = 1024  # bytes that may follow the end mark of a PDF

_END_OF_JPEG = b"\xff\xd9"
_PIECE = 1 << 20  # bytes
_WHITE = ((255, 255),) * 3
_DAMAGED_PICTURE = "a picture on it is damaged or cut short"

_Box = tuple[float, float, float, float]  # left, bottom, right, top, in units of the page


class PdfReader(PageReader):
    """The pages of a PDF.

    Args:
        file: open and seekable for as long as pages, and outputs made of them, are under way.
        max_megapixels: pages with more pixels than this are refused, before they are rendered.

    Raises:
        InputError: it is no PDF that can be read without a password, or parts of it are missing.
    """

    def __init__(self, file: BinaryIO, max_megapixels: float, admit: Admit) -> None:
        self._file = file
        self._units, self._calibrated, warnings = _examine(file)
        with _PDFIUM:
            self._document = pypdfium2.PdfDocument(file)
            self._settings = raw.FPDF_FORMFILLINFO(version=2, xfa_disabled=True)  # PDFium makes no copy
            self._form = raw.FPDFDOC_InitFormFillEnvironment(self._document, self._settings)
            self._page: pypdfium2.PdfPage | None = None
            count = len(self._document)
        super().__init__(".pdf", count, max_megapixels, warnings, admit)
        if count != len(self._units):
            self.close()
            raise InputError("the PDF is damaged: some of its pages are missing")

    def close(self) -> None:
        """Let go of the file, which stays open."""
        with _PDFIUM:
            self._leave()
            raw.FPDFDOC_ExitFormFillEnvironment(self._form)
            self._document.close()

    def _measure(self, index: int) -> tuple[int, int, int]:
        with _PDFIUM:
            self._leave()
            self._page = self._document[index]
            self._place, self._dpi = self._view(self._page, index)
        width, height = self._place.size
        return width, height, width * height

    def _decode(self, index: int) -> Page:
        place, dpi = self._place, self._dpi
        with _PDFIUM:
            image = self._picture(place)
            self._leave()
        image.info["dpi"] = dpi
        if self._calibrated[index]:
            image.info["icc_profile"] = icc.srgb()
        page = Page(PillowRaster(image), index, self.count)
        page.metadata = replace(page.metadata, pdf=place)
        return page

    def _picture(self, place: PdfPage) -> Image.Image:
        """The page that is loaded, drawn."""
        page = self._page
        image = _render(page, place)
        if image.getextrema() == _WHITE and not all(map(_can_be_drawn, page.get_objects())):
            raise InputError(_DAMAGED_PICTURE)
        self._add_fields(page, image)
        return image

    def _leave(self) -> None:
        """Let go of the page that is loaded."""
        if self._page:
            raw.FORM_OnBeforeClosePage(self._page, self._form)
            self._page.close()
            self._page = None

    def _add_fields(self, page: pypdfium2.PdfPage, image: Image.Image) -> None:
        """Draw the form fields, which PDFium leaves out of a page. Letters drawn upon it directly get coloured rims."""
        if not raw.FPDFPage_GetAnnotCount(page):
            return
        layer = pypdfium2.PdfBitmap.new_native(*image.size, raw.FPDFBitmap_BGRA, rev_byteorder=True)
        try:
            layer.fill_rect((0, 0, 0, 0), 0, 0, *image.size)
            raw.FPDF_FFLDraw(self._form, layer, page, 0, 0, *image.size, 0, raw.FPDF_REVERSE_BYTE_ORDER)
            fields = layer.to_pil()
            image.paste(fields, mask=fields)
        finally:
            layer.close()

    def _view(self, page: pypdfium2.PdfPage, index: int) -> tuple[PdfPage, tuple[float, float]]:
        """What will be rendered, and its pixels per inch along width and height as shown."""
        rotation, box = page.get_rotation(), page.get_bbox()
        unit = self._units[index]
        plain = _POINTS / RESOLUTION / unit
        grid, painted_over = self._grid(page, box)
        if grid is None or (painted_over and max(grid.pixel) > plain):
            grid = _Raster((box[0], box[1]), (plain, plain), 0.0)
        box, size = grid.cut(box)
        dpi = (_POINTS / unit / grid.pixel[0], _POINTS / unit / grid.pixel[1])
        if rotation in (90, 270):
            size, dpi = (size[1], size[0]), (dpi[1], dpi[0])
        return PdfPage(self._file, index, box, rotation, size), dpi

    def _grid(self, page: pypdfium2.PdfPage, box: _Box) -> tuple[_Raster | None, bool]:
        """The raster of the images that make the page a scan, and whether anything is painted over images."""
        covered: dict[tuple[int, int], float] = {}
        rasters: dict[tuple[int, int], _Raster] = {}
        painted_over = False
        for item in page.get_objects():
            if isinstance(item, pypdfium2.PdfImage):
                self._check_size(*item.get_px_size())
                if not _is_whole(item):
                    raise InputError(_DAMAGED_PICTURE)
                if raster := _raster(item, box):
                    covered[raster.resolution] = covered.get(raster.resolution, 0.0) + raster.area
                    rasters.setdefault(raster.resolution, raster)
            elif rasters and _is_visible(item):
                painted_over = True
        needed = _COVERED * (box[2] - box[0]) * (box[3] - box[1])
        scans = [resolution for resolution, area in covered.items() if area >= needed]
        return (rasters[max(scans)] if scans else None), painted_over


@dataclass(frozen=True)
class _Raster:
    """Where the pixels of an image are: one corner, the size of a pixel, the area of the page that they cover."""

    corner: tuple[float, float]
    pixel: tuple[float, float]
    area: float

    @property
    def resolution(self) -> tuple[int, int]:
        """Pixels per inch, alike for the strips of one scan, whose heights are rounded."""
        x, y = (round(_POINTS / side / 5) * 5 for side in self.pixel)
        return x, y

    def cut(self, box: _Box) -> tuple[_Box, tuple[int, int]]:
        """The whole pixels that come closest to a box: their outline and their number along x and y."""
        (left, bottom), (wide, high) = self.corner, self.pixel
        x0, y0 = round((box[0] - left) / wide), round((box[1] - bottom) / high)
        x1, y1 = round((box[2] - left) / wide), round((box[3] - bottom) / high)
        x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
        return (left + x0 * wide, bottom + y0 * high, left + x1 * wide, bottom + y1 * high), (x1 - x0, y1 - y0)


def _raster(image: pypdfium2.PdfImage, page: _Box) -> _Raster | None:
    """The raster of an image; None where its sides are not along those of the page, or it is not on the page."""
    matrix = image.get_matrix()
    form = image.container
    while form is not None:
        matrix, form = matrix.multiply(form.get_matrix()), form.container
    columns, rows = image.get_px_size()
    across, up = (matrix.a, matrix.d), (matrix.b, matrix.c)
    if abs(matrix.b) + abs(matrix.c) > abs(matrix.a) + abs(matrix.d):
        across, up, columns, rows = (matrix.c, matrix.b), (matrix.d, matrix.a), rows, columns
    width, height = map(abs, across)
    if not columns or not rows or not width or not height:
        return None
    if abs(up[0]) > height / rows / 2 or abs(up[1]) > width / columns / 2:
        return None
    left, bottom = matrix.e + min(0, matrix.a, matrix.c), matrix.f + min(0, matrix.b, matrix.d)
    wide = min(left + width, page[2]) - max(left, page[0])
    high = min(bottom + height, page[3]) - max(bottom, page[1])
    return _Raster((left, bottom), (width / columns, height / rows), wide * high) if min(wide, high) > 0 else None


def _is_visible(item: pypdfium2.PdfObject) -> bool:
    if isinstance(item, pypdfium2.PdfTextObj):
        return bool(raw.FPDFTextObj_GetTextRenderMode(item) != raw.FPDF_TEXTRENDERMODE_INVISIBLE)
    return bool(item.type != raw.FPDF_PAGEOBJ_FORM)


def _is_whole(image: pypdfium2.PdfImage) -> bool:
    """Whether the data of a JPEG or deflated image reach their end, beyond which PDFium would paint anything."""
    filters = image.get_filters()
    if filters == ["DCTDecode"]:
        return _END_OF_JPEG in bytes(image.get_data())[-_TAIL:]
    if filters != ["FlateDecode"]:
        return True
    decoder, rest = zlib.decompressobj(-zlib.MAX_WBITS), bytes(image.get_data())[2:]  # old scanners err in checksums
    try:
        while rest and not decoder.eof:
            decoder.decompress(rest, _PIECE)
            rest = decoder.unconsumed_tail
    except zlib.error:
        return False
    return decoder.eof


def _can_be_drawn(item: pypdfium2.PdfObject) -> bool:
    """False for an image that PDFium passes over in silence."""
    if not isinstance(item, pypdfium2.PdfImage):
        return True
    bitmap = raw.FPDFImageObj_GetBitmap(item)
    raw.FPDFBitmap_Destroy(bitmap)
    return bool(bitmap)


def _render(page: pypdfium2.PdfPage, place: PdfPage) -> Image.Image:
    """The picture, mode RGB."""
    page.set_mediabox(*place.box)
    page.set_cropbox(*place.box)
    for item in page.get_objects([raw.FPDF_PAGEOBJ_IMAGE]):
        _shrink(item)
    flags = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER
    bitmap = pypdfium2.PdfBitmap.new_native(*place.size, raw.FPDFBitmap_BGR, rev_byteorder=True)
    try:
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, *place.size)
        raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, *place.size, 0, flags)
        image: Image.Image = bitmap.to_pil()  # a copy, for Pillow keeps RGB in four bytes
        return image
    finally:
        bitmap.close()


def _shrink(image: pypdfium2.PdfImage) -> None:
    """Make an image smaller by so little that rounding cannot move it off the grid: PDFium rounds outwards."""
    x, y = (_MARGIN / max(1, pixels) for pixels in image.get_px_size())
    image.set_matrix(pypdfium2.PdfMatrix(1 - 2 * x, 0, 0, 1 - 2 * y, x, y).multiply(image.get_matrix()))


def _examine(file: BinaryIO) -> tuple[list[float], list[bool], list[str]]:
    """The user unit of every page in points, whether it has calibrated colours, and what is wrong with the file.

    PDFium draws what it finds and is silent about the rest, so what is missing is looked for here.
    """
    file.seek(-min(_TAIL, file.seek(0, 2)), 2)
    if b"%%EOF" not in file.read():
        raise InputError("the PDF is damaged or cut short")
    file.seek(0)
    try:
        with pikepdf.open(file, suppress_warnings=True) as pdf:
            pages = [page.obj for page in pdf.pages]
            if len(pages) != int(pdf.Root.Pages.Count):
                raise InputError("the PDF is damaged: some of its pages are missing")
            if not pages:
                raise InputError("the PDF has no pages")
            units = [float(page.get("/UserUnit", 1)) for page in pages]
            calibrated = [any(map(_is_calibrated, _images(page))) for page in pages]
            repaired = bool(pdf.get_warnings())
    except pikepdf.PasswordError as error:
        raise InputError("the PDF is protected by a password", "remove it, by qpdf --decrypt for example") from error
    except pikepdf.PdfError as error:
        raise InputError("the PDF is damaged or cut short") from error
    warnings = ["the PDF is damaged and was repaired as far as possible"] if repaired else []
    return [unit if math.isfinite(unit) and unit > 0 else 1.0 for unit in units], calibrated, warnings


def _images(page: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """The images and forms of a page. Raises InputError where one that has a name is not in the file."""
    for item in resources_of(page).get("/XObject", pikepdf.Dictionary()).as_dict().values():
        if not isinstance(item, pikepdf.Stream):
            raise InputError("the PDF is damaged: a picture of it is missing")
        yield item


def _is_calibrated(item: pikepdf.Object) -> bool:
    space = item.get("/ColorSpace")
    return isinstance(space, pikepdf.Array) and len(space) > 0 and space[0] == pikepdf.Name.ICCBased
