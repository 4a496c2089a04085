"""Stacked U-Nets for documents: every block learns what still separates the page from the clean one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.networks.blocks import UNetBlock, Upsampling

LUMA = (0.299, 0.587, 0.114)
"""ITU-R BT.601 weights of R, G, B in grey, as Pillow uses them."""


@dataclass(frozen=True)
class StackedConfig:
    """Shape of a stacked U-Net.

    Attributes:
        folds: of each block, the factor f by which it folds the page first, f×f pixels to one with f·f times the
            channels; its answer is unfolded again. 1: plain input.
        widths: of each block, the channels of its finest level; each level down doubles them.
        levels: halvings (and doublings) inside a block.
        upsampling: how a block doubles height and width.
        batch_norm: whether convolutions are followed by batch norm.
        context: dilations of further convolutions at the bottom of the first block, which widen its view.
    """

    folds: tuple[int, ...] = (4, 2)
    widths: tuple[int, ...] = (64, 32)
    levels: int = 2
    upsampling: Upsampling = Upsampling.BICUBIC
    batch_norm: bool = True
    context: tuple[int, ...] = ()

    @property
    def stride(self) -> int:
        """H and W of a page must be multiples of this many pixels."""
        return max(self.folds) << self.levels

    @property
    def contexts(self) -> list[tuple[int, ...]]:
        """Dilations at the bottom of each block."""
        return [self.context, *[()] * (len(self.folds) - 1)]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as a checkpoint stores them."""
        values = asdict(self) | {"upsampling": self.upsampling.value}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> StackedConfig:
        """The inverse of `to_dict`."""
        tuples = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**values | tuples | {"upsampling": Upsampling(values["upsampling"])})


SURE = 0.02
"""How near to 0 or 1 a probability is taken for it, so that paper is flat: a network's own never gets there."""


def flattened(paper: Tensor) -> Tensor:
    """Paper in 0..1 with SURE..1-SURE spread over 0..1."""
    return ((paper - SURE) / (1 - 2 * SURE)).clamp(0, 1)


class StackedUNet(nn.Module):
    """U-Nets in a row, each of which corrects the page that the one before it left.

    With ink = 1 and y0 = 1 - grey, stage k gives y_k = sigmoid(y_{k-1} + U_k(scan, y_{k-1})).
    Source: He and Schomaker 2019, DeepOtsu, section 3 (iterative enhancement with residual learning);
    here every block also sees the colour scan, since the colour of a stain is not in the grey of y_{k-1}.
    """

    def __init__(self, config: StackedConfig) -> None:
        super().__init__()
        self.config = config
        levels = range(config.levels + 1)
        self.blocks = nn.ModuleList(
            UNetBlock(4, [width << level for level in levels], fold, config.upsampling, config.batch_norm, dilations)
            for fold, width, dilations in zip(config.folds, config.widths, config.contexts, strict=True)
        )
        self.register_buffer("luma", torch.tensor(LUMA).view(1, 3, 1, 1), persistent=False)

    @property
    def stride(self) -> int:
        """H and W must be multiples of this many pixels."""
        return self.config.stride

    def forward(self, image: Tensor) -> list[Tensor]:
        """Logits of all stages.

        Args:
            image: float [N, 3, H, W], RGB in 0..1; H and W multiples of `stride`.

        Returns:
            One float [N, 1, H, W] a stage; its sigmoid is the ink (1) of the page.
        """
        y = 1 - F.conv2d(image, self.luma)
        logits = []
        for block in self.blocks:
            logits.append(y + block(torch.cat([image, y], dim=1) - 0.5))
            y = torch.sigmoid(logits[-1])
        return logits


def receptive_radius(config: StackedConfig) -> int:
    """Radius of the receptive field in pixels: no output pixel depends on an input pixel further away.

    Follows, in one dimension and for every phase of the stride, the interval of pixels that an output pixel
    depends on, from the output back to the input.
    """
    first = {Upsampling.BICUBIC: (-2, -1), Upsampling.BILINEAR: (-1, 0)}.get(config.upsampling, (0, 0))
    radius = 0
    for phase in range(config.stride):
        low = high = phase
        for fold, dilations in zip(reversed(config.folds), reversed(config.contexts), strict=True):
            low, high = low // fold - 2, high // fold + 2
            for _ in range(config.levels):
                low, high = low // 2 + first[low % 2] - 2, high // 2 - first[1 - high % 2] + 2
            low, high = low - sum(dilations), high + sum(dilations)
            for _ in range(config.levels):
                low, high = 2 * low - 2, 2 * high + 1 + 2
            low, high = fold * low, fold * high + fold - 1
        radius = max(radius, phase - low, high - phase)
    return radius
