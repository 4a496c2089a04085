"""Exact tiles: windows that carry the whole receptive field, so that no seam can show.

A convolutional network without global operations gives a pixel the same value from any window that holds the
pixel's receptive field, provided the window starts on a multiple of the stride. Windows therefore overlap by two
halos, and of each only its core is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bgtool.errors import UsageError


@dataclass(frozen=True)
class Span:
    """One window along one axis, in pixels of the padded page.

    Attributes:
        start, stop: the window, halo included.
        core_start, core_stop: the part whose result is kept.
    """

    start: int
    stop: int
    core_start: int
    core_stop: int


@dataclass(frozen=True)
class Window:
    """One window of a page: rows and columns."""

    rows: Span
    columns: Span


def round_up(value: int, stride: int) -> int:
    """The smallest multiple of `stride` that is not below `value`."""
    return -(-value // stride) * stride


def spans(length: int, tile: int, stride: int, halo: int) -> list[Span]:
    """Windows of one length along an axis, whose cores cover it without gap or overlap.

    Args:
        length: pixels of the axis, at least 1; windows lie on the axis rounded up to the stride.
        tile: largest length of a window, halo included. As many windows as it takes share the axis evenly, so that
            the last one does not repeat most of the work of its neighbour.
        stride: windows start and end on its multiples.
        halo: pixels of context on each side, a multiple of the stride. At the ends of the page the window ends too.

    Raises:
        UsageError: the tile leaves no core.
    """
    check_tile(tile, stride, halo)
    padded = round_up(length, stride)
    if padded <= tile:
        return [Span(0, padded, 0, padded)]
    room = tile // stride * stride - 2 * halo
    count = -(-(padded - 2 * halo) // room)
    tile = round_up(-(-(padded - 2 * halo) // count), stride) + 2 * halo
    result = []
    core = 0
    while core < padded:
        start = min(max(core - halo, 0), padded - tile)
        stop = start + tile
        end = padded if stop == padded else stop - halo
        result.append(Span(start, stop, core, end))
        core = end
    return result


def check_tile(tile: int, stride: int, halo: int) -> None:
    """Raise UsageError if a window of this side has no core; also for pages that are smaller than the window."""
    smallest = 2 * halo + stride
    if tile < smallest:
        raise UsageError(f"a tile of {tile} pixels leaves nothing between halos of {halo}", f"take {smallest} or more")


def bands(height: int, width: int, tile: int, stride: int, halo: int) -> Iterator[list[Window]]:
    """The windows of a page, row by row from the top; all windows have one shape.

    Args:
        height, width: size of the page in pixels.
        tile, stride, halo: as in `spans`, for both axes.
    """
    columns = spans(width, tile, stride, halo)
    for rows in spans(height, tile, stride, halo):
        yield [Window(rows, span) for span in columns]
