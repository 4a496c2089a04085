"""Exact, fast replacements for layers that onnxruntime runs slowly."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.networks.blocks import BicubicUpsample, UNetBlock, cubic_phases


class FixedBicubic(nn.Module):
    """Bicubic ×2 as one depthwise convolution with fixed weights and a pixel shuffle.

    Each input pixel yields a 2×2 block of outputs; every output is a 5×5 weighted sum around that pixel (the
    outer product of two rows of `cubic_phases`). Repeating the edge stands for clamped indices.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        phases = cubic_phases()
        kernels = torch.einsum("pi,qj->pqij", phases, phases).reshape(4, 1, 5, 5)
        self.channels = channels
        self.register_buffer("kernels", kernels.repeat(channels, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Upsample float [N, C, H, W] to [N, C, 2H, 2W]."""
        padded = F.pad(x, (2, 2, 2, 2), mode="replicate")
        return F.pixel_shuffle(F.conv2d(padded, self.kernels, groups=self.channels), 2)


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
