"""Back from a shipped model to a checkpoint that training goes on from, where only the model was kept."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from bgtool.runtime.task import ModelTask
from export.onnx_file import card_of
from training.loop.checkpoint import Checkpoint
from training.loop.config import TrainConfig
from training.networks.blocks import Weights
from training.networks.efficientnet import Backbone
from training.networks.stacked import StackedConfig
from training.networks.unet import UNetConfig
from training.tasks.document import DocumentTask
from training.tasks.person import PersonTask

WINDOWS = 48
"""Training windows on which the statistics of the batch norms are taken."""

PARAMETER = re.compile(
    r"network\.(?P<plain>(?P<steps>block.*((encoders|decoders)\.\d+|context))\.(?P<place>\d+)"
    r"\.(?P<kind>weight|bias|weight_bias)"
    r"|block.*(ups|head).*\.(weight|bias))"
)
"""Names of parameters in exported files; a folded norm's bias is the convolution's ``bias`` or ``weight_bias``."""


def recover(model: Path, data_dir: Path) -> Checkpoint:
    """A checkpoint with batch norm that computes, in evaluation, what an exported model does.

    Export takes every batch norm into the convolution before it, so its parameters are gone; but for any mean m and
    variance v a norm with weight sqrt(v + eps) and bias b + m, b being the convolution's, is that same layer. With the
    m and v of training windows, a training goes on as if it had never stopped; the optimizer starts anew.
    Source: Ioffe and Szegedy 2015, Batch normalization, section 3.1.

    Args:
        model: file written by ``python -m export document`` or ``person``, in either precision.
        data_dir: training sets of its task.

    Raises:
        ValueError: the file holds no network of this program.
        FileNotFoundError: no training pairs.
    """
    proto = onnx.load(model)
    card = card_of(proto)
    weights = convolutions(proto)
    config = TrainConfig(str(data_dir), "", crop_size=card.working_size or 256, loss=card.loss, weights={})
    try:
        task = make_task(card.task, config, weights, proto)
        network = task.build().eval()
        network.load_state_dict(trainable(network, weights | backbone_weights(network, proto)))
    except (KeyError, RuntimeError, StopIteration) as error:
        raise ValueError(f"{model} holds no network that can be trained on: {error}") from None
    drawn = task.dataset()
    settle_norms(network, (drawn[index]["image"] for index in range(WINDOWS)))
    best = network.state_dict()
    return Checkpoint(
        task=task.name,
        network=task.network_config(),
        training=asdict(config),
        training_sets=list(card.training_data),
        best=best,
        best_score=-math.inf,
        best_epoch=0,
        weights=best,
        ema=best,
        optimizer={},
        epoch=0,
    )


def convolutions(proto: onnx.ModelProto) -> Weights:
    """The parameters of a model by the names they have in the network that is trained: float32.

    The bias of a convolution in a U-Net's step is that of the norm after it, whose first weight is 1.
    """
    weights = {}
    for tensor in proto.graph.initializer:
        found = PARAMETER.fullmatch(tensor.name)
        if not found:
            continue
        value = stored(tensor)
        if found["steps"] is None:
            weights[found["plain"]] = value
            continue
        place = int(found["place"]) // 2 * 3  # of a convolution before the norms were folded
        name = f"{place}.weight" if found["kind"] == "weight" else f"{place + 1}.bias"
        weights[f"{found['steps']}.{name}"] = value
    return weights


def stored(tensor: onnx.TensorProto) -> Tensor:
    """A parameter as a file has it: float32."""
    return torch.from_numpy(numpy_helper.to_array(tensor).copy()).float()


def backbone_weights(network: nn.Module, proto: onnx.ModelProto) -> Weights:
    """The parameters of a network's backbone, if it has one, by their names, with `shift_relu6` undone: float32.

    A convolution has the bias of the norm after it, and in the file the place that it has where no norms are. Those at
    the end that no level sees, and the file lacks, stay as they are.

    Raises:
        KeyError: the file lacks one that is not at the end, or holds one that the network has not.
    """
    held = {item.name: stored(item) for item in proto.graph.initializer if item.name.startswith("network.backbone.")}
    kinds = (nn.Conv2d, nn.BatchNorm2d, nn.ReLU6)
    modules = ((name, module) for name, module in network.named_modules() if name.startswith("backbone."))
    layers = [(name, type(module)) for name, module in modules if isinstance(module, kinds)]
    clipped = {place for place, (_, kind) in enumerate(layers) if kind is nn.ReLU6}
    weights, norms = {}, Counter[str]()
    for place, (name, kind) in enumerate(layers):
        sequence, _, index = name.rpartition(".")
        norms[sequence] += kind is nn.BatchNorm2d
        if kind is nn.Conv2d and held:
            in_file = f"network.{sequence}.{int(index) - norms[sequence]}"
            weights[f"{name}.weight"] = held.pop(f"{in_file}.weight") / (6 if place - 1 in clipped else 1)
            weights[f"{layers[place + 1][0]}.bias"] = held.pop(f"{in_file}.bias") + (3 if place + 2 in clipped else 0)
    if held:
        raise KeyError(*held)
    return weights


def dilations(proto: onnx.ModelProto) -> tuple[int, ...]:
    """Of the convolutions that widen the view of a document model's first block, from the first to the last."""
    steps = (node for node in proto.graph.node if node.op_type == "Conv" and ".context." in node.input[1])
    return tuple(a.ints[0] for node in steps for a in node.attribute if a.name == "dilations")


def make_task(
    task: ModelTask, config: TrainConfig, weights: Weights, proto: onnx.ModelProto
) -> DocumentTask | PersonTask:
    """The task of a model, with a network of the shape that its weights show. Raises KeyError."""

    def shape(block: str) -> tuple[int, list[int]]:
        """Fold and widths of a U-Net block."""
        last = re.compile(rf"{re.escape(block)}\.encoders\.\d+\.3\.weight")
        widths = [len(weights[name]) for name in sorted(weights) if last.fullmatch(name)]
        return weights[f"{block}.encoders.0.0.weight"].shape[-1] // 3, widths

    if task is ModelTask.PERSON:
        fold, widths = shape("block")
        inputs = [weights[f"block.encoders.{level}.0.weight"].shape[1] for level in range(1, len(widths))]
        shapes = (UNetConfig(len(widths) - 1, widths[0], max(widths), fold, backbone=one) for one in Backbone)
        return PersonTask(config, next(one for one in shapes if one.inputs == inputs))
    blocks = sorted({name.split(".")[1] for name in weights})
    folds, widths_of = zip(*(shape(f"blocks.{block}") for block in blocks), strict=True)
    firsts = tuple(widths[0] for widths in widths_of)
    return DocumentTask(config, StackedConfig(folds, firsts, len(widths_of[0]) - 1, context=dilations(proto)))


def trainable(network: nn.Module, weights: Weights) -> Weights:
    """The state of a network with the parameters of a model: folded kernels unfolded, norms that only add a bias.

    Raises:
        KeyError: a parameter is missing.
        RuntimeError: a parameter is of another shape.
    """
    norms = {name: norm for name, norm in norms_of(network).items() if f"{name}.bias" in weights}
    for norm in norms.values():
        norm.reset_parameters()
    state = network.state_dict()
    unseen = {name for name in state if name.startswith("backbone.")} - set(weights)  # of stages that no level sees
    for name, _ in network.named_parameters():
        if name.removesuffix(".weight") not in norms and name not in unseen:
            value = weights[name]
            fold = value.shape[-1] // 3
            state[name].copy_(unfolded(value, fold) if name.endswith("encoders.0.0.weight") else value)
    for name, norm in norms.items():
        state[f"{name}.running_var"].fill_(1 - norm.eps)
    return state


def norms_of(network: nn.Module) -> dict[str, nn.BatchNorm2d]:
    """The batch norms by name."""
    return {name: module for name, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)}


def unfolded(kernels: Tensor, fold: int) -> Tensor:
    """The inverse of `export.lowering.folding`: [out, C, 3f, 3f] -> [out, C·f·f, 3, 3]."""
    return kernels.unflatten(3, (3, fold)).unflatten(2, (3, fold)).permute(0, 1, 3, 5, 2, 4).flatten(1, 3)


@torch.no_grad()
def settle_norms(network: nn.Module, windows: Iterable[Tensor]) -> None:
    """Give every batch norm of a network in evaluation the statistics of float [3, H, W] windows, its result kept."""
    norms = norms_of(network).values()
    seen: dict[nn.Module, list[Tensor]] = {norm: [] for norm in norms}

    def look(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        values = inputs[0].double()
        seen[norm].append(torch.stack([values.mean((0, 2, 3)), values.square().mean((0, 2, 3))]))

    hooks = [norm.register_forward_pre_hook(look) for norm in norms]
    for window in windows:
        network(window[None])
    for hook in hooks:
        hook.remove()
    for norm in norms:
        mean, square = torch.stack(seen[norm]).mean(0)
        variance = (square - mean**2).clamp(min=0)
        slope = norm.weight / (norm.running_var + norm.eps).sqrt()
        norm.bias += slope * (mean.float() - norm.running_mean)
        norm.weight.copy_(slope * (variance + norm.eps).sqrt())
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
