"""The head by which a trained person network tells which way is up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from bgtool.tasks.person.upright import ways_up
from training.loop.checkpoint import Checkpoint
from training.networks.unet import UNet, UNetConfig
from training.networks.upright import moments

PENALTY = 0.01
"""Of the squared weights, in standard deviations of what they weigh: of 0.001, 0.003 and 0.01 the best on
validation photos, by one of 250."""

STEPS = 100
"""Of the optimizer, at most."""

LEAST_DEVIATION = 1e-3
"""Figures that vary less over all pictures are as good as constant."""


class Head(NamedTuple):
    """Parameters of a `training.networks.upright.Upright`: float32 [M] and []."""

    weight: Tensor
    bias: Tensor

    def scores(self, seen: Tensor) -> Tensor:
        """Of the four turns of pictures, float [N, 4], of what `look` gives of each."""
        return seen @ self.weight + self.bias


def headless(state: Checkpoint) -> UNet:
    """The network of a checkpoint of people, its best weights in it, without a head. Raises ValueError."""
    if state.task != "person":
        raise ValueError(f"only networks for people tell which way is up, and this one is for a {state.task}")
    network = UNet(replace(UNetConfig.from_dict(state.network), upright=False))
    network.load_state_dict({name: value for name, value in state.best.items() if not name.startswith("upright.")})
    return network.eval()


@torch.no_grad()
def look(network: UNet, photo: Path) -> Tensor:
    """What a head would see of a photo turned by 0 to 3 quarters to the left, as at run time: float32 [4, M]."""
    with Image.open(photo) as image:
        views = ways_up(image.convert("RGB"), network.stride)
    pairs = (torch.from_numpy(np.stack(views[first::2])) for first in (0, 1))  # those of one shape go together
    even, odd = (moments(network.coarse(pair.permute(0, 3, 1, 2).float() / 255)) for pair in pairs)
    return torch.stack([even, odd], dim=1).flatten(0, 1)


def fit(seen: Tensor, penalty: float = PENALTY) -> Head:
    """A head: a conditional logit, by which the first of four turns is the likeliest.

    Source: McFadden 1974, Conditional logit analysis of qualitative choice behavior.

    Args:
        seen: float32 [N, 4, M], as `look` gives of each of photos that stand upright.
        penalty: see `PENALTY`.
    """
    mean, deviation = seen.flatten(0, 1).mean(0), seen.flatten(0, 1).std(0).clamp(min=LEAST_DEVIATION)
    usual = (seen - mean) / deviation
    upright = torch.zeros(len(seen), dtype=torch.long)
    weights = torch.zeros(seen.shape[2], requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(usual @ weights, upright) + penalty * weights.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    weight = weights.detach() / deviation
    return Head(weight, -mean @ weight)


def with_head(state: Checkpoint, head: Head) -> Checkpoint:
    """A checkpoint with a head, to export; training on from it leaves the head behind."""
    own = {f"upright.{name}": value for name, value in head._asdict().items()}
    network = UNetConfig.from_dict(state.network)
    states = {name: getattr(state, name) | own for name in ("best", "weights", "ema")}
    return replace(state, network=replace(network, upright=True).to_dict(), optimizer={}, **states)


def figures(scores: Tensor, margin: float) -> dict[str, float]:
    """How well scores, float [N, 4], tell which way is up: shares of all photos.

    ``told``: upright ones whose likeliest turn is theirs; ``kept``: upright ones that no other turn beats by the margin
    in nats; ``mended``: photos that lie, whichever way, and are turned upright by that margin.
    """
    ahead = scores[:, :1] - scores[:, 1:]
    first = (ahead > 0).all(1)
    return {
        "told": first.float().mean().item(),
        "kept": (ahead >= -margin).all(1).float().mean().item(),
        "mended": (first[:, None] & (ahead > margin)).float().mean().item(),
    }
