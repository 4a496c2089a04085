"""PDF files into pages, each rendered when it is asked for, at the resolution of the scan that it shows.

A page is a scan where images of one resolution cover at least half of it. It is rendered on the grid of the pixels of
its finest layer, so that every pixel comes out as it is, cut to what the page shows of them and turned as it is shown.
Any other page is rendered at 300 pixels per inch; so is a scan of less with more than images drawn upon it.

Annotations and form fields are part of the picture. Calibrated colours (ICC) come out as sRGB.
"""

from __future__ import annotations

import math
import threading
import zlib
from dataclasses import replace
from typing import BinaryIO

import pypdfium2
from PIL import Image
from pypdfium2 import raw

from bgtool.errors import InputError
from bgtool.imaging import icc
from bgtool.imaging.metadata import PdfPage
from bgtool.imaging.pdf import file as pdf_file
from bgtool.imaging.pdf.limits import decoded, inflate
from bgtool.imaging.pdf.resolution import POINTS, Raster, Size, choose, raster_of
from bgtool.imaging.pdf.survey import Survey, Surveyor
from bgtool.imaging.reading.page import Page
from bgtool.imaging.reading.pages import Admit, PageReader
from bgtool.imaging.reading.raster import PillowRaster

MOST_MEGAPIXELS = 600
"""Of a page and of a picture on it, for they are held whole: A0 at 600 pixels per inch has 558."""

_PDFIUM = threading.Lock()  # PDFium keeps its state in the process and knows nothing of threads; nobody waits with it
_LARGEST_XMP = 16 << 20  # bytes, of which PDFium reads about one million a second when it opens a document
_MARGIN = 0.05  # of a pixel
_LARGE = 64_000_000  # pixels
_TAIL = 1024  # bytes that may follow the end mark of a JPEG

_END_OF_JPEG = b"\xff\xd9"
_WHITE = ((255, 255),) * 3
_DAMAGED_PICTURE = "a picture on it is damaged or cut short"


class PdfReader(PageReader):
    """The pages of a PDF.

    Args:
        file: open and seekable for as long as pages, and outputs made of them, are under way.
        max_megapixels: pages with more pixels than this are refused, before they are rendered.

    Raises:
        InputError: it is no PDF that can be read without a password, or parts of it are missing.
    """

    def __init__(self, file: BinaryIO, max_megapixels: float, admit: Admit) -> None:
        self._file = pdf_file.whole(file)
        self._pdf = pdf_file.opened(self._file)
        self._survey_of, count = Surveyor(self._check_size), len(self._pdf.pages)
        warnings = ["the PDF is damaged and was repaired as far as possible"] if self._pdf.get_warnings() else []
        super().__init__(".pdf", count, min(max_megapixels, MOST_MEGAPIXELS), warnings, admit)
        if "/Metadata" in self._pdf.Root:
            decoded(self._pdf.Root.Metadata, _LARGEST_XMP)
        with _PDFIUM:
            self._document = pypdfium2.PdfDocument(self._file)
            self._settings = raw.FPDF_FORMFILLINFO(version=2, xfa_disabled=True)  # PDFium makes no copy
            self._form = raw.FPDFDOC_InitFormFillEnvironment(self._document, self._settings)
            self._page: pypdfium2.PdfPage = None
            found = len(self._document)
        if found != count:
            self.close()
            raise InputError(pdf_file.MISSING_PAGES)

    def close(self) -> None:
        """Let go of the file, which stays open."""
        self._pdf.close()
        with _PDFIUM:
            self._leave()
            raw.FPDFDOC_ExitFormFillEnvironment(self._form)
            self._document.close()

    def _measure(self, index: int) -> tuple[int, int, int]:
        self._survey = self._survey_of(self._pdf.pages[index].obj)
        with _PDFIUM:
            self._leave()
            self._page = self._document[index]
            self._place, self._dpi = self._view(index)
        width, height = self._place.size
        return width, height, max(width * height, self._survey.pixels)

    def _decode(self, index: int) -> Page:
        place, dpi = self._place, self._dpi
        with _PDFIUM:
            image = self._picture(place)
            self._leave()
        image.info["dpi"] = dpi
        if self._survey.calibrated:
            image.info["icc_profile"] = icc.srgb()
        page = Page(PillowRaster(image), index, self.count)
        page.metadata = replace(page.metadata, pdf=place)
        return page

    def _picture(self, place: PdfPage) -> Image.Image:
        """The page that is loaded, drawn."""
        page = self._page
        image = _render(page, place, self._survey)
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

    def _view(self, index: int) -> tuple[PdfPage, tuple[float, float]]:
        """What will be rendered, and its pixels per inch along width and height as shown."""
        rotation, shown = self._page.get_rotation(), self._page.get_bbox()
        unit = self._survey.unit
        grid = self._grid(shown)
        box, size = grid.cut(shown)
        dpi = (POINTS / unit / grid.pixel[0], POINTS / unit / grid.pixel[1])
        if rotation in (90, 270):
            size, dpi = (size[1], size[0]), (dpi[1], dpi[0])
        return PdfPage(self._file, index, box, rotation, size), dpi

    def _grid(self, box: tuple[float, float, float, float]) -> Raster:
        """The raster to render the page on."""
        rasters: list[Raster] = []
        painted_over, unit = False, self._survey.unit
        for item in self._page.get_objects():
            if isinstance(item, pypdfium2.PdfImage):
                self._check_size(*item.get_px_size())
                if not _is_whole(item):
                    raise InputError(_DAMAGED_PICTURE)
                if raster := raster_of(item, _finest(item, self._survey), box, unit):
                    rasters.append(raster)
            elif rasters and _is_visible(item):
                painted_over = True
        return choose(rasters, painted_over, box, unit)


def _finest(image: pypdfium2.PdfImage, survey: Survey) -> Size:
    """The pixels of an image or of its mask, whichever is finer."""
    size: Size = image.get_px_size()
    return survey.masks.get(size, size)


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
    try:
        for _ in inflate(bytes(image.get_data())):
            pass
    except (EOFError, zlib.error):
        return False
    return True


def _can_be_drawn(item: pypdfium2.PdfObject) -> bool:
    """False for an image that PDFium passes over in silence. Those that are large and deflated are not tried."""
    if not isinstance(item, pypdfium2.PdfImage):
        return True
    if math.prod(item.get_px_size()) > _LARGE and item.get_filters() in ([], ["FlateDecode"]):
        return True
    bitmap = raw.FPDFImageObj_GetBitmap(item)
    raw.FPDFBitmap_Destroy(bitmap)
    return bool(bitmap)


def _render(page: pypdfium2.PdfPage, place: PdfPage, survey: Survey) -> Image.Image:
    """The picture, mode RGB."""
    page.set_mediabox(*place.box)
    page.set_cropbox(*place.box)
    for item in page.get_objects([raw.FPDF_PAGEOBJ_IMAGE]):
        _shrink(item, _finest(item, survey))
    flags = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER
    bitmap = pypdfium2.PdfBitmap.new_native(*place.size, raw.FPDFBitmap_BGR, rev_byteorder=True)
    try:
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, *place.size)
        raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, *place.size, 0, flags)
        image: Image.Image = bitmap.to_pil()  # a copy, for Pillow keeps RGB in four bytes
        return image
    finally:
        bitmap.close()


def _shrink(image: pypdfium2.PdfImage, size: Size) -> None:
    """Make an image smaller by so little that rounding cannot move it off the grid: PDFium rounds outwards."""
    x, y = (_MARGIN / max(1, pixels) for pixels in size)
    image.set_matrix(pypdfium2.PdfMatrix(1 - 2 * x, 0, 0, 1 - 2 * y, x, y).multiply(image.get_matrix()))
