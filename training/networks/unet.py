"""The U-Net for people, and a second one for their outlines."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from training.networks.blocks import UNetBlock, Upsampling


@dataclass(frozen=True)
class UNetConfig:
    """Shape of the U-Net; ``UNetConfig(4, 64, 1024, 1)`` has the channels of the paper, 64 to 1024 on plain input.

    Attributes:
        depth: halvings by max-pooling.
        width: channels of the first level; each level down doubles them.
        max_width: no level has more channels than this.
        space_to_depth: factor f by which the picture is folded before the first level, f×f pixels to one with
            3·f·f channels; the logits are unfolded again. 1: plain input.
        batch_norm: whether convolutions are followed by batch norm.
        refiner: channels of the first level of a second U-Net, which sees the picture and the mask of the first one at
            half the size and redraws the outlines; 0: none.
    """

    depth: int = 4
    width: int = 32
    max_width: int = 384
    space_to_depth: int = 2
    batch_norm: bool = True
    refiner: int = 0

    @property
    def widths(self) -> list[int]:
        """Channels of each level, from the finest to the coarsest."""
        return [min(self.width << level, self.max_width) for level in range(self.depth + 1)]

    @property
    def stride(self) -> int:
        """H and W of a picture must be multiples of this many pixels."""
        return self.space_to_depth << self.depth

    def to_dict(self) -> dict[str, object]:
        """Plain values, as a checkpoint stores them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> UNetConfig:
        """The inverse of `to_dict`."""
        return cls(**values)  # type: ignore[arg-type]


REFINER_FOLD, REFINER_LEVELS = 2, 2
"""Folding and halvings of the second U-Net."""


class UNet(nn.Module):
    """A U-Net with transposed convolutions, from a photo to the logits of its mask, and perhaps one that refines it.

    Folding pixels into channels first leaves most of the arithmetic to the coarse levels, where people are told
    from their surroundings, and keeps the mask at full size.
    Source: Ronneberger et al. 2015, U-Net; Shi et al. 2016, section 2.2 (pixel shuffle); He and Schomaker 2019,
    DeepOtsu, section 3 (a second U-Net that learns what is left).

    Args:
        config: its shape.
        first_frozen: train the second U-Net alone; the first, norms too, stays as it is.
    """

    def __init__(self, config: UNetConfig, first_frozen: bool = False) -> None:
        super().__init__()
        if first_frozen and not config.refiner:
            raise ValueError("there is no second U-Net to train alone")
        self.config = config
        self.first_frozen = first_frozen
        self.block = UNetBlock(3, config.widths, config.space_to_depth, Upsampling.TRANSPOSED, config.batch_norm)
        self.block.requires_grad_(not first_frozen)
        if config.refiner:
            widths = [config.refiner << level for level in range(REFINER_LEVELS + 1)]
            self.refiner = UNetBlock(4, widths, REFINER_FOLD, Upsampling.TRANSPOSED, config.batch_norm)

    @property
    def stride(self) -> int:
        """H and W must be multiples of this many pixels."""
        return self.config.stride

    def train(self, mode: bool = True) -> UNet:
        """Switch between training and evaluation, in which a frozen U-Net always is."""
        super().train(mode)
        self.block.train(mode and not self.first_frozen)
        return self

    def forward(self, image: Tensor) -> Tensor:
        """Logits of the mask; their sigmoid is 1 where there is a person.

        Args:
            image: float [N, 3, H, W], RGB in 0..1; H and W multiples of `stride`.

        Returns:
            float [N, 1, H, W].
        """
        image = image - 0.5
        logits = self.block(image)
        if not self.config.refiner:
            return logits
        return logits + self.refiner(torch.cat([image, torch.sigmoid(logits) - 0.5], dim=1))
