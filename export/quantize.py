"""Weights in half the size."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import onnx
from onnx import numpy_helper
from torch import nn

from bgtool.card import Card
from export.lowering import fold_batch_norm, lower
from export.onnx_file import export_graph
from export.verify import check_parity

ROUNDING_LEVELS = 8
"""Grey levels by which rounding the weights to float16 may move a pixel of a soft edge."""

MIN_VALUES = 256
"""Smaller tensors (biases, constants) stay as they are."""


def export_halved(graph: Callable[[nn.Module], nn.Module], network: nn.Module, card: Card) -> bytes:
    """The ONNX file of a network, its weights stored as float16, checked against PyTorch.

    Args:
        graph: puts pixels at both ends of a network; see `export.graph`.
        network: as it was trained.
        card: stands in the file's metadata.

    Raises:
        ParityError: the file differs from PyTorch with the rounded weights by more than one grey level, or from the
            network itself by more than `ROUNDING_LEVELS`.
    """
    exact = graph(network).eval()
    rounded = graph(round_weights(fold_batch_norm(lower(copy.deepcopy(network).eval()))))
    model = halve_weights(export_graph(rounded, card))
    check_parity(model, rounded, card.stride)
    check_parity(model, exact, card.stride, ROUNDING_LEVELS)
    return model


def round_weights(network: nn.Module) -> nn.Module:
    """Round, in place, the weights that `halve_weights` stores as float16 to float16's precision."""
    for parameter in network.parameters():
        if parameter.numel() >= MIN_VALUES:
            parameter.data = parameter.data.half().float()
    return network


def halve_weights(model: bytes) -> bytes:
    """Store large float32 weights as float16, half the size; a cast brings each back, so arithmetic stays float32.

    onnxruntime computes the casts once, when it loads the file.
    """
    proto = onnx.load_from_string(model)
    casts = []
    for tensor in proto.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < MIN_VALUES:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(onnx.helper.make_node("Cast", [tensor.name], [name], f"{name}.cast", to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    onnx.checker.check_model(proto, full_check=True)
    return proto.SerializeToString()
