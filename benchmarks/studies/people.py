"""Where cut-outs of people go wrong: small people, photos that lie on their side, photos of nobody.

`python -m benchmarks.studies.people` measures on the test sets, `... people validation` on the validation part of the
training sets. A number behind that takes only every so many-th photo, and a folder of photos without people behind the
number is measured as well. Masks are those of `bgtool cutout`, at full size.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.studies.edges import DATA, pairs
from benchmarks.studies.nobody import CROWDED, LEAST_SHARE, empty_part
from bgtool.api import source_of
from bgtool.runtime.session import Model, load_model
from bgtool.scoring.metrics import Mask, jaccard
from bgtool.tasks.person.backgrounds import Background
from bgtool.tasks.person.cutout import PERSON, Look, cut_out
from training.data.pairs import Pair
from training.data.people import find_backgrounds

SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 1.0)
"""Borders between groups, by how much of the frame people fill."""

TURNS = (0, 90, 180, 270)
"""Degrees to the left by which photos are turned."""

SOMETHING = 0.005
"""Share of a frame above which something is cut out of it."""

MASK = Look(Background("transparent"), mask_only=True)

Figures = dict[str, float]


def main(split: str = "test", step: str = "1", folder: str = "") -> dict[str, Figures]:
    """Print the figures and return them by table. Without the data, which is not part of the repository, {}."""
    if not DATA.is_dir():
        print(f"People: skipped, there is no {DATA} (set BGTOOL_DATA)")
        return {}
    model = load_model(task="person", device="cpu")
    every = int(step)
    chosen = pairs(split)[::every]
    tables = {
        "Jaccard by share of the frame": by_share(chosen, model),
        "Jaccard by degrees": by_turn(chosen, model),
        "Parts without people": of_nobody(empty_parts(chosen), model),
    }
    if folder:
        photos = (Image.open(one.image).convert("RGB") for one in find_backgrounds(Path(folder))[::every])
        tables[f"Photos of {Path(folder).name}"] = of_nobody(photos, model)
    for name, figures in tables.items():
        print(f"{name} ({split}): " + ", ".join(f"{key} {value:.4g}" for key, value in figures.items()))
    return tables


def by_share(chosen: Sequence[Pair], model: Model) -> Figures:
    """Mean Jaccard index by how much of the frame people fill, and how many photos are in each group."""
    shares, scores = [], []
    for photo, truth in map(opened, chosen):
        shares.append(truth.mean())
        scores.append(jaccard(truth, mask(photo, model)))
    figures: Figures = {}
    for low, high in pairwise(SHARES):
        group = [score for share, score in zip(shares, scores, strict=True) if low <= share < high]
        if group:
            figures[f"{low:.0%} to {high:.0%} of {len(group)}"] = float(np.mean(group))
    return figures


def by_turn(chosen: Sequence[Pair], model: Model) -> Figures:
    """Mean Jaccard index of the photos as they are and turned."""
    scores: dict[int, list[float]] = {turn: [] for turn in TURNS}
    for photo, truth in map(opened, chosen):
        for turn in TURNS:
            found = mask(photo.rotate(turn, expand=True), model)
            scores[turn].append(jaccard(truth, np.rot90(found, -turn // 90)))
    return {str(turn): float(np.mean(values)) for turn, values in scores.items()}


def of_nobody(photos: Iterable[Image.Image], model: Model) -> Figures:
    """Of photos without people: how many, and the share of those something is cut out of, anything and `SOMETHING`."""
    parts = np.array([mask(photo, model).mean() for photo in photos])
    if not parts.size:
        return {"photos": 0.0}
    more = float((parts > SOMETHING).mean())
    return {"photos": float(parts.size), "anything": float((parts > 0).mean()), f"above {SOMETHING:.1%}": more}


def empty_parts(chosen: Sequence[Pair]) -> Iterator[Image.Image]:
    """The largest part without people of each photo, where it is large enough and no passers-by are in it."""
    for pair in chosen:
        if pair.set_name in CROWDED:
            continue
        photo, truth = opened(pair)
        box = empty_part(Image.fromarray(truth.astype(np.uint8) * 255))
        if (box[2] - box[0]) * (box[3] - box[1]) >= LEAST_SHARE * photo.width * photo.height:
            yield photo.crop(box)


def opened(pair: Pair) -> tuple[Image.Image, Mask]:
    """A photo, RGB, and where people are: bool [H, W]."""
    with Image.open(pair.image) as photo, Image.open(pair.truth) as truth:
        return photo.convert("RGB"), np.asarray(truth.convert("L")) >= PERSON


def mask(photo: Image.Image, model: Model) -> Mask:
    """Where `bgtool cutout` finds people: bool [H, W]."""
    found: Mask = cut_out(source_of(photo), model, MASK).pixels >= PERSON
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
