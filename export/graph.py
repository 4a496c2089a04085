"""Network and pixel arithmetic in one graph: uint8 in, uint8 out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.networks.stacked import flattened


class PageGraph(nn.Module):
    """A document network between pixels: ``image`` uint8 [N, H, W, 3] RGB -> ``page`` uint8 [N, H, W], 0 ink."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """Scale, run, and turn the last stage's logit into paper = sigmoid(-logit)."""
        logits = self.network(image.permute(0, 3, 1, 2).float() / 255)[-1]
        return torch.round(flattened(torch.sigmoid(-logits[:, 0])) * 255).to(torch.uint8)


class AlphaGraph(nn.Module):
    """A person network between pixels: ``image`` uint8 [N, H, W, 3] RGB -> ``alpha`` uint8 [N, H, W], 255 person."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """Scale, run, and turn the logit into alpha."""
        logits = self.network(image.permute(0, 3, 1, 2).float() / 255)
        return torch.round(torch.sigmoid(logits[:, 0]) * 255).to(torch.uint8)
