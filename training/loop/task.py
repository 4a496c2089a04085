"""What the loop needs to know of a network and its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from training.data.draw import Sample, WeightedDraw
from training.data.pairs import Member
from training.loop.checkpoint import Checkpoint
from training.networks.blocks import Weights


class Task(Protocol):
    """What the loop needs to know of a network and its data."""

    name: str
    metric: str
    training_sets: list[str]

    @property
    def members(self) -> Sequence[Member]:
        """All pictures, those for validation too."""

    def network_config(self) -> dict[str, Any]:
        """The network's configuration as plain values."""

    def build(self) -> nn.Module:
        """A new network."""

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """All parameters for the optimizer, each group with the `pace`, its share of the learning rate."""

    def start(self, state: Checkpoint) -> Weights:
        """Weights to start from, taken from a checkpoint of the same network or of a smaller one. Raises ValueError."""

    def dataset(self) -> WeightedDraw:
        """Training samples."""

    def loss(self, network: nn.Module, batch: Sample) -> Tensor:
        """Loss of one batch that is already on the network's device."""

    def validate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Figures on the validation pairs, none without pairs; the one called `metric` counts (higher is better)."""


def mean_scores(metric: str, by_set: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The mean over all members under the metric's name, and the mean of each set under its own; empty without any."""
    scores = [score for members in by_set.values() for score in members]
    means = {name: sum(members) / len(members) for name, members in by_set.items()}
    return {metric: sum(scores) / len(scores), **means} if scores else {}
