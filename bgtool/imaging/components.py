"""Connected parts of a plane of True and False, and what lies near them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]


def components(mask: Mask) -> Labels:
    """Number the 8-connected components of a mask, bool [H, W], from 1: int32 [H, W], 0 where it is False."""
    stride = mask.shape[1] + 2
    return label(np.pad(mask, 1).ravel(), stride).reshape(-1, stride)[1:-1, 1:-1]


def label(ink: Mask, stride: int) -> Labels:
    """The same of a plane whose border is False, row after row: bool [H · stride] to int32 [H · stride].

    Horizontal runs are joined with those they touch in the row above, all at once: every root yields to the smallest
    root it touches, then every run looks up its new root, until touching runs have one root.
    """
    edges = np.flatnonzero(ink[1:] != ink[:-1]) + 1
    starts, ends = edges[0::2], edges[1::2]
    first = np.searchsorted(ends, starts - stride - 1, side="right")
    touching = np.maximum(np.searchsorted(starts, ends - stride + 1, side="left") - first, 0)
    lower = np.repeat(np.arange(starts.size), touching)
    upper = np.arange(lower.size) + np.repeat(first - np.cumsum(touching) + touching, touching)

    root = np.arange(starts.size)
    while lower.size:
        one, other = root[lower], root[upper]
        np.minimum.at(root, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(root, root[root]):
            root = root[root]
        apart = root[lower] != root[upper]
        lower, upper = lower[apart], upper[apart]

    labels = np.zeros(ink.size, dtype=np.int32)
    names = np.unique(root, return_inverse=True)[1].astype(np.int32) + 1
    labels[ink] = np.repeat(names, ends - starts)
    return labels


def dilated(mask: Mask, radius: int) -> Mask:
    """Where a square of side 2·radius + 1 around a pixel holds anything True: bool [H, W]."""
    for _ in range(2):
        mask = np.pad(mask, ((radius, radius), (0, 0)))
        span, length = 1, 2 * radius + 1
        while span < length:
            step = min(span, length - span)
            mask, span = mask[:-step] | mask[step:], span + step
        mask = np.ascontiguousarray(mask.T)
    return mask
