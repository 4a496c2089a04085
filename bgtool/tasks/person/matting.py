"""The edge of a person: alpha that follows the picture's own edges, and edge colours without the old background.

Both are worked out on a small copy of the photo, the guide, as fields that change slowly; applying them to a pixel of
the full photo then takes a few products. Planes are float32 [h, w], 0..1, pictures uint8 [h, w, 3]; radii are in
pixels of the network's largest view, of which the guide has `scale` per side. Figures stand in docs/guides/cutout.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageFilter

from bgtool.imaging.components import dilated
from bgtool.imaging.pixels import Array
from bgtool.tasks.person.planes import (
    Part,
    Plane,
    Planes,
    blurred,
    box_mean,
    doubled,
    doubtful,
    halved,
    inner,
    levels,
    parts,
    unit,
)

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

BESIDE = 3
"""Pixels of the guide around doubt whose colours are worked out with it, since the photo's lie between them."""

LEAST_COVER = 1e-3
"""Share of a square below which a weighted mean is no longer its own."""


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


def fit_alpha(guide: Array, alpha: Plane, scale: float) -> Planes:
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
    half = np.stack([halved(unit(guide[..., channel])) for channel in range(3)])
    fit, alpha = np.empty((4, *alpha.shape), np.float32), alpha.copy()
    reach = 2 * (round(FIT_RADIUS * scale / 2) + round(MEAN_RADIUS * scale / 2)) + 4  # how far one round looks
    places: list[Part] = []
    for _ in range(ROUNDS):
        for place in places:
            alpha[place] = settle(apply_alpha(fit[:, *place], guide[place]))
        fit[:3], fit[3] = 0, alpha
        doubts = list(parts(doubtful(alpha), reach))
        for place, around in doubts:
            rows, columns = (slice(side.start // 2, -(-side.stop // 2)) for side in around)
            fit[:, *place] = fit_once(half[:, rows, columns], alpha[around], inner(place, around), scale)
        places = [place for place, _ in doubts]
    return fit


def fit_once(half: Planes, alpha: Plane, place: Part, scale: float) -> Planes:
    """One round of `fit_alpha`, which see, at a place within a part; of the guide at half its size, [3, h/2, w/2]."""
    coarse = halved(alpha)
    weight = (2 * coarse - 1) ** 2 + LEAST_WEIGHT
    found = regress(np.stack([*half, coarse]), weight, max(1, round(FIT_RADIUS * scale / 2)))
    planes = box_mean(found, round(MEAN_RADIUS * scale / 2))
    fit, alpha = np.stack([doubled(plane, place) for plane in planes]), alpha[place]
    trust = fit[4] * (1 - (2 * alpha - 1) ** 4)
    fit[:4] *= GAIN * trust
    fit[3] += trust * (1 - GAIN) / 2 + (1 - trust) * alpha  # the gain turns the line around alpha 1/2
    return fit[:4]


def regress(values: Planes, weight: Plane, radius: int) -> Planes:
    """Weighted linear regression of alpha on colour over the square around each pixel.

    Args:
        values: colour and alpha, float32 [4, h, w].
        weight: float32 [h, w].
        radius: of the squares.

    Returns:
        Three slopes, an offset and the share of alpha's variance that they explain, 0..1: float32 [5, h, w].
    """
    first, second = np.triu_indices(4)
    moments = np.concatenate([np.ones_like(weight)[None], values, values[first] * values[second]])
    moments = box_mean(weight * moments, radius)
    moments /= moments[0].copy()
    means = moments[1:5]
    covariance = np.empty((4, 4, *weight.shape), np.float32)
    covariance[first, second] = moments[5:] - means[first] * means[second]
    covariance[second, first] = covariance[first, second]
    covariance[range(4), range(4)] += NOISE
    with_alpha = covariance[:3, 3]
    slopes = solve3(covariance[:3, :3], with_alpha)
    offset = means[3] - (slopes * means[:3]).sum(axis=0)
    explained = np.clip((slopes * with_alpha).sum(axis=0) / covariance[3, 3], 0, 1)
    return np.stack([*slopes, offset, explained])


def solve3(matrix: Planes, right: Planes) -> Planes:
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
    solution: Planes = sum(row * value for row, value in zip(adjugate, right, strict=True)) / determinant
    return solution


def cross(a: Planes, b: Planes) -> Planes:
    """Cross products of vectors that lie along the first axis: [3, h, w]."""
    return np.stack([a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3)])


def apply_alpha(fit: Planes | Sequence[Plane], colours: Array) -> Plane:
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
    weights = alpha * visible, (1 - alpha) * visible
    seen = person = background = np.ascontiguousarray(np.moveaxis(unit(guide), 2, 0))
    for radius in radii:
        totals = [cover(weight, [radius]) for weight in weights]
        around = weighted_mean(person, weights[0], totals[0], [radius], person)
        background = weighted_mean(background, weights[1], totals[1], [radius], background)
        person = unmixed(alpha, seen, around, background)
    return levels(np.moveaxis(around, 0, 2)), levels(np.moveaxis(background, 0, 2))


def cover(weight: Plane, radii: Sequence[int]) -> Plane:
    """How much weight lies around each pixel, for `weighted_mean`: float32 [h, w]."""
    total = blurred(weight, radii)
    total += LEAST_COVER
    return total


def weighted_mean(
    planes: Planes, weight: Plane, total: Plane, radii: Sequence[int], otherwise: Planes | np.float32
) -> Planes:
    """Means of planes, weighted, over squares of these radii one after the other.

    Args:
        planes: float32 [..., h, w].
        weight: float32 [h, w], and `total` its `cover`.
        radii: in pixels.
        otherwise: what shows where there is no weight around.
    """
    mean: Planes = blurred(weight * planes, radii)
    mean += LEAST_COVER * otherwise
    mean /= total
    return mean


def clean_colours(colours: Array, alpha: Plane, person: Array, background: Array) -> Array:
    """The person's own colour at each pixel: what has to be mixed with the background to give what is seen.

    Where alpha is 0 or 1 it is what is seen.

    Args:
        colours: what is seen, uint8 [h, w, 3].
        alpha: float32 [h, w], 0..1.
        person, background: colours as `fit_colours` gives them, of the same size.
    """
    cleaned, mixed = colours.copy(), np.flatnonzero(doubtful(alpha))
    planes = (unit(picture.reshape(-1, 3)[mixed]) for picture in (colours, person, background))
    cleaned.reshape(-1, 3)[mixed] = levels(unmixed(alpha.reshape(-1, 1)[mixed], *planes))
    return cleaned


def unmixed(alpha: Plane, seen: Plane, person: Plane, background: Plane) -> Plane:
    """`clean_colours` of any values, float32, 0..1. Forte 2021: F = f + alpha · (I - alpha·f - (1 - alpha)·b)."""
    mixed = background + alpha * (person - background)
    own: Plane = np.clip(person + alpha * (seen - mixed), 0, 1)
    return own
