"""From a scan to its clean page, window by window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bgtool.imaging.metadata import Resolution
from bgtool.imaging.pixels import Array
from bgtool.imaging.source import Advance, AnyPixels, Source, whole
from bgtool.options import CleanOptions, Pictures, Style
from bgtool.runtime.card import Card
from bgtool.runtime.session import Model
from bgtool.runtime.tiling import Span, Window, bands, check_tile, round_up
from bgtool.tasks.guard import Guard
from bgtool.tasks.layout import look_over
from bgtool.tasks.survey import AS_IT_IS, Approach, approach
from bgtool.tasks.views import BESIDE, REACH, Darkened, Enlarged, Inverted, enlarged, reduced, sharpened

DEFAULT_TILE = 2560
"""In pixels: half an A4 page at 300 dpi, of which the halos are a tenth. The shipped network then takes 1.3 GiB."""

STREAMED_TILE = 2048
"""In pixels, for pages whose bands take much memory too; the shipped network then takes 0.8 GiB."""

INK_BELOW = 128
"""Grey levels of the network's page that count as ink in a bilevel page."""

COVER = np.interp(np.arange(256), [INK_BELOW - 0.5, 255], [255, 0]).round().astype(np.uint8)
"""By grey level of the network's page, how much of the scan a colour page shows, in 255ths."""

WHOLE = np.uint8(255)
"""Of `COVER`: all of the scan."""

BAYER = np.array([[0]])
for _ in range(3):
    BAYER = np.block([[4 * BAYER, 4 * BAYER + 2], [4 * BAYER + 3, 4 * BAYER + 1]])
BAYER = (BAYER * 4 + 1).astype(np.uint8)
"""Thresholds [8, 8] of the grey levels of pictures in bilevel pages."""


def default_tile(card: Card) -> int:
    """Largest side of a window where the user names none; wide receptive fields get windows that suit them."""
    return max(DEFAULT_TILE, 4 * card.halo)


def read_window(source: Source, window: Window) -> Array:
    """The pixels of a window, uint8 [h, w, 3]; beyond the right and bottom edge the edge is repeated."""
    width, height = source.size
    rows, columns = window.rows, window.columns
    pixels = source.window(columns.start, rows.start, min(columns.stop, width), min(rows.stop, height))
    missing = rows.stop - rows.start - pixels.shape[0], columns.stop - columns.start - pixels.shape[1]
    return np.pad(pixels, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge") if any(missing) else pixels


def chunks(windows: list[Window], size: int) -> Iterator[list[Window]]:
    """The windows in runs of at most `size`."""
    return (windows[first : first + size] for first in range(0, len(windows), size))


def planned(source: Source, options: CleanOptions, resolution: Resolution | None) -> Approach:
    """Decide how a page is given to the network, and what lies where on it; a large one is read once more for that."""
    plan = approach(source, options.scale, options.polarity, resolution).enlarging(options.enlarge)
    if options.style is not Style.BILEVEL:
        plan = replace(plan, sharpen=0.0)
    layout = look_over(seen(source, plan))
    layout = layout.styled(options.style, soft=plan.sharpen > 0) if layout else None
    if layout and options.pictures is Pictures.DROP:
        layout = layout.without_pictures()
    return replace(plan, layout=layout)


def seen(source: Source, plan: Approach) -> Source:
    """A page as the network sees it."""
    source = Inverted(source) if plan.inverted else source
    source = Darkened(source, plan.gain, plan.white) if plan.gain != 1 else source
    return Enlarged(source, plan.scale) if plan.scale > 1 else source


def clean_bands(
    source: Source, model: Model, tile: int, advance: Advance, plan: Approach, guard: Guard | None = None
) -> Iterator[tuple[int, Array]]:
    """Clean a page from top to bottom.

    Args:
        source: the scan.
        model: a document model.
        tile: largest side of a window in pixels of what the network sees, halo included.
        advance: called with the number of the scan's pixels done after each batch of windows; may raise to stop.
        plan: how the page is given to the network, and what lies where on it.
        guard: takes in scan and result.

    Yields:
        First row and pixels, uint8 [rows, width] (0 ink .. 255 paper), of one band after the other, of the result.
    """
    view, plain = seen(source, plan), seen(source, replace(plan, gain=1.0))
    height = view.size[1]
    unit = plan.scale * (guard.cell if guard else 1)
    for windows in windows_of(view.size, model.card, tile, unit, beside(plan)):
        first, last = (
            row // plan.scale for row in (windows[0].rows.core_start, min(windows[0].rows.core_stop, height))
        )
        band = np.empty(((last - first) * plan.enlarge, source.size[0] * plan.enlarge), np.uint8)
        for batch in chunks(windows, model.device.windows_per_batch):
            images = np.stack([read_window(view, window) for window in batch])
            for window, image, result in zip(batch, images, model.run(images), strict=True):
                part = part_of_result(window, image, result, view.size, plan)
                left = window.columns.core_start // plan.scale
                band[:, left * plan.enlarge :][:, : part.shape[1]] = part
                small = reduced(part, plan.enlarge)
                if guard:
                    scan = image if plan.gain == 1 else read_window(plain, window)  # which more contrast may hide
                    pictures = plan.layout.pictures(left, first, small.shape, plan.scale) if plan.layout else None
                    guard.take(left, first, scan[inner(window, view.size)], small, pictures)
                advance(small.size)
        yield first * plan.enlarge, band


def part_of_result(window: Window, image: Array, result: Array, size: tuple[int, int], plan: Approach) -> Array:
    """What a window gives of the result.

    Args:
        window: its place in what the network sees.
        image: uint8 [h, w, 3], what the network saw.
        result: uint8 [h, w], what it gave.
        size: width and height of all that it sees.
        plan: how the page is given to the network, and what lies where on it.

    Returns:
        uint8, the middle of the window, as large as the plan says.
    """
    larger = plan.enlarge // plan.scale
    rows, columns = box = inner(window, size, (REACH if larger > 1 else 0) + beside(plan))
    left, top = window.columns.start + columns.start, window.rows.start + rows.start
    page = result[box]
    if plan.layout:
        page = plan.layout.applied(left, top, image[box], page)
    page = enlarged(page, larger) if larger > 1 else reduced(page, plan.scale // plan.enlarge)
    if plan.sharpen:
        sharp = sharpened(page, plan.sharpen / plan.scale, plan.enlarge)
        left, top = (place * plan.enlarge // plan.scale for place in (left, top))
        pictures = plan.layout.pictures(left, top, page.shape, plan.scale, plan.enlarge) if plan.layout else None
        page = sharp if pictures is None else np.where(pictures, page, sharp)
    down, across = (
        slice(*((place - read.start) * plan.enlarge // plan.scale for place in (kept.start, kept.stop)))
        for kept, read in zip(inner(window, size), box, strict=True)
    )
    return page[down, across]


def beside(plan: Approach) -> int:
    """Pixels of what the network sees, around a part, on which the part depends beyond what the network does."""
    return 2 * BESIDE * plan.scale if plan.sharpen else 0


def inner(window: Window, size: tuple[int, int], margin: int = 0) -> tuple[slice, slice]:
    """Rows and columns of a window that are kept of it, and so many more on each side where it has them."""

    def kept(side: Span, most: int) -> slice:
        start, stop = max(side.core_start - margin, side.start), min(side.core_stop + margin, side.stop, most)
        return slice(start - side.start, stop - side.start)

    return kept(window.rows, size[1]), kept(window.columns, size[0])


def windows_of(size: tuple[int, int], card: Card, tile: int, unit: int, more: int = 0) -> Iterator[list[Window]]:
    """The windows of a page of this size, row by row; what is kept of them begins on multiples of `unit`, too.

    So many pixels `more` around what is kept are as exact.

    Raises:
        UsageError: the tile leaves nothing between the model's halos.
    """
    check_tile(tile, card.stride, card.halo)
    stride = lcm(card.stride, unit)
    halo = round_up(card.halo + more, stride)
    return bands(size[1], size[0], max(tile, 2 * halo + stride), stride, halo)


def dithered(page: Array, top: int) -> NDArray[np.bool_]:
    """Rows of a grey page in black and white (True) by ordered dithering (Bayer 1973): the place alone decides.

    Args:
        page: uint8 [h, w].
        top: its first row on the page.
    """
    height, width = page.shape
    rows, columns = np.arange(top, top + height) % len(BAYER), np.arange(width) % len(BAYER)
    return np.asarray(page > BAYER[rows[:, None], columns])


def ink_on_white(scan: NDArray[Any], cover: Array) -> NDArray[Any]:
    """The scan's own ink colours over white.

    What counts as ink keeps its colour whole; lighter than that, the scan fades to white. At the edges of strokes the
    scan is paler by itself, so the page as plain alpha would fade them twice.

    Args:
        scan: uint8 or uint16 [h, w, 3].
        cover: uint8 [h, w], how much of it shows, as `COVER` tells it of a page.

    Returns:
        As the scan: white + (scan - white) · cover / 255.
    """
    white = np.iinfo(scan.dtype).max
    wide = np.uint16 if white == 255 else np.uint32
    darkness = (white - scan) * cover.astype(wide)[..., None]
    return np.asarray(white - (darkness + 127) // 255, scan.dtype)


def styled_bands(
    source: Source,
    model: Model,
    style: Style,
    tile: int = 0,
    advance: Advance = lambda pixels: None,
    plan: Approach = AS_IT_IS,
    guard: Guard | None = None,
) -> Iterator[AnyPixels]:
    """Clean a page from top to bottom.

    Args:
        source: the scan.
        model: a document model.
        style: how the page is to look.
        tile: largest side of a window in pixels, halo included; 0 takes `default_tile`.
        advance: called with the number of pixels done, at the start and after each batch; may raise to stop.
        plan: how the page is given to the network.
        guard: takes in scan and result.

    Raises:
        UsageError: the tile leaves nothing between the halos.

    Yields:
        Rows that follow each other: uint8 [h, W] for gray, bool [h, W] (True = paper) for bilevel, [h, W, 3] for color:
        uint16 from a source of that depth that is not enlarged, else uint8. W is that of the result.
    """
    advance(0)
    scan = Inverted(source) if plan.inverted else source
    scan = Enlarged(scan, plan.enlarge) if plan.enlarge > 1 else scan
    for top, band in clean_bands(source, model, tile or default_tile(model.card), advance, plan, guard):
        pictures = plan.layout.pictures(0, top, band.shape, plan.scale, plan.enlarge) if plan.layout else None
        match style:
            case Style.GRAY:
                yield band
            case Style.BILEVEL:
                paper = band >= INK_BELOW
                yield paper if pictures is None else np.where(pictures, dithered(band, top), paper)
            case Style.COLOR:
                share = COVER[band] if pictures is None else np.where(pictures, WHOLE, COVER[band])
                yield ink_on_white(scan.deep_window(0, top, scan.size[0], top + len(band)), share)


def clean_page(
    source: Source,
    model: Model,
    style: Style,
    tile: int = 0,
    advance: Advance = lambda pixels: None,
    plan: Approach = AS_IT_IS,
    guard: Guard | None = None,
) -> AnyPixels:
    """A whole page as `styled_bands` gives it, in one array, without a pause of the network."""
    with model.turn:
        bands = styled_bands(source, model, style, tile, advance, plan, guard)
        return whole(bands, source.size[1] * plan.enlarge)
