"""Where a straight page lies on its scan, so that whatever is known of one can be carried to the other."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

Point = tuple[float, float]
"""Across and down, in pixels from the top left corner of a picture: the middle of its first pixel is (0.5, 0.5)."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in whole pixels, the last two excluded."""


@dataclass(frozen=True)
class Placement:
    """A part of a scan that was turned about its middle: the turned scan is cut to a box.

    Attributes:
        scan: width and height of the scan in pixels.
        degrees: by which it was turned clockwise.
        box: of the turned scan, whose bounding box begins at (0, 0).
    """

    scan: tuple[int, int]
    degrees: float
    box: Box

    @classmethod
    def whole(cls, scan: tuple[int, int], degrees: float = 0.0) -> Placement:
        """All of a scan, turned clockwise; its corners stick out, so the result is larger."""
        across, down = bounds(scan, degrees)
        return cls(scan, degrees, (0, 0, across, down))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the result in pixels."""
        left, top, right, bottom = self.box
        return right - left, bottom - top

    @property
    def is_all(self) -> bool:
        """Whether it is the scan, as it was."""
        return not self.degrees and self.box == (0, 0, *self.scan)

    def cut(self, box: Box) -> Placement:
        """A part of this one, in its own pixels; what lies beyond it is left out."""
        left, top, (width, height) = self.box[0], self.box[1], self.size
        x0, y0, x1, y1 = max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height)
        return replace(self, box=(left + x0, top + y0, left + x1, top + y1))

    def affine(self) -> tuple[float, float, float, float, float, float]:
        """a, b, c, d, e, f: the point (x, y) of the result is (a·x + b·y + c, d·x + e·y + f) of the scan."""
        cos, sin = turn_of(self.degrees)
        (width, height), (across, down) = self.scan, bounds(self.scan, self.degrees)
        x, y = self.box[0] - across / 2, self.box[1] - down / 2
        return cos, sin, cos * x + sin * y + width / 2, -sin, cos, cos * y - sin * x + height / 2

    def on_scan(self, point: Point) -> Point:
        """Where a point of the result lies on the scan."""
        a, b, c, d, e, f = self.affine()
        x, y = point
        return a * x + b * y + c, d * x + e * y + f

    def from_scan(self, point: Point) -> Point:
        """Where a point of the scan lies on the result."""
        a, b, c, d, e, f = self.affine()
        x, y = point[0] - c, point[1] - f
        return a * x + d * y, b * x + e * y

    @property
    def corners(self) -> list[Point]:
        """Top left, top right, bottom right and bottom left corner of the result, on the scan."""
        width, height = self.size
        return [self.on_scan(corner) for corner in ((0, 0), (width, 0), (width, height), (0, height))]

    def said(self) -> dict[str, Any]:
        """As it stands in manifests: plain values, all in pixels of the scan but for `size`."""
        corners = [[round(x, 2), round(y, 2)] for x, y in self.corners]
        return {"scan": list(self.scan), "turned": round(self.degrees, 3), "size": list(self.size), "corners": corners}


def turn_of(degrees: float) -> tuple[float, float]:
    """Cosine and sine of an angle, exact for quarter turns."""
    quarters, rest = divmod(degrees, 90)
    if not rest:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarters) % 4]
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


def bounds(size: tuple[int, int], degrees: float) -> tuple[int, int]:
    """Width and height of what a picture of this size needs when it is turned."""
    cos, sin = map(abs, turn_of(degrees))
    width, height = size
    return math.ceil(width * cos + height * sin - 1e-6), math.ceil(width * sin + height * cos - 1e-6)
