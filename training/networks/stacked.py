"""Stacked U-Nets for documents: every block learns what still separates the page from the clean one."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from training.networks.blocks import UNetBlock, Upsampling

LUMA = (0.299, 0.587, 0.114)
"""ITU-R BT.601 weights of R, G, B in grey, as Pillow uses them."""


@dataclass(frozen=True)
class StackedConfig:
    """Shape of a stacked U-Net.

    Attributes:
        num_blocks: U-Net blocks one after the other.
        levels: halvings (and doublings) inside a block.
        width: channels at full size; each level down doubles them.
        upsampling: how a block doubles height and width.
        batch_norm: whether convolutions are followed by batch norm.
    """

    num_blocks: int = 2
    levels: int = 2
    width: int = 16
    upsampling: Upsampling = Upsampling.BICUBIC
    batch_norm: bool = True

    def to_dict(self) -> dict[str, object]:
        """Plain values, as a checkpoint stores them."""
        return asdict(self) | {"upsampling": self.upsampling.value}

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> StackedConfig:
        """The inverse of `to_dict`."""
        return cls(**values | {"upsampling": Upsampling(values["upsampling"])})  # type: ignore[arg-type]


class StackedUNet(nn.Module):
    """``num_blocks`` U-Nets, each of which corrects the page that the one before it left.

    With ink = 1 and y0 = 1 - grey, stage k gives y_k = sigmoid(y_{k-1} + U_k(scan, y_{k-1})).
    Source: He and Schomaker 2019, DeepOtsu, section 3 (iterative enhancement with residual learning);
    here every block also sees the colour scan, since the colour of a stain is not in the grey of y_{k-1}.
    """

    def __init__(self, config: StackedConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.width << level for level in range(config.levels + 1)]
        self.blocks = nn.ModuleList(
            UNetBlock(4, widths, 1, config.upsampling, config.batch_norm) for _ in range(config.num_blocks)
        )
        self.register_buffer("luma", torch.tensor(LUMA).view(1, 3, 1, 1), persistent=False)

    @property
    def stride(self) -> int:
        """H and W must be multiples of this many pixels."""
        return 2**self.config.levels

    def forward(self, image: Tensor) -> list[Tensor]:
        """Logits of all stages.

        Args:
            image: float [N, 3, H, W], RGB in 0..1; H and W multiples of `stride`.

        Returns:
            One float [N, 1, H, W] a stage; its sigmoid is the ink (1) of the page.
        """
        y = 1 - (image * self.luma).sum(dim=1, keepdim=True)
        logits = []
        for block in self.blocks:
            logits.append(y + block(torch.cat([image - 0.5, y - 0.5], dim=1)))
            y = torch.sigmoid(logits[-1])
        return logits


def receptive_radius(config: StackedConfig) -> int:
    """Radius of the receptive field in pixels: no output pixel depends on an input pixel further away.

    Follows, in one dimension and for every phase of the stride, the interval of pixels that an output pixel
    depends on, from the output back to the input.
    """
    first = {Upsampling.BICUBIC: (-2, -1), Upsampling.BILINEAR: (-1, 0)}.get(config.upsampling, (0, 0))
    radius = 0
    for phase in range(2**config.levels):
        low = high = phase
        for _ in range(config.num_blocks):
            low, high = low - 2, high + 2
            for _ in range(config.levels):
                low, high = low // 2 + first[low % 2] - 2, high // 2 - first[1 - high % 2] + 2
            for _ in range(config.levels):
                low, high = 2 * low - 2, 2 * high + 1 + 2
        radius = max(radius, phase - low, high - phase)
    return radius
