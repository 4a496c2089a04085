"""The protocol for people: masks as `bgtool cutout` writes them, and the network's own probabilities.

What a set's ``ignore/`` covers is counted nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
from numpy.typing import NDArray
from PIL import Image

from bgtool.api import source_of
from bgtool.runtime.card import Card
from bgtool.runtime.model_file import read_model
from bgtool.runtime.session import Model, import_onnxruntime, open_session
from bgtool.runtime.task import ModelTask
from bgtool.scoring.metrics import Mask, boundary_f_measure, jaccard
from bgtool.tasks.person.geometry import scaled
from bgtool.tasks.person.views import guide_of, predict
from training.data.pairs import Pair, find_pairs

PERSON = 128
"""Level from which on a pixel of a mask is a person's."""

SURE = 1e-7
"""Probabilities are kept this far from 0 and 1, between which float32 cannot tell much more."""


@dataclass(frozen=True)
class PhotoFigures:
    """What was measured on one photo.

    Attributes:
        jaccard: of the mask at full size, 0 to 1, higher is better.
        cross_entropy: mean over the pixels of the working size, in nats, lower is better.
        boundary_f_small: of the mask brought to the model's working size, within 2 px, 0 to 1, higher is better.
        boundary_f: of the mask at full size, within 2 px, 0 to 1, higher is better.
        shared, united: pixels of the intersection and of the union of mask and truth at full size.
    """

    jaccard: float
    cross_entropy: float
    boundary_f_small: float
    boundary_f: float
    shared: int
    united: int


def set_figures(photos: Sequence[PhotoFigures]) -> dict[str, float]:
    """Number of photos, means of their figures, and the Jaccard index of all their pixels together."""

    def mean(name: str) -> float:
        return math.fsum(getattr(photo, name) for photo in photos) / len(photos)

    united = sum(photo.united for photo in photos)
    return {
        "photos": len(photos),
        "jaccard": mean("jaccard"),
        "pooled_jaccard": sum(photo.shared for photo in photos) / united if united else 1.0,
        "cross_entropy": mean("cross_entropy"),
        "boundary_f_small": mean("boundary_f_small"),
        "boundary_f": mean("boundary_f"),
    }


class Unrounded:
    """A person model cut open before it rounds alpha; runs on the CPU, and stands where `predict` takes a model."""

    def __init__(self, model: str) -> None:
        """Take the name of a shipped model, or a file."""
        graph = onnx.load_from_string(read_model(model, ModelTask.PERSON))
        rounding = [node for node in graph.graph.node if node.op_type == "Round"][-1]
        del graph.graph.output[:]
        graph.graph.output.append(onnx.helper.make_tensor_value_info(rounding.input[0], onnx.TensorProto.FLOAT, None))
        self._session = open_session(import_onnxruntime(), graph.SerializeToString())
        self.card = Card.from_metadata(self._session.get_modelmeta().custom_metadata_map)

    def run(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Alpha as float32 [N, H, W], 0..255, of uint8 [N, H, W, 3]."""
        (alpha,) = self._session.run(None, {"image": images})
        return cast(Any, alpha)


class PersonProtocol:
    """Measures the masks that a model made."""

    def __init__(self, model: str) -> None:
        """Take the name of a shipped model, or a file."""
        self._network = Unrounded(model)

    def measure(self, folder: Path, results: Path) -> dict[str, PhotoFigures]:
        """Figures of every photo of a set, by stem.

        Args:
            folder: holds ``img/``, ``mask/`` and perhaps ``ignore/``.
            results: holds a mask of every photo, as PNG of the same stem.
        """
        pairs = find_pairs(folder, "mask", "ignore")
        return {pair.image.stem: self._photo(pair, results / f"{pair.image.stem}.png") for pair in pairs}

    def _photo(self, pair: Pair, result: Path) -> PhotoFigures:
        working_size = self._network.card.working_size
        with Image.open(pair.image) as photo:
            guide, _ = guide_of(source_of(photo), working_size)
        small = scaled(guide.size, working_size / max(guide.size))
        alpha = Image.fromarray(predict(guide, cast(Model, self._network)))
        probability = np.asarray(alpha.resize(small, Image.Resampling.BILINEAR))
        truth, found = read_grey(pair.truth), read_grey(result)
        ignored = read_grey(pair.extra) if pair.extra else Image.new("L", truth.size)
        full_truth, full_found = (mask_of(mask, truth.size, ignored) for mask in (truth, found))
        small_truth, small_found = (mask_of(mask, small, ignored) for mask in (truth, found))
        return PhotoFigures(
            jaccard=jaccard(full_truth, full_found),
            cross_entropy=cross_entropy(probability, small_truth, ~majority(ignored, small)),
            boundary_f_small=boundary_f_measure(small_truth, small_found),
            boundary_f=boundary_f_measure(full_truth, full_found),
            shared=int(np.count_nonzero(full_truth & full_found)),
            united=int(np.count_nonzero(full_truth | full_found)),
        )


def read_grey(path: Path) -> Image.Image:
    """A picture in mode L."""
    with Image.open(path) as image:
        return image.convert("L")


def mask_of(picture: Image.Image, size: tuple[int, int], ignored: Image.Image) -> Mask:
    """A mask brought to a width and height, with nobody where nothing counts: bool [H, W]."""
    return majority(picture, size) & ~majority(ignored, size)


def majority(picture: Image.Image, size: tuple[int, int]) -> Mask:
    """What most of each pixel is, at a width and height: bool [H, W]."""
    resized = picture if picture.size == size else picture.resize(size, Image.Resampling.BOX)
    return np.asarray(resized) >= PERSON


def cross_entropy(probability: NDArray[np.float32], truth: Mask, counted: Mask) -> float:
    """Mean binary cross-entropy in nats over the counted pixels; 0 where none is.

    Args:
        probability: of a person, float32 [h, w], 0..1.
        truth, counted: bool [h, w].
    """
    right = np.where(truth, probability, 1 - probability).astype(np.float64).clip(SURE, 1)
    return float(-np.log(right[counted]).mean()) if counted.any() else 0.0
