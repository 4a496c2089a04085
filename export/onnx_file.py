"""From a PyTorch graph to the bytes of a checked, described ONNX file."""

from __future__ import annotations

import io

import onnx
import torch

from bgtool.runtime.card import METADATA_KEY, Card
from export.graph import PixelGraph

OPSET = 20


def card_of(model: onnx.ModelProto) -> Card:
    """The card in a model.

    Raises:
        ModelError: it has none.
    """
    return Card.from_metadata({entry.key: entry.value for entry in model.metadata_props})


def put_card(model: onnx.ModelProto, card: Card) -> None:
    """Write a card into a model, in place, instead of the one it has."""
    onnx.helper.set_model_props(model, {METADATA_KEY: card.to_json()})


def drop_traces(model: onnx.ModelProto) -> None:
    """Drop, in place, what the exporter noted at nodes and values: which lines of which files they came from."""
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        del part.metadata_props[:]


def export_graph(graph: PixelGraph, card: Card) -> bytes:
    """Export a graph with dynamic batch, height and width, and write its card into it.

    Args:
        graph: H and W of what it takes are multiples of ``card.stride``.
        card: stands in the file's metadata; names the output.
    """
    stride = card.stride
    batch, rows, columns = (torch.export.Dim(name, max=2**20) for name in ("batch", "rows", "columns"))
    program = torch.onnx.export(
        graph.eval(),
        (torch.zeros(2, 8 * stride, 12 * stride, 3, dtype=torch.uint8),),
        dynamo=True,
        opset_version=OPSET,
        input_names=["image"],
        output_names=[card.task.output, *graph.also],
        dynamic_shapes={"image": {0: batch, 1: stride * rows, 2: stride * columns}},
        verbose=False,
    )
    file = io.BytesIO()
    program.save(file)
    model = onnx.load_from_string(file.getvalue())
    name_axes(model)
    drop_traces(model)
    put_card(model, card)
    model.producer_name = "bgtool"
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def name_axes(model: onnx.ModelProto) -> None:
    """Call the free axes of input and outputs batch, height and width."""
    for value in [*model.graph.input, *model.graph.output]:
        for axis, name in zip(value.type.tensor_type.shape.dim, ("batch", "height", "width"), strict=False):
            axis.dim_param = name
