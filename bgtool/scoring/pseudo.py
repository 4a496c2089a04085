"""The weights of the pseudo-F-measure, computed from a ground truth alone.

Ntirogiannis, Gatos and Pratikakis, "Performance evaluation methodology for historical document image binarization",
IEEE Trans. Image Processing 22(2), 2013. Losing the core of a stroke costs more than shaving its edge (recall, eq. 2
and 3); false ink costs more towards the end of its stroke's reach, and most where it joins two components (precision,
eq. 10 and 11).

The paper leaves much open. What is done here follows the weight files that the contest's own program writes:

- all distances are chessboard distances from the contour: the ink pixels with a 4-neighbour that is no ink;
- the skeleton is that of Zhang and Suen, freed of its staircase corners;
- a recall weight is the distance over the product of the stroke's two half widths at the nearest skeleton pixel, so
  that every cross-section of a stroke weighs about 1, whatever its width;
- a precision weight is the distance over the stroke width of the nearest component or, between two components closer
  than that, over half the gap.

All functions below `pseudo_weights` work on *planes*: images with a frame of one blank pixel, flattened. The neighbours
of pixel ``i`` are ``i + ring``, clockwise from the north, and no index leaves the plane.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bgtool.imaging.components import label

Mask = NDArray[np.bool_]
Ints = NDArray[np.int32]
Indices = NDArray[np.intp]
Weights = NDArray[np.float32]

NOWHERE = -1  # value of a pixel that a flood has not reached; below every value that is flooded


@dataclass(frozen=True)
class PseudoWeights:
    """Both weight maps of one ground truth.

    Attributes:
        recall: float32 [H, W], from 0 on the contour up to about 1 inside the stroke; 0 off the ink.
        precision: float32 [H, W], 0 on ink and far from it, rising from the contour to about 1; as the contest's
            program stores it, that is without the 1 that every pixel weighs by itself.
    """

    recall: Weights
    precision: Weights


def pseudo_weights(truth: Mask) -> PseudoWeights:
    """Weigh every pixel of a ground truth.

    Args:
        truth: bool [H, W], True = ink. A page without ink weighs 0 everywhere.
    """
    stride = truth.shape[1] + 2
    ring = np.array([-stride, 1 - stride, 1, 1 + stride, stride, stride - 1, -1, -1 - stride], dtype=np.intp)
    ink = np.pad(truth, 1).ravel()
    paper = np.pad(~truth, 1).ravel()
    contour = ink.copy()
    inner = np.flatnonzero(ink)
    contour[inner] = ~(ink[inner + ring[0]] & ink[inner + ring[2]] & ink[inner + ring[4]] & ink[inner + ring[6]])

    labels = label(ink, stride)
    recall, skeleton, half_widths = _recall(ink, contour, labels, ring)
    widths = _stroke_widths(labels[skeleton], half_widths, count=int(labels.max()))
    precision = _precision(paper, contour, labels, widths, ring)

    def image(plane: Weights) -> Weights:
        return plane.reshape(-1, stride)[1:-1, 1:-1]

    return PseudoWeights(image(recall), image(precision))


def _recall(ink: Mask, contour: Mask, labels: Ints, ring: Indices) -> tuple[Weights, Indices, Ints]:
    """Recall weights, the skeleton's pixels, and the larger half width of the stroke at each of them."""
    thinned = thin(ink, ring)
    distance = distances(layers(contour, ink, ring), ink.size)
    _seed_lost_components(thinned, labels, distance)
    skeleton = np.flatnonzero(thinned)
    distance[skeleton[contour[skeleton]]] = 1
    _raise_ridge(distance, skeleton, ring)

    from_skeleton = layers(thinned, ink, ring)
    half_widths = _half_widths(distance, from_skeleton, contour, skeleton, ring)
    cross_section = np.full(ink.size, NOWHERE, dtype=np.int32)
    cross_section[skeleton] = distance[skeleton] * half_widths
    flood(cross_section, from_skeleton, ring)

    weights = np.zeros(ink.size, dtype=np.float32)
    inside = np.flatnonzero(distance > 0)
    weights[inside] = distance[inside] / cross_section[inside]
    return weights, skeleton, half_widths


def _precision(paper: Mask, contour: Mask, labels: Ints, widths: Ints, ring: Indices) -> Weights:
    """Precision weights; ``widths`` holds the stroke width of each component, 0 for label 0."""
    weights = np.zeros(paper.size, dtype=np.float32)
    order = np.argsort(widths, kind="stable")
    rank = np.empty_like(order, dtype=np.int32)
    rank[order] = np.arange(order.size, dtype=np.int32)

    # The highest rank among the nearest contour pixels gives the widest stroke; a second rank, a second component.
    from_contour = layers(contour, paper, ring, limit=int(widths.max()))
    near = np.concatenate(from_contour[1:]) if len(from_contour) > 1 else np.empty(0, dtype=np.intp)
    highest = np.full(paper.size, NOWHERE, dtype=np.int32)
    highest[contour] = rank[labels[contour]]
    lowest = np.where(highest == NOWHERE, NOWHERE, order.size - highest).astype(np.int32)
    flood(highest, from_contour, ring)
    flood(lowest, from_contour, ring)

    distance = distances(from_contour, paper.size)
    reach = widths[order[highest[near]]]
    within = distance[near] <= reach
    near, reach = near[within], reach[within]

    midline = np.zeros(paper.size, dtype=np.bool_)
    midline[near] = highest[near] + lowest[near] != order.size
    from_midline = layers(midline, paper, ring, limit=int(widths.max()))
    half_gap = np.where(midline, distance, NOWHERE).astype(np.int32)
    flood(half_gap, from_midline, ring)
    to_midline = distances(from_midline, paper.size)[near]

    merging = (to_midline >= 0) & (distance[near] + to_midline <= reach)
    weights[near] = distance[near] / np.where(merging, np.minimum(half_gap[near], reach), reach)
    return weights


def _seed_lost_components(thinned: Mask, labels: Ints, distance: Ints) -> None:
    """Give each component that was thinned to nothing (a 2 x 2 square) one of its deepest pixels as skeleton."""
    inked = np.flatnonzero(labels)
    deepest = np.zeros(int(labels.max()) + 1, dtype=np.intp)
    by_depth = inked[np.argsort(distance[inked], kind="stable")]
    deepest[labels[by_depth]] = by_depth  # of several, the last stays
    lost = np.ones(deepest.size, dtype=np.bool_)
    lost[0] = False
    lost[labels[thinned]] = False
    thinned[deepest[lost]] = True


def _raise_ridge(distance: Ints, skeleton: Indices, ring: Indices) -> None:
    """Add 1 where the skeleton runs over a flat ridge: its 4-neighbours are no nearer to the contour."""
    flat = np.ones(skeleton.size, dtype=np.bool_)
    for step in ring[0::2]:
        flat &= distance[skeleton + step] == distance[skeleton]
    distance[skeleton[flat]] += 1


def _half_widths(distance: Ints, from_skeleton: list[Indices], contour: Mask, skeleton: Indices, ring: Indices) -> Ints:
    """The stroke's larger half width at each skeleton pixel: its distance, or 1 more in a stroke of even width.

    Of the pixels inside the stroke that are nearest to a skeleton pixel, the last in reading order decides, as in the
    contest's program: when it is as far from the skeleton as the skeleton from the contour, the width is even.
    """
    to_skeleton = distances(from_skeleton, distance.size)
    last = np.where(distance > 0, np.arange(distance.size, dtype=np.int32), np.int32(NOWHERE))
    gather(last, from_skeleton, to_skeleton, ring)
    deciding = last[skeleton]
    to_skeleton[skeleton[~contour[skeleton]]] = 1
    widths = np.zeros(distance.size, dtype=np.int32)
    widths[skeleton] = distance[skeleton] + (to_skeleton[deciding] >= distance[skeleton])

    # An end of the skeleton is 1 wider than the only pixel it is joined to.
    on_skeleton = widths[skeleton[:, None] + ring]
    ends = np.count_nonzero(on_skeleton, axis=1) == 1
    widths[skeleton[ends]] = on_skeleton[ends].max(axis=1) + 1
    return widths[skeleton]


def _stroke_widths(component: Ints, half_widths: Ints, count: int) -> Ints:
    """Twice the mean half width, rounded down, of each component; index 0, no component, is 0."""
    total = np.bincount(component, weights=half_widths, minlength=count + 1)
    pixels = np.bincount(component, minlength=count + 1)
    return 2 * (total // np.maximum(pixels, 1)).astype(np.int32)


def take_neighbours(plane: Mask, pixels: Indices, ring: Indices) -> Indices:
    """Clear the pixels of ``plane`` (changed in place) that touch ``pixels``, and return them, each once."""
    taken = []
    for step in ring:
        reached = pixels + step
        reached = reached[plane[reached]]
        plane[reached] = False
        taken.append(reached)
    return np.concatenate(taken)


def layers(seeds: Mask, ground: Mask, ring: Indices, limit: int | None = None) -> list[Indices]:
    """Sort the pixels of ``ground`` by their chessboard distance from ``seeds``, walked over ground only.

    Layer 0 is the seeds, layer k the pixels at distance k; pixels farther than ``limit`` or out of reach are in none.
    """
    todo = ground & ~seeds
    found = [np.flatnonzero(seeds)]
    while found[-1].size and (limit is None or len(found) <= limit):
        found.append(take_neighbours(todo, found[-1], ring))
    return found if found[-1].size else found[:-1]


def distances(by_distance: list[Indices], size: int) -> Ints:
    """Turn layers into a plane of distances; -1 where no layer reaches."""
    plane = np.full(size, NOWHERE, dtype=np.int32)
    for distance, layer in enumerate(by_distance):
        plane[layer] = distance
    return plane


def flood(values: Ints, by_distance: list[Indices], ring: Indices) -> None:
    """Give each pixel the highest value among all its nearest seeds, in place.

    Pixels beyond layer 0 hold ``NOWHERE``. A pixel's nearest seeds are those of its neighbours one layer further in, so
    the values are handed on from layer to layer; neighbours that are not further in still hold ``NOWHERE``.
    """
    for layer in by_distance[1:]:
        best = values[layer + ring[0]]
        for step in ring[1:]:
            np.maximum(best, values[layer + step], out=best)
        values[layer] = best


def gather(values: Ints, by_distance: list[Indices], distance: Ints, ring: Indices) -> None:
    """Give each seed the highest value among all pixels that it is a nearest seed of: `flood` backwards, in place."""
    for outer in range(len(by_distance) - 1, 0, -1):
        layer = by_distance[outer]
        for step in ring:
            inwards = distance[layer + step] == outer - 1
            source = layer[inwards]
            target = source + step
            values[target] = np.maximum(values[target], values[source])


def _deletion_tables() -> tuple[tuple[Mask, Mask], Mask]:
    """Which of the 256 neighbourhoods lose their pixel: in Zhang and Suen's two passes, and at staircase corners.

    Bit k of a neighbourhood is the k-th neighbour, clockwise from the north.
    """
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1 == 1
    after = np.roll(bits, -1, axis=1)
    next_but_one = np.roll(bits, -2, axis=1)
    neighbours = bits.sum(axis=1)
    north, east, south, west = bits[:, 0::2].T

    entries = (~bits & after).sum(axis=1)
    border = (neighbours >= 2) & (neighbours <= 6) & (entries == 1)
    first = border & ~(north & east & south) & ~(east & south & west)
    second = border & ~(north & east & west) & ~(north & south & west)

    gaps = (~bits & (after | next_but_one))[:, 0::2].sum(axis=1)  # Yokoi's number for 8-connected figures
    return (first, second), (gaps == 1) & (neighbours >= 2)


ZHANG_SUEN, REMOVABLE = _deletion_tables()


def thin(ink: Mask, ring: Indices) -> Mask:
    """The skeleton of a plane: Zhang and Suen, "A fast parallel algorithm for thinning digital patterns", CACM 1984.

    Then every pixel that is neither an end nor needed to keep the figure connected goes, in reading order.
    """
    alive = ink.copy()
    everything = np.flatnonzero(alive)
    border = everything[neighbourhoods(alive, everything, ring) != 255]

    # A verdict changes only where a neighbour was deleted since the same pass last looked.
    pending = [border, border]
    while pending[0].size or pending[1].size:
        for turn in (0, 1):
            doomed = pending[turn][ZHANG_SUEN[turn][neighbourhoods(alive, pending[turn], ring)]]
            alive[doomed] = False
            exposed = take_neighbours(alive, doomed, ring)
            alive[exposed] = True
            pending[turn] = exposed
            other = pending[1 - turn]
            pending[1 - turn] = np.union1d(other[alive[other]], exposed)

    _remove_corners(alive, ring)
    return alive


def _remove_corners(alive: Mask, ring: Indices) -> None:
    """Delete removable pixels, in place, as a scan in reading order would: each after its removable predecessors."""
    earlier = ring[ring < 0]
    removable = np.zeros_like(alive)
    candidates = np.flatnonzero(alive)
    while True:
        candidates = candidates[REMOVABLE[neighbourhoods(alive, candidates, ring)]]
        if not candidates.size:
            return
        removable[candidates] = True
        due = candidates[~removable[candidates[:, None] + earlier].any(axis=1)]
        removable[candidates] = False
        alive[due] = False
        exposed = take_neighbours(alive, due, ring)
        alive[exposed] = True
        candidates = np.union1d(candidates[alive[candidates]], exposed)


def neighbourhoods(plane: Mask, pixels: Indices, ring: Indices) -> NDArray[np.uint8]:
    """The eight neighbours of each pixel as the bits of one byte, clockwise from the north."""
    packed = np.zeros(pixels.size, dtype=np.uint8)
    for bit, step in enumerate(ring):
        packed |= plane[pixels + step].view(np.uint8) << np.uint8(bit)
    return packed
