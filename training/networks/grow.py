"""A larger network that starts where a smaller one stands, so that no training is lost."""

from __future__ import annotations

from dataclasses import replace
from operator import le

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Normal

from training.networks.blocks import Weights
from training.networks.efficientnet import Backbone
from training.networks.stacked import StackedConfig, StackedUNet
from training.networks.unet import UNet, UNetConfig, new_unet


def grown_unet(weights: Weights, config: UNetConfig, target: UNetConfig) -> Weights:
    """Weights of a U-Net with more levels, or a backbone, that computes, in evaluation, what a smaller one does.

    A head that tells which way is up goes: it was fitted to features that training changes.

    Raises:
        ValueError: the two differ in more than depth and backbone, or the first has more of them.
    """
    if config.upright:
        weights = {name: value for name, value in weights.items() if not name.startswith("upright.")}
        config = replace(config, upright=False)
    while config.depth < target.depth:
        weights, config = with_level(weights, config), replace(config, depth=config.depth + 1)
    if target.backbone and not config.backbone:
        weights = with_backbone(weights, config, target.backbone)
        config = replace(config, backbone=target.backbone)
    if config != target:
        raise ValueError(f"a network {config.to_dict()} does not grow into {target.to_dict()}")
    return weights


def with_backbone(weights: Weights, config: UNetConfig, backbone: Backbone) -> Weights:
    """Weights with a backbone, whose features have no share in the result at first."""
    target = replace(config, backbone=backbone)
    listeners = {f"block.encoders.{level}.0.weight": channels for level, channels in target.foreign.items()}
    deaf = {name: F.pad(weights[name], (0, 0, 0, 0, 0, channels)) for name, channels in listeners.items()}
    return new_unet(target).state_dict() | weights | deaf


def with_level(weights: Weights, config: UNetConfig) -> Weights:
    """Weights with one level more below the coarsest, which at first has no share in the result.

    What was the bottom is now a skip; its new decoder hands it on unchanged and takes nothing from below. Batch norm
    there undoes itself by the mean and variance of rectified normal values, for such is what the bottom puts out.
    Source: Chen et al. 2016, Net2Net, section 2.4 (deeper networks that start as the identity).
    """
    network = UNet(replace(config, depth=config.depth + 1)).state_dict()
    for name, value in weights.items():
        block, part, number, *rest = name.split(".")
        if part in ("ups", "decoders"):  # counted from the bottom
            number = str(int(number) + 1)
        network[".".join([block, part, number, *rest])] = value.clone()
    bottom = f"block.encoders.{config.depth}"
    return network | handing_on(network, "block.decoders.0", bottom if config.batch_norm else None)


def handing_on(network: Weights, steps: str, norm: str | None) -> Weights:
    """Parameters of the steps of that name (convolution, norm if there is one, ReLU) that put out what comes in.

    A norm undoes itself by the mean and variance of rectified normal values, for such is what a step puts out.

    Args:
        network: weights of the whole network, for their shapes.
        steps: name of a sequence of such steps.
        norm: name of the double convolution whose norm what comes in went through; None without norms.
    """
    kernels = [name for name in network if name.startswith(f"{steps}.") and network[name].ndim == 4]
    parameters = {name: nn.init.dirac_(torch.empty_like(network[name])) for name in kernels}
    places = [int(name.split(".")[-2]) for name in kernels]
    if norm is None:
        return parameters | {
            f"{steps}.{place}.bias": torch.zeros_like(network[f"{steps}.{place}.bias"]) for place in places
        }
    mean, variance = rectified_moments(network[f"{norm}.4.bias"], network[f"{norm}.4.weight"].abs())
    values = {"weight": (variance + 1e-5).sqrt(), "bias": mean, "running_mean": mean, "running_var": variance}
    return parameters | {
        f"{steps}.{place + 1}.{part}": value.clone() for place in places for part, value in values.items()
    }


def rectified_moments(mean: Tensor, deviation: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of max(0, x), x being normal with this mean and standard deviation, element by element."""
    deviation = deviation.clamp(min=1e-3)
    ratio, normal = mean / deviation, Normal(0.0, 1.0)
    density, share = normal.log_prob(ratio).exp(), normal.cdf(ratio)
    first = mean * share + deviation * density
    second = (mean**2 + deviation**2) * share + mean * deviation * density
    return first, (second - first**2).clamp(min=1e-4)


def grown_stack(weights: Weights, config: StackedConfig, target: StackedConfig) -> Weights:
    """Weights of a stacked network with more stages, context or more channels.

    A new stage begins as a copy of the one before it; new context and channels have no share in the result at first.

    Raises:
        ValueError: the two differ in more than stages, context and widths, or the first has more of them.
    """
    while len(config.folds) < len(target.folds):
        last = len(config.folds) - 1
        copied = {name: value for name, value in weights.items() if name.startswith(f"blocks.{last}.")}
        weights = weights | {
            name.replace(f"blocks.{last}.", f"blocks.{last + 1}.", 1): value.clone() for name, value in copied.items()
        }
        config = replace(config, folds=(*config.folds, config.folds[-1]), widths=(*config.widths, config.widths[-1]))
    if target.context and not config.context:
        config = replace(config, context=target.context)
        network = StackedUNet(config).state_dict() | weights
        bottom = f"blocks.0.encoders.{config.levels}" if config.batch_norm else None
        weights = network | handing_on(network, "blocks.0.context", bottom)
    wider = len(config.widths) == len(target.widths) and all(map(le, config.widths, target.widths))
    if not wider or replace(config, widths=target.widths) != target:
        raise ValueError(f"a network {config.to_dict()} does not grow into {target.to_dict()}")
    return widened(weights, target)


def widened(weights: Weights, target: StackedConfig) -> Weights:
    """Weights of a stacked network with more channels, of which the old ones take nothing: it computes the same.

    The new channels see all the others with random weights; whoever comes to listen to them trains them.
    Source: Chen et al. 2016, Net2Net, section 2.3, with silent channels in place of copied ones.
    """
    network = StackedUNet(target).state_dict()
    for name, old in weights.items():
        new = network[name]
        if old.ndim < 2:
            new.view(-1)[: old.numel()] = old
            continue
        if name.split(".")[-3] == "ups":  # a transposed convolution: its inputs come first
            new, old = new.transpose(0, 1), old.transpose(0, 1)
        parts = 2 if ".decoders." in name and name.endswith(".0.weight") else 1  # what is concatenated: skip and below
        new[: len(old)] = 0
        for ours, theirs in zip(new.chunk(parts, 1), old.chunk(parts, 1), strict=True):
            ours[: len(old), : theirs.shape[1]] = theirs
    return network
