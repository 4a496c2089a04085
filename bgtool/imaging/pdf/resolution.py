"""The resolution of a page of a PDF: that of the finest pictures that it is made of, masks of pictures among them.

Scans are often stored in layers: a coarse background, and fine text as a stencil, or as the mask of a coarse picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import pypdfium2

RESOLUTION = 300
"""Pixels per inch of a page that is not a scan."""

POINTS = 72
"""To an inch."""

_COVERED = 0.5  # of its area, for a page to be a scan
_LAYER = 0.05  # of its area, for finer pictures on a scan to be a layer of it

PageBox = tuple[float, float, float, float]
"""Left, bottom, right, top, in units of the page."""

Size = tuple[int, int]
"""Pixels along width and height."""


@dataclass(frozen=True)
class Raster:
    """Where the pixels of an image are: one corner, the size of a pixel, the area of the page that they cover."""

    corner: tuple[float, float]
    pixel: tuple[float, float]
    area: float = 0.0

    @property
    def resolution(self) -> tuple[int, int]:
        """Pixels per inch, alike for the strips of one scan, whose heights are rounded."""
        x, y = (round(POINTS / side / 5) * 5 for side in self.pixel)
        return x, y

    def cut(self, box: PageBox) -> tuple[PageBox, Size]:
        """The whole pixels that come closest to a box: their outline and their number along x and y."""
        (left, bottom), (wide, high) = self.corner, self.pixel
        x0, y0 = round((box[0] - left) / wide), round((box[1] - bottom) / high)
        x1, y1 = round((box[2] - left) / wide), round((box[3] - bottom) / high)
        x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
        return (left + x0 * wide, bottom + y0 * high, left + x1 * wide, bottom + y1 * high), (x1 - x0, y1 - y0)


def choose(rasters: Iterable[Raster], painted_over: bool, box: PageBox, unit: float) -> Raster:
    """The raster to render a page on.

    Args:
        rasters: of the images that are drawn on it.
        painted_over: whether anything is painted over images that has no resolution.
        box: what is shown of the page.
        unit: of the page, in points.
    """
    plain = Raster((box[0], box[1]), (POINTS / RESOLUTION / unit,) * 2)
    area = (box[2] - box[0]) * (box[3] - box[1])
    covered: dict[tuple[int, int], float] = {}
    first: dict[tuple[int, int], Raster] = {}
    for raster in rasters:
        covered[raster.resolution] = covered.get(raster.resolution, 0.0) + raster.area
        first.setdefault(raster.resolution, raster)
    scans = [resolution for resolution, part in covered.items() if part >= _COVERED * area]
    if not scans:
        return plain
    layers = [resolution for resolution, part in covered.items() if part >= _LAYER * area]
    finest = max(layers)
    raster = first[finest]
    finer = painted_over or any(resolution > finest for resolution in covered)
    return plain if finer and max(raster.pixel) > max(plain.pixel) else raster


def raster_of(image: pypdfium2.PdfImage, size: Size, page: PageBox, unit: float) -> Raster | None:
    """The raster of an image; None where it is not on the page.

    Args:
        image: as it is drawn.
        size: its pixels, or those of its mask.
        page: what is shown of the page.
        unit: of the page, in points.
    """
    matrix, (columns, rows) = _matrix(image), size
    across, up = (matrix.a, matrix.d), (matrix.b, matrix.c)
    if abs(matrix.b) + abs(matrix.c) > abs(matrix.a) + abs(matrix.d):
        across, up, columns, rows = (matrix.c, matrix.b), (matrix.d, matrix.a), rows, columns
    width, height = map(abs, across)
    if not columns or not rows or not width or not height:
        return None
    left, bottom = matrix.e + min(0, matrix.a, matrix.c), matrix.f + min(0, matrix.b, matrix.d)
    wide = min(left + width, page[2]) - max(left, page[0])
    high = min(bottom + height, page[3]) - max(bottom, page[1])
    if min(wide, high) <= 0:
        return None
    if abs(up[0]) > height / rows / 2 or abs(up[1]) > width / columns / 2:  # turned: no grid of the page is its own
        finest = min(math.hypot(across[0], up[0]) / columns, math.hypot(across[1], up[1]) / rows)
        return Raster((page[0], page[1]), (min(finest, POINTS / RESOLUTION / unit),) * 2, wide * high)
    return Raster((left, bottom), (width / columns, height / rows), wide * high)


def _matrix(image: pypdfium2.PdfImage) -> pypdfium2.PdfMatrix:
    """From the unit square to the page, through all forms."""
    matrix = image.get_matrix()
    form = image.container
    while form is not None:
        matrix, form = matrix.multiply(form.get_matrix()), form.container
    return matrix
