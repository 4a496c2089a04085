"""Network and pixel arithmetic in one graph: uint8 in, uint8 out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bgtool.runtime.task import UPRIGHT
from training.networks.stacked import flattened


class PixelGraph(nn.Module):
    """A network between pixels: ``image`` uint8 [N, H, W, 3] RGB -> uint8 [N, H, W].

    Args:
        network: takes [N, 3, H, W], RGB in 0..1.
        precision: of its parameters; logits are float32 from there on.

    Attributes:
        also: names of what it gives beside that.
    """

    also: tuple[str, ...] = ()

    def __init__(self, network: nn.Module, precision: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.network = network
        self.precision = precision

    def scaled(self, image: Tensor) -> Tensor:
        """What the network is given."""
        return image.permute(0, 3, 1, 2).to(self.precision) / 255


class PageGraph(PixelGraph):
    """A document network; the result is ``page``: 0 ink, 255 paper."""

    def forward(self, image: Tensor) -> Tensor:
        """Run, and turn the last stage's logit into paper = sigmoid(-logit)."""
        logits = self.network(self.scaled(image))[-1].float()
        return torch.round(flattened(torch.sigmoid(-logits[:, 0])) * 255).to(torch.uint8)


class AlphaGraph(PixelGraph):
    """A person network; the result is ``alpha``: 255 person.

    Of a network that tells which way is up, there is ``upright`` as well, float32 [N]: see `training.networks.upright`.
    """

    def __init__(self, network: nn.Module, precision: torch.dtype = torch.float32) -> None:
        super().__init__(network, precision)
        if getattr(network, "upright", None) is not None:
            self.also = (UPRIGHT,)

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Run, and turn the logit into alpha."""
        if not self.also:
            return self._alpha(self.network(self.scaled(image)))
        logits, upright = self.network.judged(self.scaled(image))
        return self._alpha(logits), upright

    @staticmethod
    def _alpha(logits: Tensor) -> Tensor:
        return torch.round(torch.sigmoid(logits.float()[:, 0]) * 255).to(torch.uint8)
