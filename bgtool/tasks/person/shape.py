"""The shape of a mask put right: what floats alone goes, and small holes close."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bgtool.imaging.components import components, dilated

Plane = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

SUPPORT = 0.05
"""Alpha from which on a pixel belongs to an island; islands joined by a soft edge are one."""

PERSON = 0.5
"""Alpha from which on a pixel is called a person's."""

SPECK_SHARE = 0.05
"""An island with less than this share of the largest one's pixels may go."""

FLOATING_SHARE = 0.1
"""The same before a blurred background, which is where passers-by belong."""

FAR = 0.2
"""An island stays as long as it is nearer to a larger one than this, in roots of the largest one's pixels."""

HOLE_SHARE = 0.003
"""A hole with less than this share of all the person's pixels closes, if the network leaves a doubt in it."""

DOUBT = 0.2
"""Mean alpha in a hole from which on there is a doubt."""

UNCERTAIN = 0.2
"""Alpha from which on a pixel has a say in whether an island is a find or a doubt."""

LIKELY = 0.5
"""Jaccard index that an island can be expected to reach if it is to count as a find."""

RIM = 3
"""Pixels around a hole that become opaque with it, where its edge was soft."""


def bodies(alpha: Plane, share: float = SPECK_SHARE) -> Mask:
    """Which pixels belong to people: not to small islands far from any larger one, nor to those without a `PERSON`.

    Args:
        alpha: float32 [h, w], 0..1.
        share: see `SPECK_SHARE`.

    Returns:
        bool [h, w]; where it is False in what has alpha, that is a speck.
    """
    islands = components(alpha >= SUPPORT)
    sizes = np.bincount(islands.ravel(), weights=(alpha >= PERSON).ravel())
    sizes[0] = 0
    kept = sizes >= max(1.0, share * sizes.max())
    body = kept[islands]
    around = dilated(body, math.ceil(FAR * math.sqrt(sizes.max())))
    kept[np.unique(islands[around & (alpha >= PERSON)])] = True
    kept[0] = False
    result: Mask = kept[islands]
    return result


def without_specks(alpha: Plane, share: float = SPECK_SHARE) -> Plane:
    """Alpha, float32 [h, w], 0..1, with 0 where `bodies` are not."""
    return np.where(bodies(alpha, share), alpha, np.float32(0))


def without_doubtful(alpha: Plane) -> Plane:
    """Alpha, float32 [h, w], 0..1, with 0 in islands that are more likely wrong than right.

    Alpha is taken for probability: of the pixels that are called a person's, and of those around them that may be, the
    share is told on which the island can be expected to agree with the truth.
    """
    islands = components(alpha >= UNCERTAIN)
    person = alpha >= PERSON
    right, all_of_it = (
        np.bincount(islands.ravel(), weights=np.where(person, value, other).ravel())
        for value, other in ((alpha, 0), (1, alpha))
    )
    kept = right >= LIKELY * all_of_it
    kept[0] = True
    return np.where(kept[islands], alpha, np.float32(0))


def largest(alpha: Plane) -> Mask:
    """The pixels of the largest island of an alpha, float32 [h, w], 0..1: bool [h, w]."""
    islands = components(alpha >= PERSON)
    sizes = np.bincount(islands.ravel())
    sizes[0] = 0
    result: Mask = islands == sizes.argmax()
    return result


def moved(alpha: Pixels, distance: int) -> Pixels:
    """Alpha, uint8 [H, W], whose outline is moved by so many pixels: outwards, or inwards where it is below 0.

    Steps through a square and a diamond by turns, so that a corner becomes an octagon's. Beyond the frame it goes on.
    """
    choose = np.maximum if distance > 0 else np.minimum
    for step in range(abs(distance)):
        sides = np.pad(alpha, 1, mode="edge")
        across = choose(choose(sides[1:-1, :-2], sides[1:-1, 2:]), alpha)
        if step % 2:
            alpha = choose(choose(sides[:-2, 1:-1], sides[2:, 1:-1]), across)
        else:
            across = np.pad(across, ((1, 1), (0, 0)), mode="edge")
            alpha = choose(choose(across[:-2], across[2:]), across[1:-1])
    return alpha


def without_holes(alpha: Plane) -> Plane:
    """Alpha, float32 [h, w], 0..1, with 1 in holes that are small and in doubt; an arm akimbo encloses a sure one."""
    gaps = components(alpha < PERSON)
    sizes = np.bincount(gaps.ravel())
    doubts = np.bincount(gaps.ravel(), weights=alpha.ravel()) / np.maximum(sizes, 1)
    closing = (sizes < HOLE_SHARE * sizes[0]) & (doubts >= DOUBT)
    closing[0] = False
    for border in (gaps[0], gaps[-1], gaps[:, 0], gaps[:, -1]):
        closing[border] = False
    hole = closing[gaps]
    return np.where(hole | dilated(hole, RIM) & (alpha >= PERSON), np.float32(1), alpha)
