import json

import numpy as np
import onnx
import pytest
import torch
from conftest import TINY, tiny_card, wild_network

from bgtool.card import METADATA_KEY, Card
from export.graph import PageGraph
from export.lowering import lower
from export.onnx_file import OPSET, export_graph
from export.verify import parity_sizes, worst_difference
from training.networks.blocks import Upsampling
from training.networks.stacked import StackedConfig


def test_the_file_gives_what_pytorch_gives(tiny_model_file):
    reference = PageGraph(wild_network(TINY)).eval()
    assert worst_difference(tiny_model_file.read_bytes(), reference, parity_sizes(4)) <= 1


def test_parity_notices_another_network(tiny_model_file):
    torch.manual_seed(3)
    other = wild_network(TINY)
    other.blocks[1].head.bias.data.add_(0.5)
    assert worst_difference(tiny_model_file.read_bytes(), PageGraph(other).eval(), parity_sizes(4)) > 1


@pytest.mark.parametrize("upsampling", [Upsampling.BILINEAR, Upsampling.NEAREST, Upsampling.TRANSPOSED])
def test_every_upsampling_exports(upsampling):
    config = StackedConfig(folds=(2,), widths=(2,), levels=1, upsampling=upsampling)
    network = wild_network(config)
    model = export_graph(PageGraph(lower(network)), tiny_card(config))
    assert worst_difference(model, PageGraph(network).eval(), parity_sizes(config.stride)) <= 1


def test_the_file_keeps_the_contract(tiny_model_file):
    model = onnx.load(tiny_model_file)
    onnx.checker.check_model(model, full_check=True)
    assert [opset.version for opset in model.opset_import if not opset.domain] == [OPSET]
    (image,), (page,) = model.graph.input, model.graph.output
    assert (image.name, page.name) == ("image", "page")
    assert image.type.tensor_type.elem_type == page.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert [d.dim_param or d.dim_value for d in image.type.tensor_type.shape.dim] == ["batch", "height", "width", 3]
    assert [d.dim_param for d in page.type.tensor_type.shape.dim] == ["batch", "height", "width"]
    assert "Resize" not in {node.op_type for node in model.graph.node}
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert Card.from_metadata(metadata) == tiny_card(TINY)
    assert json.loads(metadata[METADATA_KEY])["schema"] == 1


def test_a_batch_is_its_images_one_by_one(tiny_model):
    images = np.random.default_rng(0).integers(0, 256, (3, 64, 48, 3), dtype=np.uint8)
    singly = np.concatenate([tiny_model.run(images[index : index + 1]) for index in range(3)])
    assert np.abs(tiny_model.run(images).astype(int) - singly).max() <= 1
