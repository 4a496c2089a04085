"""The document task: stacked U-Nets on scan and truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import tv_tensors

from training.data.draw import Sample, Transform, WeightedPairs
from training.data.pairs import find_pairs, split_members
from training.data.pictures import read_gray, read_rgb
from training.loop.checkpoint import Checkpoint
from training.loop.config import TrainConfig
from training.loop.optimisation import mixed_precision
from training.loop.task import mean_scores
from training.losses import Loss, stage_mean
from training.networks.blocks import Weights
from training.networks.grow import grown_stack
from training.networks.stacked import StackedConfig, StackedUNet
from training.transforms.document import SHRINK, TrainDrawn, evaluate_document, train_document

VALIDATION_SIDE = 768
"""Validation pages are cut to this many pixels a side around their middle, to keep a validation short."""

CERTAIN = 20.0
"""Logit of a pixel that adds nothing to a loss."""


class DocumentTask:
    """Trains a `StackedUNet`; validated by the mean F-measure over pages, in percent.

    Args:
        config: see `TrainConfig`.
        network: what to train.
        typeset: folder of pages made by `training.drawing.typeset`, trained on and not validated on.
        drawn: folder of pages made by `training.drawing`, trained on, and a share of them validated on.
    """

    name = "document"
    metric = "f_measure"

    def __init__(
        self, config: TrainConfig, network: StackedConfig, typeset: Path | None = None, drawn: Path | None = None
    ) -> None:
        self.config = config
        self.network = network
        self.kind = Loss(config.loss)
        drawn_pairs = find_pairs(drawn, "gt", "pictures") if drawn else []
        self.drawn_sets = {pair.set_name for pair in drawn_pairs}
        given = [*find_pairs(Path(config.data_dir), "gt"), *drawn_pairs]
        pages, validation = split_members(given, config.validation_share)
        self.training = [*pages, *(find_pairs(typeset, "gt") if typeset else [])]
        self.members = [*self.training, *validation]
        self.training_sets = sorted({pair.set_name for pair in self.members})
        self.validation = [(pair, self._validation_page(pair.image, pair.truth)) for pair in validation]

    def _validation_page(self, image: Path, truth: Path) -> Sample:
        page = {"image": tv_tensors.Image(read_rgb(image)), "truth": tv_tensors.Image(read_gray(truth))}
        height, width = page["image"].shape[-2:]
        top, left = max(0, height - VALIDATION_SIDE) // 2, max(0, width - VALIDATION_SIDE) // 2
        cut = (slice(None), slice(top, top + VALIDATION_SIDE), slice(left, left + VALIDATION_SIDE))
        return evaluate_document({name: value[cut] for name, value in page.items()})

    def network_config(self) -> dict[str, Any]:
        """Plain values of the `StackedConfig`."""
        return self.network.to_dict()

    def build(self) -> StackedUNet:
        """A new stacked network."""
        return StackedUNet(self.network)

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """One group."""
        return [{"params": list(network.parameters()), "pace": 1.0}]

    def start(self, state: Checkpoint) -> Weights:
        """Weights to start from: the best of a checkpoint, with stages added where it has fewer. Raises ValueError."""
        return grown_stack(state.best, StackedConfig.from_dict(state.network), self.network)

    def dataset(self) -> WeightedPairs:
        """Augmented windows of the training pages."""
        config = self.config
        length = config.epoch_length(len(self.training))
        own: dict[str, Transform] = {name: train_document(config.crop_size, name) for name in SHRINK}
        own |= dict.fromkeys(self.drawn_sets, TrainDrawn(config.crop_size))
        transform = train_document(config.crop_size)
        return WeightedPairs(self.training, transform, config.weights, length, config.seed, own)

    def loss(self, network: nn.Module, batch: Sample) -> Tensor:
        """Mean of the loss over all stages."""
        image = batch["image"].contiguous(memory_format=torch.channels_last)
        truth, known = batch["truth"], batch["known"] > 0.5
        right = (truth * 2 - 1) * CERTAIN
        return stage_mean(self.kind, [torch.where(known, logits, right) for logits in network(image)], truth)

    @torch.no_grad()
    def validate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """F-measure by page: its mean over all pages and over each set's."""
        by_set: dict[str, list[float]] = {}
        for pair, page in self.validation:
            with mixed_precision(device):
                ink = predict_page(network, page["image"].to(device)) >= 0.5
            by_set.setdefault(pair.set_name, []).append(f_measure(ink.cpu(), page["truth"] >= 0.5))
        return mean_scores(self.metric, by_set)


def f_measure(ink: Tensor, truth: Tensor) -> float:
    """F-measure of two bool tensors in percent; 100 where neither holds ink."""
    overlap, total = (ink & truth).sum().item(), (ink.sum() + truth.sum()).item()
    return 100.0 if total == 0 else 200.0 * overlap / total


def predict_page(network: nn.Module, image: Tensor) -> Tensor:
    """Ink of the last stage in 0..1, float [1, H, W], for a float [3, H, W] page of any size."""
    stride = network.stride
    height, width = image.shape[-2:]
    padded = F.pad(image[None], (0, -width % stride, 0, -height % stride), mode="replicate")
    last = network(padded.contiguous(memory_format=torch.channels_last))[-1]
    return torch.sigmoid(last.float())[0, :, :height, :width]
