"""Which way is up, told by the coarse features of a network that was trained for something else."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

MOMENTS = 4
"""Figures of a channel, see `moments`."""


def moments(features: Sequence[Tensor]) -> Tensor:
    """Where in the picture channels are strong, whatever its size; its mirror image gives the same.

    Args:
        features: float [N, C, h, w] each, with any C, h and w.

    Returns:
        float32 [N, MOMENTS · sum of C]: means of the values, of them times y, times y² and times x², where y and x run
        from -1 to 1 over the picture.
    """
    return torch.cat([_moments(each.float()) for each in features], dim=1)


def _moments(feature: Tensor) -> Tensor:
    rows, columns = feature.mean(3), feature.mean(2)
    y, x = _places(rows), _places(columns)
    return torch.cat([rows.mean(2), (rows * y).mean(2), (rows * y * y).mean(2), (columns * x * x).mean(2)], dim=1)


def _places(line: Tensor) -> Tensor:
    count = line.shape[2]
    return (2 * torch.arange(count, dtype=torch.float32, device=line.device) + 1) / count - 1


class Upright(nn.Module):
    """A linear head: one score a picture, by which turns of the same picture compare.

    Of the four quarter turns of a picture, the softmax of their scores is the chance that each is upright. The mean
    score of all turns of all pictures is about 0.

    Args:
        channels: of all features together.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(MOMENTS * channels))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Scores, in nats, of features, float [N, C, h, w] each: float32 [N]."""
        return moments(features) @ self.weight.float() + self.bias.float()
