"""How well a result agrees with its truth: the DIBCO figures for documents, overlap and outline for people.

Masks are bool arrays [H, W]: True is ink, or person. Each function raises `InputError` when its two masks differ in
size, hold no pixel, or are no masks at all.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from bgtool.errors import InputError
from bgtool.scoring.pseudo import PseudoWeights, pseudo_weights

Mask = NDArray[np.bool_]

DRD_REACH = 2  # the 5 x 5 window of Lu, Kot and Shi
DRD_BLOCK = 8


@dataclass(frozen=True)
class DocumentFigures:
    """The four figures of the DIBCO contests.

    Attributes:
        f_measure: percent, 0 to 100, higher is better.
        pseudo_f_measure: percent, 0 to 100, higher is better.
        psnr: decibels, higher is better; ``inf`` for identical pages.
        drd: distance reciprocal distortion, 0 or more, lower is better.
    """

    f_measure: float
    pseudo_f_measure: float
    psnr: float
    drd: float


@dataclass(frozen=True)
class PersonFigures:
    """How well a mask of people agrees with its truth.

    Attributes:
        jaccard: overlap, 0 to 1, higher is better.
        boundary_f: agreement of the outlines, 0 to 1, higher is better.
    """

    jaccard: float
    boundary_f: float


def document_figures(truth: Mask, result: Mask, weights: PseudoWeights | None = None) -> DocumentFigures:
    """All four document figures.

    Args:
        truth: bool [H, W], True = ink.
        result: bool [H, W], True = ink.
        weights: those of this truth; computed when not given, which takes most of the time.
    """
    return DocumentFigures(
        f_measure=f_measure(truth, result),
        pseudo_f_measure=pseudo_f_measure(truth, result, weights),
        psnr=psnr(truth, result),
        drd=drd(truth, result),
    )


def person_figures(truth: Mask, result: Mask, tolerance: float = 2.0) -> PersonFigures:
    """Both person figures; ``tolerance`` is that of `boundary_f_measure`."""
    return PersonFigures(jaccard(truth, result), boundary_f_measure(truth, result, tolerance))


def mean(figures: Sequence[DocumentFigures | PersonFigures]) -> DocumentFigures | PersonFigures:
    """The arithmetic mean of each figure over files; PSNR is ``inf`` as soon as one file's is.

    Raises:
        ValueError: there are no figures.
    """
    if not figures:
        raise ValueError("no figures to take the mean of")
    columns = zip(*map(astuple, figures), strict=True)
    return type(figures[0])(*(math.fsum(column) / len(figures) for column in columns))


def f_measure(truth: Mask, result: Mask) -> float:
    """Harmonic mean of precision and recall in percent; 100 when neither page has ink, 0 when only one has."""
    _check(truth, result)
    inked = _count(truth) + _count(result)
    return 200.0 * _count(truth & result) / inked if inked else 100.0


def pseudo_f_measure(truth: Mask, result: Mask, weights: PseudoWeights | None = None) -> float:
    """Harmonic mean of weighted precision and recall in percent; blank pages count as in `f_measure`.

    Ntirogiannis, Gatos and Pratikakis, IEEE Trans. Image Processing 22(2), 2013. With the weights of the contest's own
    program the figure is the contest's; with ours it was within 0.1 of that on twelve pages (`bgtool.scoring.pseudo`).
    """
    _check(truth, result)
    weights = weights or pseudo_weights(truth)
    _check_weights(truth, weights)
    if not (truth.any() or result.any()):
        return 100.0
    hits = truth & result
    recall = _ratio(_total(weights.recall, hits), _total(weights.recall, truth))
    precision = _ratio(
        _count(hits) + _total(weights.precision, hits),
        _count(result) + _total(weights.precision, result),
    )
    return 100.0 * _ratio(2.0 * precision * recall, precision + recall)


def psnr(truth: Mask, result: Mask) -> float:
    """Peak signal-to-noise ratio in decibels, the two colours 1 apart; ``inf`` for identical pages."""
    _check(truth, result)
    flipped = _count(truth != result)
    return 10.0 * math.log10(truth.size / flipped) if flipped else math.inf


def drd(truth: Mask, result: Mask) -> float:
    """Distance reciprocal distortion: Lu, Kot and Shi, IEEE Signal Processing Letters 11(2), 2004, equations 1 to 4.

    Every flipped pixel adds the weights of those pixels of the truth around it that differ from what it became. As in
    the contest's program, what lies outside the page adds nothing, and a block that the page's edge cuts is not
    counted. Where no block holds both colours, the sum is divided by 1.
    """
    _check(truth, result)
    outside = 2
    around = np.pad(truth.astype(np.uint8), DRD_REACH, constant_values=outside)
    rows, columns = np.nonzero(truth != result)
    true_colour = truth[rows, columns]
    distortion = 0.0
    for (row, column), weight in np.ndenumerate(drd_weights()):
        differing = around[rows + row, columns + column] == true_colour
        distortion += float(weight) * _count(differing)
    return distortion / max(_mixed_blocks(truth), 1)


def jaccard(truth: Mask, result: Mask) -> float:
    """Intersection over union, 0 to 1; 1 when both masks are empty."""
    _check(truth, result)
    union = _count(truth | result)
    return _count(truth & result) / union if union else 1.0


def boundary_f_measure(truth: Mask, result: Mask, tolerance: float = 2.0) -> float:
    """F-measure, 0 to 1, of outline pixels with one of the other outline at most ``tolerance`` (0 or more) pixels away.

    An outline is the pixels of a mask with a 4-neighbour inside the picture but outside the mask: where the frame cuts
    a person, there is none. Without any outline the figure is 1 for equal masks, else 0.
    """
    _check(truth, result)
    expected, found = _outline(truth), _outline(result)
    if not (expected.any() or found.any()):
        return float(np.array_equal(truth, result))
    precision = _ratio(_count(found & _grown(expected, tolerance)), _count(found))
    recall = _ratio(_count(expected & _grown(found, tolerance)), _count(expected))
    return _ratio(2.0 * precision * recall, precision + recall)


def _check(truth: Mask, result: Mask) -> None:
    """Refuse what the figures are not defined for."""
    for name, mask in (("truth", truth), ("result", result)):
        if mask.dtype != np.bool_ or mask.ndim != 2 or not mask.size:
            raise InputError(f"the {name} is no mask: {mask.dtype} of shape {mask.shape} instead of bool [H, W]")
    if truth.shape != result.shape:
        height, width = truth.shape
        raise InputError(f"the result is {result.shape[1]} x {result.shape[0]} pixels, its truth {width} x {height}")


def _check_weights(truth: Mask, weights: PseudoWeights) -> None:
    """Refuse weights that were made for another page."""
    for plane in (weights.recall, weights.precision):
        if plane.shape != truth.shape:
            raise InputError(f"the weights have shape {plane.shape}, the truth {truth.shape}")


def _ratio(part: float, whole: float) -> float:
    """``part / whole``, and 0 of nothing."""
    return part / whole if whole else 0.0


def _count(mask: Mask) -> int:
    """How many pixels are True."""
    return int(np.count_nonzero(mask))


def _total(weights: NDArray[np.float32], where: Mask) -> float:
    """The sum of the weights under a mask, in double precision."""
    return float(np.sum(weights, where=where, dtype=np.float64))


def drd_weights() -> NDArray[np.float64]:
    """Reciprocal distances from the centre of the window, 0 there, summing to 1: float64 [5, 5]."""
    axis = np.arange(-DRD_REACH, DRD_REACH + 1)
    distance = np.hypot(axis[:, None], axis)
    reciprocal = np.divide(1.0, distance, out=np.zeros_like(distance), where=distance > 0)
    return np.asarray(reciprocal / reciprocal.sum(), dtype=np.float64)


def _mixed_blocks(truth: Mask) -> int:
    """How many whole 8 x 8 blocks, counted from the top left, hold both colours."""
    rows, columns = (side // DRD_BLOCK for side in truth.shape)
    whole = truth[: rows * DRD_BLOCK, : columns * DRD_BLOCK]
    blocks = whole.reshape(rows, DRD_BLOCK, columns, DRD_BLOCK)
    ink_per_block = blocks.sum(axis=(1, 3))
    return _count((ink_per_block > 0) & (ink_per_block < DRD_BLOCK**2))


def _outline(mask: Mask) -> Mask:
    """The pixels of a mask that have a 4-neighbour in the picture and outside the mask."""
    framed = np.pad(mask, 1, constant_values=True)
    inner = framed[:-2, 1:-1] & framed[2:, 1:-1] & framed[1:-1, :-2] & framed[1:-1, 2:]
    return mask & ~inner


def _grown(outline: Mask, radius: float) -> Mask:
    """A mask dilated by a disk; meant for thin masks, whose pixels it visits one by one."""
    reach = math.floor(radius)
    canvas = np.pad(np.zeros_like(outline), reach)
    rows, columns = np.nonzero(outline)
    for down in range(2 * reach + 1):
        for right in range(2 * reach + 1):
            if math.hypot(down - reach, right - reach) <= radius:
                canvas[rows + down, columns + right] = True
    height, width = outline.shape
    return canvas[reach : reach + height, reach : reach + width]
