"""Parts that both networks are built from."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import chain, pairwise
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Weights = dict[str, Tensor]
"""A network's state by name."""


class Upsampling(StrEnum):
    """How a decoder doubles height and width."""

    BICUBIC = "bicubic"
    BILINEAR = "bilinear"
    NEAREST = "nearest"
    TRANSPOSED = "transposed"


def step(in_channels: int, out_channels: int, batch_norm: bool, dilation: int = 1) -> list[nn.Module]:
    """A 3×3 convolution that keeps height and width, batch norm (optional) and ReLU."""
    convolution = nn.Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation, bias=not batch_norm)
    return [convolution, *([nn.BatchNorm2d(out_channels)] if batch_norm else []), nn.ReLU(inplace=True)]


class DoubleConv(nn.Sequential):
    """Two 3×3 convolutions, each with batch norm (optional) and ReLU; height and width stay.

    Source: Ronneberger et al. 2015, U-Net, section 2; padded here, so that the output keeps the input's size.
    """

    def __init__(self, in_channels: int, out_channels: int, batch_norm: bool = True) -> None:
        super().__init__(*step(in_channels, out_channels, batch_norm), *step(out_channels, out_channels, batch_norm))


class Context(nn.Sequential):
    """Dilated 3×3 convolutions, each with batch norm (optional) and ReLU; channels, height and width stay.

    Source: Yu and Koltun 2016, Multi-scale context aggregation by dilated convolutions, section 3.
    """

    def __init__(self, channels: int, dilations: Sequence[int], batch_norm: bool = True) -> None:
        steps = (step(channels, channels, batch_norm, dilation) for dilation in dilations)
        super().__init__(*chain.from_iterable(steps))


CUBIC_A = -0.75
"""Keys' parameter as PyTorch's bicubic interpolation sets it."""


def cubic_phases() -> Tensor:
    """Weights of bicubic ×2 with ``align_corners=False`` in one dimension: float32 [2, 5].

    Row p gives output sample 2i+p from the inputs i-2..i+2 (edge values repeated). Output centres lie at
    -1/4 and +1/4 of an input step, so each phase uses four of the five taps.
    Source: Keys 1981, Cubic convolution interpolation for digital image processing, eq. 4, with a = -0.75.
    """

    def keys(distance: float) -> float:
        d, a = abs(distance), CUBIC_A
        if d <= 1:
            return (a + 2) * d**3 - (a + 3) * d**2 + 1
        return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a if d < 2 else 0.0

    return torch.tensor([[keys(tap - offset) for tap in range(-2, 3)] for offset in (-0.25, 0.25)])


class BicubicUpsample(nn.Module):
    """Bicubic ×2, [N, C, H, W] -> [N, C, 2H, 2W], equal to ``interpolate(mode="bicubic", align_corners=False)``.

    Written as two matrix products, one an axis, which train several times as fast on a CPU as the interpolation; its
    weights are whole 256ths, exact even in bfloat16.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Upsample float [N, C, H, W]."""
        count, channels, height, width = x.shape
        pixels = x.permute(0, 2, 3, 1).reshape(count, height, width * channels)
        pixels = torch.matmul(doubling(height, x.dtype, x.device), pixels).view(count * 2 * height, width, channels)
        pixels = torch.matmul(doubling(width, x.dtype, x.device), pixels)
        return pixels.view(count, 2 * height, 2 * width, channels).permute(0, 3, 1, 2)


@lru_cache(maxsize=32)
def doubling(size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Matrix of the bicubic ×2 of one axis: [2 size, size]."""
    identity = torch.eye(size)[None, None]
    matrix = F.interpolate(identity, (2 * size, size), mode="bicubic", align_corners=False)[0, 0]
    return matrix.to(device, dtype)


def make_upsampling(kind: Upsampling, in_channels: int, out_channels: int) -> nn.Module:
    """The step of a decoder from [N, in, H, W] to [N, out, 2H, 2W].

    Interpolating kinds reduce the channels before they interpolate: a 1×1 convolution commutes with any
    interpolation whose weights sum to one, and costs a quarter at the smaller size.
    """
    if kind is Upsampling.TRANSPOSED:
        return nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2)
    reduce = nn.Conv2d(in_channels, out_channels, 1)
    if kind is Upsampling.BICUBIC:
        return nn.Sequential(reduce, BicubicUpsample())
    align = None if kind is Upsampling.NEAREST else False
    return nn.Sequential(reduce, nn.Upsample(scale_factor=2, mode=kind.value, align_corners=align))


class UNetBlock(nn.Module):
    """One U-Net: halvings by max-pooling, as many doublings, skips by concatenation, a 1×1 convolution at the end.

    Source: Ronneberger et al. 2015, U-Net, section 2; Shi et al. 2016, section 2.2 (pixel shuffle).

    Args:
        in_channels: channels of the input.
        widths: channels of each level, from the finest down; one halving lies between two of them.
        fold: factor f by which the input is folded first, f×f pixels to one with f·f times the channels; the answer
            is unfolded again. 1: neither.
        upsampling: how the decoder doubles height and width.
        batch_norm: whether convolutions are followed by batch norm.
        dilations: of the convolutions that widen the view at the bottom.
        foreign: by level, channels of the features of another network that its first convolution sees too.
    """

    def __init__(
        self,
        in_channels: int,
        widths: Sequence[int],
        fold: int,
        upsampling: Upsampling,
        batch_norm: bool,
        dilations: Sequence[int] = (),
        foreign: Mapping[int, int] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        pixels = fold**2
        self.fold = nn.PixelUnshuffle(fold)
        self.unfold = nn.PixelShuffle(fold)
        self.encoders = nn.ModuleList(
            DoubleConv(a + foreign.get(level, 0), b, batch_norm)
            for level, (a, b) in enumerate(pairwise([in_channels * pixels, *widths]))
        )
        self.pool = nn.MaxPool2d(2)
        self.context = Context(widths[-1], dilations, batch_norm)
        down = widths[::-1]
        self.ups = nn.ModuleList(make_upsampling(upsampling, a, b) for a, b in pairwise(down))
        self.decoders = nn.ModuleList(DoubleConv(2 * width, width, batch_norm) for width in down[1:])
        self.head = nn.Conv2d(widths[0], pixels, 1)

    def forward(self, x: Tensor, foreign: Mapping[int, Tensor] = MappingProxyType({})) -> Tensor:
        """Float [N, in, H, W] -> float [N, 1, H, W]; H and W are multiples of fold · 2 ** (levels - 1).

        `foreign` are the features by level, float [N, C, h, w].
        """
        return self.decoded(self.encoded(x, foreign))

    def encoded(self, x: Tensor, foreign: Mapping[int, Tensor]) -> list[Tensor]:
        """What each level sees, the coarsest last, of what `forward` takes: float [N, C, h, w] each."""
        x = self.fold(x)
        levels: list[Tensor] = []
        for level, encoder in enumerate(self.encoders):
            x = self.pool(x) if level else x
            x = encoder(torch.cat([x, foreign[level]], dim=1) if level in foreign else x)
            levels.append(x)
        return [*levels[:-1], self.context(levels[-1])]

    def decoded(self, levels: list[Tensor]) -> Tensor:
        """The answer to what `encoded` gives: float [N, 1, H, W]."""
        *skips, x = levels
        for up, decoder, skip in zip(self.ups, self.decoders, reversed(skips), strict=True):
            x = decoder(torch.cat([skip, up(x)], dim=1))
        return self.unfold(self.head(x))
