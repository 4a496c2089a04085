"""The shipped networks in other clothes: the same weights as others would have exported them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from bgtool.runtime.model_file import read_model
from bgtool.runtime.task import ModelTask
from export.float16 import widen
from export.onnx_file import card_of, put_card

KEYS = -0.75
"""PyTorch's parameter of cubic interpolation."""

REMBG_SIZE = 320
"""Side of the square that rembg sends to a custom model, in pixels."""

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

Proto = onnx.ModelProto


def shipped(task: ModelTask) -> Proto:
    """The shipped model of a task, in float32 as others export theirs."""
    model = onnx.load_from_string(read_model(None, task))
    widen(model)
    return model


def naive(model: Proto) -> Proto:
    """A document model whose fixed convolutions for bicubic ×2 are ONNX's own cubic Resize again.

    The exporter turns each into Pad (edge), a Resize that repeats pixels and two depthwise convolutions; this turns it
    back.

    Raises:
        ValueError: there is no such group of nodes in the model.
    """
    graph = model.graph
    makers = {output: node for node in graph.node for output in node.output}
    graph.initializer.append(numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice"))
    nodes = list(graph.node)
    groups = [group for node in nodes if (group := chain(node, makers, ("Conv", "Conv", "Resize", "Pad")))]
    if not groups:
        raise ValueError("the document model has no lowered upsampling to undo")
    for last, *others, pad in groups:
        resize = helper.make_node(
            "Resize", [pad.input[0], "", "twice"], list(last.output), mode="cubic", cubic_coeff_a=KEYS
        )
        nodes[nodes.index(last)] = resize
        for node in (*others, pad):
            nodes.remove(node)
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model, full_check=True)
    return model


def chain(node: onnx.NodeProto, makers: Mapping[str, onnx.NodeProto], kinds: Sequence[str]) -> list[onnx.NodeProto]:
    """A node and those that its first input comes through, last to first; empty if they are of other kinds."""
    nodes: list[onnx.NodeProto] = []
    for kind in kinds:
        found = makers.get(nodes[-1].input[0]) if nodes else node
        if found is None or found.op_type != kind:
            return []
        nodes.append(found)
    return nodes


def one_view(model: Proto, working_size: int) -> Proto:
    """A person model that sees a photo once, at that size, by its card."""
    put_card(model, replace(card_of(model), working_size=working_size, scales=(1.0,), mirrored=False, second_look=0.0))
    return model


def for_rembg(model: Proto) -> Proto:
    """A person model with the input and output of rembg's ``u2net_custom``.

    Takes float32 [1, 3, S, S], RGB in 0..1 less `IMAGENET_MEAN` over `IMAGENET_STD`; gives float32 [1, 1, S, S], alpha
    in 0..1, with S of `REMBG_SIZE`. The arithmetic that turns one into the other stands around the unchanged graph.
    """
    graph = model.graph
    for name, value in {
        "mean": np.reshape(np.array(IMAGENET_MEAN, np.float32), (3, 1, 1)) * 255,
        "std": np.reshape(np.array(IMAGENET_STD, np.float32), (3, 1, 1)) * 255,
        "levels": np.float32(255),
        "channel": np.array([1]),
    }.items():
        graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    before = [
        helper.make_node("Mul", ["normalised", "std"], ["scaled"]),
        helper.make_node("Add", ["scaled", "mean"], ["grey levels"]),
        helper.make_node("Round", ["grey levels"], ["whole"]),
        helper.make_node("Cast", ["whole"], ["planes"], to=TensorProto.UINT8),
        helper.make_node("Transpose", ["planes"], ["image"], perm=[0, 2, 3, 1]),
    ]
    after = [
        helper.make_node("Cast", ["alpha"], ["float alpha"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["float alpha", "levels"], ["unit"]),
        helper.make_node("Unsqueeze", ["unit", "channel"], ["mask"]),
    ]
    nodes = [*before, *graph.node, *after]
    for part, values in (
        (graph.node, nodes),
        (graph.input, [tensor("normalised", 3)]),
        (graph.output, [tensor("mask", 1)]),
    ):
        del part[:]
        part.extend(values)
    onnx.checker.check_model(model, full_check=True)
    return model


def tensor(name: str, channels: int) -> onnx.ValueInfoProto:
    """An input or output as rembg has them."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, REMBG_SIZE, REMBG_SIZE])


def written(model: Proto, file: Path) -> Path:
    """The file, with the model in it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(model.SerializeToString())
    return file
