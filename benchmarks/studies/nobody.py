"""Does the network's surest pixel tell photos of people from photos of nobody?

For choosing `bgtool.tasks.person.scene.SOMEBODY`.

`python -m benchmarks.studies.nobody` measures on the test sets; with `validation` behind it, on the validation part of
the training sets, which is where the constant was chosen. Photos of nobody are parts of the same photos: the largest
rectangle without a person, where that is at least `LEAST_SHARE` of the photo. Neither part was seen in training.
"""

from __future__ import annotations

import sys

import numpy as np
from PIL import Image

from benchmarks.harness.empty import CROWDED, LEAST_SHARE, empty_part
from benchmarks.studies.edges import DATA, pairs
from bgtool.api import source_of
from bgtool.runtime.session import Model, load_model
from bgtool.tasks.person.closer import believed
from bgtool.tasks.person.views import guide_of
from training.data.pairs import Pair

LEVELS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def main(split: str = "test") -> dict[str, dict[str, float]]:
    """Print the table; returns the shares by level. Without the data, which is not part of the repository, {}."""
    if not DATA.is_dir():
        print(f"Nobody: skipped, there is no {DATA} (set BGTOOL_DATA)")
        return {}
    model = load_model(task="person", device="cpu")
    chosen = [pair for pair in pairs(split) if pair.set_name not in CROWDED]
    somebody, nobody = (np.array(list(peaks)) for peaks in zip(*(surest(pair, model) for pair in chosen), strict=True))
    nobody = nobody[~np.isnan(nobody)]
    print(f"Nobody, {split}: {len(somebody)} photos of people, {len(nobody)} of nobody; the surest pixel reaches")
    shares = {}
    for level in LEVELS:
        shares[str(level)] = {"people": float((somebody >= level).mean()), "nobody": float((nobody >= level).mean())}
        print(f"  {level:.2f}  " + "  ".join(f"{name} {share:.4f}" for name, share in shares[str(level)].items()))
    return shares


def surest(pair: Pair, model: Model) -> tuple[float, float]:
    """Highest alpha of the network in a photo, and in the largest part of it without people (NaN: too small)."""
    with Image.open(pair.image) as image, Image.open(pair.truth) as truth:
        photo, box = image.convert("RGB"), empty_part(truth.convert("L"))
    share = (box[2] - box[0]) * (box[3] - box[1]) / (photo.width * photo.height)
    return peak(photo, model), peak(photo.crop(box), model) if share >= LEAST_SHARE else np.nan


def peak(photo: Image.Image, model: Model) -> float:
    """Highest alpha of the network, 0..1."""
    guide, _ = guide_of(source_of(photo), model.card.working_size)
    return float(believed(guide, model).max())


if __name__ == "__main__":
    main(*sys.argv[1:])
