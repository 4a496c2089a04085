"""Random numbers and fields, from torch's generator alone."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def uniform(low: float, high: float) -> float:
    """One number from the uniform distribution on [low, high), from torch's generator."""
    return low + (high - low) * torch.rand(()).item()


def log_uniform(low: float, high: float) -> float:
    """One number from low to high whose logarithm is uniformly distributed."""
    return math.exp(uniform(math.log(low), math.log(high)))


def chance(probability: float) -> bool:
    """True with the given probability."""
    return torch.rand(()).item() < probability


def integer(stop: int) -> int:
    """One integer from 0 to stop - 1."""
    return int(torch.randint(stop, ()).item())


def smooth_noise(height: int, width: int, cells: int, across: int | None = None) -> Tensor:
    """Noise in 0..1 that varies over 1/cells of the picture: float [1, height, width].

    Over 1/cells of its height and 1/across of its width, if both are given.
    """
    coarse = torch.rand(1, 1, cells + 1, (across or cells) + 1)
    return F.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)[0].clamp(0, 1)
