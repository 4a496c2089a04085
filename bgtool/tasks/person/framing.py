"""The part of a photo that a cropped cut-out shows, which may reach beyond the photo, and its size in pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.imaging.pixels import Array, Box
from bgtool.tasks.person.crop import Crop

HEAD_ASPECT = 1.3
"""Height of a head, chin to crown, over its width."""

WIDEST_AT = 0.45
"""Where a head is widest, in its heights below the crown."""

HEAD_SHARE = {"upright": 0.7, "other": 0.6}
"""Height of the head over that of the picture: within the 70 to 80 % of upright ID photos, and the 50 to 69 % of
square ones."""

ABOVE_HEAD = 0.4
"""Of what the head leaves of the height, the share above the crown."""


def frame(box: Box, head: Box, crop: Crop, size: tuple[int, int]) -> Box:
    """The part of a photo to show, which may reach beyond it.

    Args:
        box: around the people, in the photo's pixels.
        head: of the largest of them.
        crop: what is asked for.
        size: width and height of the photo.
    """
    if crop.print:
        return _around_head(head, crop.print.size)
    padding = crop.padding.pixels(box)
    left, top, right, bottom = box[0] - padding, box[1] - padding, box[2] + padding, box[3] + padding
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, size[0]), min(bottom, size[1])
    if not crop.aspect:
        return left, top, right, bottom
    width, height = right - left, bottom - top
    wide, high = max(width, round(height * crop.aspect)), max(height, round(width / crop.aspect))
    left, right = _widened(left, right, wide, size[0])
    top, bottom = _widened(top, bottom, high, size[1])
    return left, top, right, bottom


def _widened(start: int, end: int, length: int, limit: int) -> tuple[int, int]:
    """A span of another length around the same middle; moved into 0..limit as far as it fits there."""
    first = start - (length - (end - start)) // 2
    first = max(0, min(first, limit - length)) if length <= limit else (limit - length) // 2
    return first, first + length


def _around_head(head: Box, size: tuple[int, int]) -> Box:
    share = HEAD_SHARE["upright" if size[1] > size[0] else "other"]
    height = (head[3] - head[1]) / share
    width = height * size[0] / size[1]
    left = (head[0] + head[2] - width) / 2
    top = head[1] - (1 - share) * ABOVE_HEAD * height
    left, top = round(left), round(top)
    return left, top, left + max(1, round(width)), top + max(1, round(height))


def head_of(body: NDArray[np.bool_]) -> Box:
    """The head of somebody who faces the camera upright, by the outline alone: bool [h, w], some of it True.

    It is as wide as the outline is where a head of that width is widest; further down come shoulders.
    """
    rows = np.flatnonzero(body.any(axis=1))
    crown = int(rows[0])
    spans = [np.flatnonzero(body[row])[[0, -1]] for row in range(crown, int(rows[-1]) + 1) if body[row].any()]
    widths = [int(last - first) + 1 for first, last in spans]
    reached = [depth for depth, width in enumerate(widths) if depth >= WIDEST_AT * HEAD_ASPECT * width]
    depth = reached[0] if reached else len(widths) - 1
    width = widths[depth]
    middle = float(np.mean([span.mean() for span in spans[: depth + 1]]))
    left = round(middle - (width - 1) / 2)
    return left, crown, left + width, crown + max(1, round(HEAD_ASPECT * width))


def cut(picture: Array, box: Box) -> Array:
    """A part of a picture, uint8 [H, W] or [H, W, C], which may reach beyond it; there it is 0."""
    height, width = picture.shape[:2]
    left, top, right, bottom = box
    inside = picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if left >= 0 and top >= 0 and right <= width and bottom <= height:
        return np.ascontiguousarray(inside)
    result = np.zeros((bottom - top, right - left, *picture.shape[2:]), np.uint8)
    row, column = max(-top, 0), max(-left, 0)
    result[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
    return result


def printed(picture: Array, size: tuple[int, int]) -> Array:
    """A picture at a width and height; colours count by their alpha."""
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
