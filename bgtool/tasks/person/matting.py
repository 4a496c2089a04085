"""The edge of a person: alpha that follows the picture's own edges, and edge colours without the old background.

Both are worked out on a small copy of the photo, the guide, as fields that change slowly; applying them to a pixel of
the full photo then takes a few products. Planes are float32 [h, w], 0..1, pictures uint8 [h, w, 3]; radii are in
pixels of the network's largest view, of which the guide has `scale` per side. Figures stand in docs/guides/cutout.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from bgtool.imaging.components import dilated
from bgtool.imaging.pixels import Array

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Part = tuple[slice, slice]

SETTLED = 0.03
"""Alpha of the network this near to 0 or 1 is 0 or 1: there the picture has no say."""

UNSURE = 0.3
"""The same away from edges between what is surely a person and what is surely not: alpha in between is doubt there, not
the softness of an edge, and would lie over the picture as fog."""

EDGE_REACH = 6
"""Pixels of the network's alpha from such an edge within which alpha may be soft."""

FIT_RADIUS = 5.0
"""Of the squares in which alpha is explained by colour."""

MEAN_RADIUS = 0.5
"""Of the squares over which explanations are averaged: just enough to hide their borders."""

ROUNDS = 4
"""Times that alpha is explained; each starts from what the last one found, so that an edge can travel."""

NOISE = 1e-4
"""Variance of colours below which little is learnt from them: 2.5 of 255 levels, squared."""

LEAST_WEIGHT = 0.02
"""Weight of a pixel of which the network knows nothing; a pixel of which it is sure has 1."""

GAIN = 1.2
"""A regression is drawn towards the mean; this much steeper, it is not."""

COLOUR_RADII = (4.0, 1.25)
"""Of the squares from which the colours of person and background come, wide and narrow."""

BAND = 128
"""Rows of the guide that are worked at a time, where there is doubt in them."""

BESIDE = 3
"""Pixels of the guide around doubt whose colours are worked out with it, since the photo's lie between them."""

LEAST_COVER = 1e-3
"""Share of a square below which a weighted mean is no longer its own."""


def unit(pixels: Array) -> NDArray[np.float32]:
    """Grey levels as values 0..1."""
    values: NDArray[np.float32] = pixels * np.float32(1 / 255)
    return values


def levels(values: NDArray[np.float32]) -> Array:
    """Values 0..1 as grey levels."""
    rounded: Array = np.rint(values * 255).astype(np.uint8)
    return rounded


def box_mean(plane: Plane, radius: int) -> Plane:
    """Mean over a square of side 2·radius + 1, as if the edge of the plane went on outwards: float32 [h, w].

    Sums of shifted rows: at the radii of this module four times as fast as differences of running sums.
    """
    for _ in range(2):
        padded = np.pad(plane, ((radius, radius), (0, 0)), mode="edge")
        total = padded[: len(plane)].copy()
        for shift in range(1, 2 * radius + 1):
            total += padded[shift : shift + len(plane)]
        total /= 2 * radius + 1
        plane = np.ascontiguousarray(total.T)
    return plane


def settle(alpha: Plane, least: float = SETTLED) -> Plane:
    """The network's alpha with what is at most `least` from 0 or 1 made exactly so."""
    settled: Plane = np.clip((alpha - least) / (1 - 2 * least), 0, 1)
    return settled


def without_fog(alpha: Plane) -> Plane:
    """The network's alpha, float32 [h, w], 0..1, with doubt away from edges brought near to 0 or 1."""
    seen = levels(alpha)
    person, ground = (dilated(sure, EDGE_REACH) for sure in (seen > 255 * (1 - UNSURE), seen < 255 * UNSURE))
    picture = Image.fromarray((person & ground).astype(np.uint8) * 255)
    edge = unit(np.asarray(picture.filter(ImageFilter.BoxBlur(EDGE_REACH / 2))))
    return edge * alpha + (1 - edge) * settle(alpha, UNSURE)


def fit_alpha(guide: Array, alpha: Plane, scale: float) -> NDArray[np.float32]:
    """Alpha as an affine function of colour, another one at each pixel.

    A colour guided filter (He, Sun and Tang, "Guided Image Filtering", TPAMI 2013) whose regressions are made on a
    copy of half the size (He and Sun, "Fast Guided Filter", 2015), with four changes. Pixels count by how sure the
    network is of them, so that the band it has blurred does not water the regression down. The filter is trusted by the
    share of alpha's variance that colour explains: where a person wears the colours of the wall, the network's alpha
    stays. It is trusted only where there is a doubt left. And it is repeated: what one round has settled is what the
    next one learns from.

    Args:
        guide: uint8 [h, w, 3].
        alpha: float32 [h, w], settled.
        scale: pixels of the guide per pixel of the network's largest view.

    Returns:
        float32 [4, h, w]: three slopes and an offset. Alpha = slopes · colour + offset, clipped to 0..1; where the
        given alpha is 0 or 1, slopes are 0 and the offset is that alpha.
    """
    half = np.stack([resized(unit(guide[..., channel]), halved(alpha.shape)) for channel in range(3)])
    whole = np.empty((4, *alpha.shape), np.float32)
    reach = 2 * (round(FIT_RADIUS * scale / 2) + round(MEAN_RADIUS * scale / 2)) + 4  # how far one round looks
    for number in range(ROUNDS):
        alpha = settle(apply_alpha(whole, guide)) if number else alpha
        whole[:3], whole[3] = 0, alpha
        for place, around in parts(doubtful(alpha), reach):
            rows, columns = (slice(side.start // 2, -(-side.stop // 2)) for side in around)
            fit = fit_once(half[:, rows, columns], alpha[around], scale)
            whole[:, *place] = fit[:, *inner(place, around)]
    return whole


def doubtful(alpha: Plane) -> Mask:
    """Where alpha is neither 0 nor 1: bool [h, w]. All work along the edge is done there."""
    result: Mask = (alpha > 0) & (alpha < 1)
    return result


def parts(doubt: Mask, reach: int) -> Iterator[tuple[Part, Part]]:
    """Rectangles that hold all doubt: bands of `BAND` rows, cut where no doubt is over more than twice the reach.

    Each comes alone and with so many pixels around it, an even number, which end at the frame. All begin at even pixels
    and end at even ones or at the frame.
    """
    height, width = doubt.shape
    reach += reach % 2
    for top in range(0, height, BAND):
        rows = slice(top, min(top + BAND, height))
        places = np.flatnonzero(doubt[rows].any(axis=0))
        for run in np.split(places, np.flatnonzero(np.diff(places) > 2 * reach) + 1):
            if run.size:
                columns = slice(int(run[0]) // 2 * 2, min(int(run[-1]) // 2 * 2 + 2, width))
                above, left = max(0, rows.start - reach), max(0, columns.start - reach)
                around = slice(above, min(rows.stop + reach, height)), slice(left, min(columns.stop + reach, width))
                yield (rows, columns), around


def inner(place: Part, around: Part) -> Part:
    """The place within what lies around it."""
    rows, columns = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(place, around, strict=True))
    return rows, columns


def fit_once(half: NDArray[np.float32], alpha: Plane, scale: float) -> NDArray[np.float32]:
    """One round of `fit_alpha`, which see, by the guide at half its size, float32 [3, h, w]."""
    coarse = resized(alpha, half.shape[1:])
    weight = (2 * coarse - 1) ** 2 + LEAST_WEIGHT
    fit, explained = regress(half, coarse, weight, max(1, round(FIT_RADIUS * scale / 2)))
    radius = round(MEAN_RADIUS * scale / 2)
    trust = resized(box_mean(explained, radius), alpha.shape) * (1 - (2 * alpha - 1) ** 4)
    fine = np.empty((4, *alpha.shape), np.float32)
    for index, plane in enumerate(fit):
        fine[index] = GAIN * trust * resized(box_mean(plane, radius), alpha.shape)
    fine[3] += trust * (1 - GAIN) / 2 + (1 - trust) * alpha  # the gain turns the line around alpha 1/2
    return fine


def halved(shape: tuple[int, ...]) -> tuple[int, int]:
    """Half a height and width, rounded up."""
    return -(-shape[0] // 2), -(-shape[1] // 2)


def resized(plane: Plane, shape: tuple[int, ...]) -> Plane:
    """A plane at another height and width: means of what is covered where it shrinks, else between its pixels."""
    method = Image.Resampling.BOX if shape < plane.shape else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize((shape[1], shape[0]), method))


def regress(
    channels: NDArray[np.float32], alpha: Plane, weight: Plane, radius: int
) -> tuple[NDArray[np.float32], Plane]:
    """Weighted linear regression of alpha on colour, float32 [3, h, w], over the square around each pixel.

    Returns:
        Three slopes and an offset, float32 [4, h, w], and the share of alpha's variance that they explain, 0..1.
    """
    total = box_mean(weight, radius)

    def mean(plane: Plane) -> Plane:
        return box_mean(weight * plane, radius) / total

    means, mean_alpha = [mean(channel) for channel in channels], mean(alpha)
    with_alpha = np.stack([mean(c * alpha) - m * mean_alpha for c, m in zip(channels, means, strict=True)])
    covariance = np.empty((3, 3, *alpha.shape), np.float32)
    for i in range(3):
        for j in range(i, 3):
            covariance[i, j] = covariance[j, i] = mean(channels[i] * channels[j]) - means[i] * means[j]
        covariance[i, i] += NOISE
    slopes = solve3(covariance, with_alpha)
    offset = mean_alpha - (slopes * np.stack(means)).sum(axis=0)
    variance = mean(alpha**2) - mean_alpha**2 + 1e-4
    explained: Plane = np.clip((slopes * with_alpha).sum(axis=0) / variance, 0, 1)
    return np.stack([*slopes, offset]), explained


def solve3(matrix: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Solve a symmetric system of three equations at each pixel, by Cramer's rule.

    Args:
        matrix: float32 [3, 3, h, w], positive definite.
        right: float32 [3, h, w].

    Returns:
        float32 [3, h, w].
    """
    first, second, third = matrix
    adjugate = cross(second, third), cross(third, first), cross(first, second)
    determinant = (first * adjugate[0]).sum(axis=0)
    solution: NDArray[np.float32] = sum(row * value for row, value in zip(adjugate, right, strict=True)) / determinant
    return solution


def cross(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cross products of vectors that lie along the first axis: [3, h, w]."""
    return np.stack([a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3)])


def apply_alpha(fit: NDArray[np.float32], colours: Array) -> Plane:
    """Alpha of a uint8 picture by a fit, as `fit_alpha` gives it, of the same size: float32 [h, w], 0..1."""
    alpha: Plane = fit[3].copy()
    for channel in range(3):
        alpha += fit[channel] * unit(colours[..., channel])
    return np.clip(alpha, 0, 1, out=alpha)


def fit_colours(guide: Array, alpha: Plane, visible: Plane, scale: float) -> tuple[Array, Array]:
    """The colours of person and background around each pixel, both as if the other were not there.

    Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021: means weighted by alpha and by its complement,
    over a wide square and then, starting from what that gave, over a narrow one.

    Args:
        guide: uint8 [h, w, 3].
        alpha: float32 [h, w], 0..1.
        visible: float32 [h, w], how far the guide's colours are those of the photo; 0 where it is transparent.
        scale: pixels of the guide per pixel of the network's largest view.

    Returns:
        Person and background, uint8 [h, w, 3] each; both the guide's own colours away from doubt.
    """
    found = guide.copy(), guide.copy()
    radii = [max(1, round(radius * scale)) for radius in COLOUR_RADII]
    for place, around in parts(dilated(doubtful(alpha), BESIDE), sum(radii)):
        fitted = fit_part(guide[around], alpha[around], visible[around], radii)
        for whole, part in zip(found, fitted, strict=True):
            whole[place] = part[inner(place, around)]
    return found


def fit_part(guide: Array, alpha: Plane, visible: Plane, radii: Sequence[int]) -> tuple[Array, Array]:
    """`fit_colours` over a part, radii in pixels; at its border it lacks what lies beyond."""
    found = np.empty_like(guide), np.empty_like(guide)
    rounds = [[radius] for radius in radii]
    weights = alpha * visible, (1 - alpha) * visible
    covers = [[cover(weight, radii) for weight in weights] for radii in rounds]
    for channel in range(3):
        seen = person = background = unit(guide[..., channel])
        for radii, totals in zip(rounds, covers, strict=True):
            around = weighted_mean(person, weights[0], totals[0], radii, person)
            background = weighted_mean(background, weights[1], totals[1], radii, background)
            person = unmixed(alpha, seen, around, background)
        for picture, plane in zip(found, (around, background), strict=True):
            picture[..., channel] = levels(plane)
    return found


def cover(weight: Plane, radii: Sequence[int]) -> Plane:
    """How much weight lies around each pixel, for `weighted_mean`: float32 [h, w]."""
    total = blurred(weight, radii)
    total += LEAST_COVER
    return total


def weighted_mean(
    plane: Plane, weight: Plane, total: Plane, radii: Sequence[int], otherwise: Plane | np.float32
) -> Plane:
    """Means of a plane, weighted, over squares of these radii one after the other.

    Args:
        plane: float32 [h, w].
        weight: float32 [h, w], and `total` its `cover`.
        radii: in pixels.
        otherwise: what shows where there is no weight around.
    """
    mean: Plane = blurred(weight * plane, radii)
    mean += LEAST_COVER * otherwise
    mean /= total
    return mean


def blurred(plane: Plane, radii: Sequence[int]) -> Plane:
    """One `box_mean` after the other."""
    for radius in radii:
        plane = box_mean(plane, radius)
    return plane


def clean_colours(colours: Array, alpha: Plane, person: Array, background: Array) -> Array:
    """The person's own colour at each pixel: what has to be mixed with the background to give what is seen.

    Where alpha is 0 or 1 it is what is seen.

    Args:
        colours: what is seen, uint8 [h, w, 3].
        alpha: float32 [h, w], 0..1.
        person, background: colours as `fit_colours` gives them, of the same size.
    """
    cleaned, mixed = colours.copy(), doubtful(alpha)
    planes = (unit(picture[mixed]) for picture in (colours, person, background))
    cleaned[mixed] = levels(unmixed(alpha[mixed][:, None], *planes))
    return cleaned


def unmixed(alpha: Plane, seen: Plane, person: Plane, background: Plane) -> Plane:
    """`clean_colours` of any values, float32, 0..1. Forte 2021: F = f + alpha · (I - alpha·f - (1 - alpha)·b)."""
    mixed = background + alpha * (person - background)
    own: Plane = np.clip(person + alpha * (seen - mixed), 0, 1)
    return own
