"""Training samples of documents, and how often each thing happens to them."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from training.data.draw import Sample, Transform
from training.transforms.chances import chance, integer, log_uniform
from training.transforms.paper import (
    beside_page,
    bleed_through,
    darkness,
    faint_ink,
    grain,
    hole,
    ink_darkness,
    jpeg,
    ring,
    soften,
    spine,
    stains,
    synthetic_page,
    tone,
    uneven_light,
)
from training.transforms.window import RandomWindow

MILD = 0.25
"""How often a mild window meets a degradation, of how often others do."""


class TrainDocument:
    """Random window, degradations and quarter turns of one page. Nothing is mirrored but the ink that shows through:
    that is how the network can tell it. Most windows are mild: at their own scale and seldom degraded.

    Gives float ``image`` [3, S, S] in 0..1, ``truth`` [1, S, S] (1 = ink) and ``known`` [1, S, S], 0 where nothing is
    to be learned.
    """

    def __init__(self, crop_size: int, shrink: float = 1.0) -> None:
        """All sizes are multiplied by a random number from `shrink` to 1."""
        self.window = RandomWindow(crop_size, scales=(0.5, 2.0), degrees=5, native=0.5)
        self.shrink = shrink

    def __call__(self, sample: Sample) -> Sample:
        """Augment one sample of uint8 ``image``, ``truth`` and ``other`` (a truth whose ink may show through)."""
        mild = chance(0.6)
        often = MILD if mild else 1.0
        large = not mild and chance(0.35)  # headlines and initials: their inside is ink too
        scale = 1.0 if mild else log_uniform(2, 6) if large else self.window.scale()
        scale *= log_uniform(self.shrink, 1) if self.shrink < 1 else 1
        image, truth = (p.float() / 255 for p in self.window(sample["image"], sample["truth"], scale=scale))
        truth = 1 - truth
        if large:
            truth = (truth > 0.5).float()
        verso = self._verso(sample, scale)
        if chance(0.5 if large else 0.05 * often):
            image = synthetic_page(truth)
        image = self._degrade(image, truth, verso, often)
        if chance(0.12 if mild else 0.25):
            image, truth = beside_page(image, truth)
        if chance(0.05 * often):
            image, truth = hole(image, truth)
        if chance(0.3):
            turns = 1 + integer(3)
            image, truth = (picture.rot90(turns, (-2, -1)) for picture in (image, truth))
        return {"image": image.clamp(0, 1).contiguous(), "truth": truth.contiguous(), "known": torch.ones_like(truth)}

    def _verso(self, sample: Sample, scale: float) -> Tensor:
        """Ink (1) of the back of the page, float [1 or 3, S, S]: most often in the same hand or type."""
        if chance(0.3):
            return darkness(self.window(sample["image"], scale=scale)[0].float() / 255)
        if chance(0.3):
            return 1 - self.window(sample["truth"], scale=scale)[0].float() / 255
        return 1 - self.window(sample["other"])[0].float() / 255

    def _degrade(self, image: Tensor, truth: Tensor, verso: Tensor, often: float) -> Tensor:
        def shine(scan: Tensor) -> Tensor:
            return bleed_through(scan, verso, ink_darkness(scan, truth))

        steps: list[tuple[float, Callable[[Tensor], Tensor]]] = [
            (0.12, faint_ink),
            (max(0.45, 0.3 / often), shine),  # 0.3 at least, on mild windows too
            (0.12, stains),
            (0.15, ring),
            (0.2, uneven_light),
            (0.06, spine),
            (0.5, tone),
            (0.15, soften),
            (0.25, grain),
            (0.1, jpeg),
        ]
        for probability, step in steps:
            if chance(probability * often):
                image = step(image.clamp(0, 1))
        return image


SOLID = 31
"""Side in pixels of a square that fits into areas which the layout network finds: the document network is not asked."""


class TrainDrawn:
    """Random window of a page that was drawn with all its faults: scaled now and then, and turned by quarters.

    Gives what `TrainDocument` gives; nothing is learned in pictures, nor well inside large areas of ink.
    """

    def __init__(self, crop_size: int) -> None:
        self.window = RandomWindow(crop_size, scales=(0.7, 2.0), degrees=3, native=0.6)

    def __call__(self, sample: Sample) -> Sample:
        """Augment one sample of uint8 ``image``, ``truth`` and ``extra``, its pictures, if any are marked."""
        extra = sample.get("extra", torch.zeros_like(sample["truth"]))
        parts = self.window(sample["image"], sample["truth"], extra)
        image, truth, pictures = (part.float() / 255 for part in parts)
        ink = (truth < 0.5).float()
        inside = 1 - F.max_pool2d(1 - ink[None], SOLID, stride=1, padding=SOLID // 2)[0]
        known = ((pictures < 0.5) & (inside < 0.5)).float()
        turns = integer(4) if chance(0.3) else 0
        image, truth, known = (p.rot90(turns, (-2, -1)).contiguous() for p in (image, 1 - truth, known))
        return {"image": image, "truth": torch.where(known > 0.5, truth, truth.round()), "known": known}


SHRINK = {"BleedThrough_ISOS": 0.3}
"""Sets whose strokes are wider than those of a page at a usual resolution, and how far they are shrunk at most."""


def train_document(crop_size: int, set_name: str = "") -> Transform:
    """Augmentation for training on documents of a set."""
    return TrainDocument(crop_size, SHRINK.get(set_name, 1.0))


def evaluate_document(sample: Sample) -> Sample:
    """A whole page as the network is given it: float ``image`` and ``truth`` in 0..1 (truth 1 = ink)."""
    return {"image": sample["image"].float() / 255, "truth": 1 - sample["truth"].float() / 255}
