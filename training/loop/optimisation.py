"""Precision, learning rate, and the moving average of the weights."""

from __future__ import annotations

import math

import torch
from torch import nn

from training.loop.config import TrainConfig


def mixed_precision(device: torch.device) -> torch.autocast:
    """Convolutions in bfloat16 where the device computes them so; processors without it imitate it, 10× slower."""
    native = device.type != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=native)


def learning_rate(config: TrainConfig, step: int, steps: int) -> float:
    """Linear rise over the first hundredth of the steps (at least 20), then a cosine down to lr / 100."""
    rise = max(20, steps // 100)
    if step < rise:
        return config.lr * (step + 1) / rise
    progress = min(1.0, (step - rise) / max(1, steps - rise))
    return config.lr * (0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2)


@torch.no_grad()
def update_ema(ema: nn.Module, network: nn.Module, decay: float) -> None:
    """Move every floating value of `ema` towards `network`; counters are copied."""
    current = network.state_dict()
    for name, value in ema.state_dict().items():
        if value.is_floating_point():
            value.lerp_(current[name], 1 - decay)
        else:
            value.copy_(current[name])


@torch.no_grad()
def restore_statistics(network: nn.Module, ema: nn.Module) -> None:
    """Take what is not finite among the statistics of norms, as after a step that must not be taken, from `ema`."""
    for own, average in zip(network.buffers(), ema.buffers(), strict=True):
        if not own.isfinite().all():
            own.copy_(average)
