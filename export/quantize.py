"""Smaller variants of an exported file."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper
from torch import nn

MIN_VALUES = 256
"""Smaller tensors (biases, constants) stay as they are."""


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
