"""The words of pages beneath their pictures: forms of a PDF that are searched and copied from, and not seen."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import NamedTuple

import pikepdf

from bgtool.imaging import ocr
from bgtool.imaging.metadata import Resolution
from bgtool.imaging.source import AnyPixels, Bands

ReadWords = Callable[[AnyPixels, float | None], bytes]
"""From pixels and their number to the inch to a PDF, as `bgtool.imaging.ocr.words_of` gives it."""

TOO_LARGE = f"it is larger than tesseract reads ({ocr.LONGEST} pixels a side): no text was laid beneath it"


class Layer(NamedTuple):
    """What is to be a form: its instructions, deflated, and its width and height in units."""

    content: bytes
    size: tuple[float, float]

    def entries(self) -> str:
        """Of its stream."""
        width, height = self.size
        return f"/Subtype/Form/BBox[0 0 {width:.5f} {height:.5f}]/Filter/FlateDecode"


class Words:
    """Has pages read, and gives their forms the fonts that all of them share.

    Args:
        read: does it.
    """

    def __init__(self, read: ReadWords) -> None:
        self._read = read
        self._first: pikepdf.Pdf | None = None

    def of(self, page: Bands, resolution: Resolution | None, warnings: list[str]) -> tuple[Bands, Layer | None]:
        """A page as it can be gone through from its beginning, and its words; None where there are none.

        Raises:
            InputError: it cannot be read.
        """
        if max(page.size) > ocr.LONGEST:
            warnings.append(TOO_LARGE)
            return page, None
        if min(page.size) < ocr.SHORTEST:
            return page, None
        pixels = page.whole()
        pdf = pikepdf.open(io.BytesIO(self._read(pixels, resolution.dpi[1] if resolution else None)))
        content = pdf.pages[0].Contents.read_bytes()
        box = pdf.pages[0].mediabox
        if b"Tj" not in content and b"TJ" not in content:
            return Bands.of(pixels), None
        self._first = self._first or pdf
        return Bands.of(pixels), Layer(zlib.compress(content, 9), (float(box[2]), float(box[3])))

    def fonts(self, pdf: pikepdf.Pdf) -> pikepdf.Object:
        """The fonts of all forms, for the resources of each; once there was one."""
        assert self._first
        return pdf.copy_foreign(self._first.make_indirect(self._first.pages[0].Resources.Font))


def laid(size: tuple[float, float], placement: tuple[float, ...]) -> pikepdf.Array:
    """The matrix of a form of this width and height that lies where `placement` lays a picture of one by one."""
    width, height = size
    scales = (width, width, height, height, 1, 1)
    return pikepdf.Array([round(value / scale, 8) for value, scale in zip(placement, scales, strict=True)])
