"""The edge step against plain bilinear upsampling: outlines, overlap and soft alpha, the network run at 160 px.

`python -m benchmarks.studies.edges` measures on the test sets; with `validation` behind it, on the validation part of
the training sets, which is where the parameters of `bgtool.tasks.person.matting` were chosen.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.api import source_of
from bgtool.runtime.session import Model, load_model
from bgtool.scoring.metrics import boundary_f_measure, jaccard
from bgtool.tasks.person.cutout import DEFAULT_TILE
from bgtool.tasks.person.scene import Scene
from bgtool.tasks.person.views import guide_of, predict
from training.data.pairs import Pair, find_pairs, split_members

DATA = Path(os.environ.get("BGTOOL_DATA", Path(__file__).parents[3] / "shared" / "data")) / "person"

WORKING_SIZE = 160
"""The photos are at most 560 px long; at the shipped size there would be little to upsample."""

VALIDATION_SHARE = 0.07

SOFT = ("aisegment60",)
"""Sets whose truth is alpha, not a mask."""

COMPUTED = ("viton_studio",)
"""Sets whose truth a program made: they say nothing of edges."""

SIGMA = 1.4
"""Of the Gaussian derivatives of the gradient error."""

Plane = NDArray[np.float32]
Figures = Mapping[str, float]


def main(split: str = "test") -> dict[str, dict[str, Figures]]:
    """Print the table; returns figures by set and step. Without the data, which is not part of the repository, {}."""
    if not DATA.is_dir():
        print(f"Edges: skipped, there is no {DATA} (set BGTOOL_DATA)")
        return {}
    model = load_model(task="person", device="cpu")
    model.card = replace(model.card, working_size=WORKING_SIZE, scales=(1.0,), mirrored=False, second_look=0.0)
    by_set: dict[str, list[dict[str, Figures]]] = {}
    for pair in pairs(split):
        by_set.setdefault(pair.set_name, []).append(measure(pair, model))
    sets = {name: mean_of(photos) for name, photos in by_set.items()}
    sets["all photos"] = mean_of([steps for photos in by_set.values() for steps in photos])
    print(f"Edges, {split}, network at {WORKING_SIZE} px")
    for name, steps in sets.items():
        for step, figures in steps.items():
            print(f"  {name:<22}{step:<10}" + "".join(f"{key} {value:.4f}  " for key, value in figures.items()))
    return sets


def pairs(split: str) -> list[Pair]:
    """The pairs of a split, ``test`` or ``validation``, of which every pixel is labelled."""
    if split == "test":
        return find_pairs(DATA / "test", "mask")
    found = split_members(find_pairs(DATA / "train", "mask", "ignore"), VALIDATION_SHARE)[1]
    return [pair for pair in found if pair.extra is None and pair.set_name not in COMPUTED]


def measure(pair: Pair, model: Model) -> dict[str, Figures]:
    """Figures of one photo by step."""
    with Image.open(pair.image) as photo, Image.open(pair.truth) as mask:
        source, truth = source_of(photo), np.asarray(mask.convert("L")) / np.float32(255)
    guide, _ = guide_of(source, WORKING_SIZE)
    bilinear = Image.fromarray(predict(guide, model)).resize(source.size, Image.Resampling.BILINEAR)
    refined = Scene.of(source, model).mask(DEFAULT_TILE, lambda pixels: None)
    steps = {"bilinear": np.asarray(bilinear), "bgtool": refined / np.float32(255)}
    return {step: figures(truth, alpha, pair.set_name in SOFT) for step, alpha in steps.items()}


def figures(truth: Plane, alpha: Plane, soft: bool) -> Figures:
    """What is measured of one alpha, float32 [h, w], 0..1."""
    masks = truth >= 0.5, alpha >= 0.5
    found = {"boundary F": boundary_f_measure(*masks), "Jaccard": jaccard(*masks)}
    if soft:
        difference = alpha - truth
        found |= {
            "SAD/1000": float(np.abs(difference).sum()) / 1000,
            "MSE": float((difference**2).mean()),
            "gradient/1000": gradient_error(truth, alpha) / 1000,
        }
    return found


def gradient_error(truth: Plane, alpha: Plane) -> float:
    """Sum of the squared differences between gradient magnitudes, as Rhemann et al., CVPR 2009, measure alpha."""
    return float(((gradient(truth) - gradient(alpha)) ** 2).sum())


def gradient(plane: Plane) -> Plane:
    """Magnitude of the gradient after a Gaussian of `SIGMA`, the edge of the plane going on outwards."""
    reach = round(3 * SIGMA)
    places = np.arange(-reach, reach + 1)
    smooth = np.exp(-(places**2) / (2 * SIGMA**2))
    smooth /= smooth.sum()
    slope = -places / SIGMA**2 * smooth
    padded = np.pad(plane, reach, mode="edge")

    def along(kernel: NDArray[np.float64], axis: int, picture: Plane) -> Plane:
        return np.apply_along_axis(np.convolve, axis, picture, kernel, mode="valid")

    return np.hypot(along(smooth, 0, along(slope, 1, padded)), along(slope, 0, along(smooth, 1, padded)))


def mean_of(photos: list[dict[str, Figures]]) -> dict[str, Figures]:
    """Mean over photos of every figure that all of them have, by step."""
    return {
        step: {name: float(np.mean([photo[step][name] for photo in photos])) for name in common}
        for step in photos[0]
        if (common := [name for name in photos[0][step] if all(name in photo[step] for photo in photos)])
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
