"""Models in half precision: half the size, and what GPUs are fastest at."""

from __future__ import annotations

import copy
import logging

import numpy as np
import onnx
import torch
from onnx import TensorProto, numpy_helper
from torch import nn

from bgtool.runtime.card import Card
from export.graph import PixelGraph
from export.lowering import fold_batch_norm, lower, shift_relu6
from export.onnx_file import export_graph
from export.verify import check_parity

LOG = logging.getLogger(__name__)

ROUNDING_LEVELS = 8
"""Grey levels by which half precision may move a pixel of a soft edge."""


def export_half(graph: type[PixelGraph], network: nn.Module, card: Card) -> bytes:
    """The ONNX file of a network in float16, checked against PyTorch.

    onnxruntime's CPU provider, which has no convolutions in float16 on most processors, brings the weights back to
    float32 when it loads the file, and computes in that.

    Args:
        graph: puts pixels at both ends of a network.
        network: as it was trained, in float32.
        card: stands in the file's metadata.

    Raises:
        ParityError: the file differs from PyTorch in float32 with the rounded weights by more than one grey level, or
            by more than `ROUNDING_LEVELS` from PyTorch in float16 or from the network itself.
    """
    LOG.info("writing the network in float16")
    half = shift_relu6(fold_batch_norm(lower(copy.deepcopy(network).eval()))).half()
    exported = graph(half, torch.float16).eval()
    model = export_graph(exported, card)
    LOG.info("comparing it with PyTorch on the rounded weights")
    check_parity(model, graph(copy.deepcopy(half).float()).eval(), card.stride)
    LOG.info("comparing it with PyTorch in float16")
    check_parity(model, exported, card.stride, ROUNDING_LEVELS)
    LOG.info("comparing it with the network as it was trained")
    check_parity(model, graph(network).eval(), card.stride, ROUNDING_LEVELS)
    return model


def widen(model: onnx.ModelProto) -> None:
    """Turn a model of `export_half`, in place, into one that computes in float32 everywhere."""
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT16:
            values = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    for node in model.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT16:
                attribute.i = TensorProto.FLOAT
    del model.graph.value_info[:]
    onnx.checker.check_model(model, full_check=True)
