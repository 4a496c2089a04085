"""Exact, fast replacements for layers that onnxruntime runs slowly."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.networks.blocks import BicubicUpsample, UNetBlock, cubic_phases


def kernel_on_doubled() -> Tensor:
    """Weights that make bicubic ×2 of a row in which every sample stands twice: float32 [9].

    Output 2i sees sample i+j at places 2j and 2j+1 from itself, output 2i+1 at 2j-1 and 2j. So the phases e and o of
    `cubic_phases` ask for w(2j) + w(2j+1) = e(j) and w(2j-1) + w(2j) = o(j), which gives w from left to right.
    """
    even, odd = (dict(zip(range(-2, 3), phase, strict=True)) for phase in cubic_phases().tolist())
    weights = {-5: 0.0}
    for place in range(-4, 5):
        weights[place] = (odd if place % 2 == 0 else even)[place // 2] - weights[place - 1]
    return torch.tensor([weights[place] for place in range(-4, 5)])


class FixedBicubic(nn.Module):
    """Bicubic ×2 as a repetition of every pixel and one depthwise convolution an axis, with fixed weights.

    Repeating the edge stands for clamped indices. onnxruntime keeps all three steps in its blocked layout.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        kernel = kernel_on_doubled()
        self.channels = channels
        self.register_buffer("down", kernel.view(1, 1, -1, 1).repeat(channels, 1, 1, 1))
        self.register_buffer("across", kernel.view(1, 1, 1, -1).repeat(channels, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Upsample float [N, C, H, W] to [N, C, 2H, 2W]."""
        doubled = F.interpolate(F.pad(x, (2, 2, 2, 2), mode="replicate"), scale_factor=2, mode="nearest")
        return F.conv2d(F.conv2d(doubled, self.down, groups=self.channels), self.across, groups=self.channels)


def folding(convolution: nn.Conv2d, fold: int) -> nn.Conv2d:
    """A convolution with stride that does to a plain picture what a 3×3 one does to the folded picture.

    The channel c·f² + f·i + j of the folded picture is row i and column j of each f×f block of channel c, so a 3×3
    kernel over it is a 3f×3f kernel over the picture.
    """
    channels = convolution.in_channels // fold**2
    strided = nn.Conv2d(
        channels, convolution.out_channels, 3 * fold, fold, padding=fold, bias=convolution.bias is not None
    )
    kernels = convolution.weight.detach().unflatten(1, (channels, fold, fold))
    strided.weight = nn.Parameter(kernels.permute(0, 1, 4, 2, 5, 3).reshape(strided.weight.shape))
    strided.bias = convolution.bias
    return strided.train(convolution.training)


def lower(network: nn.Module) -> nn.Module:
    """Replace, in place, every folding of a U-Net and every `BicubicUpsample` after a convolution; returns it."""
    for module in network.modules():
        if isinstance(module, UNetBlock):
            module.encoders[0][0] = folding(module.encoders[0][0], module.fold.downscale_factor)
            module.fold = nn.Identity()
        if not isinstance(module, nn.Sequential):
            continue
        for index in range(1, len(module)):
            if isinstance(module[index], BicubicUpsample):
                module[index] = FixedBicubic(module[index - 1].out_channels)
    return network


def fold_batch_norm(network: nn.Module) -> nn.Module:
    """Take every batch norm, in place, into the convolution before it; in evaluation nothing else changes."""
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            for index in reversed(range(1, len(module))):
                if isinstance(module[index], nn.BatchNorm2d):
                    module[index - 1] = fuse_conv_bn_eval(module[index - 1], module[index])
                    del module[index]
    return network


def shift_relu6(network: nn.Module) -> nn.Module:
    """Replace, in place, every ReLU6 between two convolutions by a hard sigmoid: relu6(x) = 6 · hardsigmoid(x - 3).

    The convolution before, which has a bias, takes the 3, the one after the 6. onnxruntime fuses a hard sigmoid with
    the convolution; in float16 it does not find the bounds of a clipping, which casts stand before.
    """
    layers = [module for module in network.modules() if isinstance(module, (nn.Conv2d, nn.ReLU6))]
    for before, clipping, after in zip(layers, layers[1:], layers[2:], strict=False):
        if isinstance(clipping, nn.ReLU6):
            before.bias.data -= 3
            after.weight.data *= 6
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            for index, child in enumerate(module):
                if isinstance(child, nn.ReLU6):
                    module[index] = nn.Hardsigmoid()
    return network
