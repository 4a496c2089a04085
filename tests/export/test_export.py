import json

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from PIL import Image

from bgtool.runtime.card import METADATA_KEY, Card
from bgtool.runtime.session import load_model
from export.float16 import export_half
from export.graph import PageGraph
from export.int8 import to_int8
from export.lowering import lower
from export.onnx_file import OPSET, export_graph
from export.verify import parity_sizes, worst_difference
from tests.support.networks import TINY, tiny_card, wild_network
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
    resizes = [node for node in model.graph.node if node.op_type == "Resize"]
    assert {attribute.s for node in resizes for attribute in node.attribute if attribute.name == "mode"} == {b"nearest"}
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert Card.from_metadata(metadata) == tiny_card(TINY)
    assert json.loads(metadata[METADATA_KEY])["schema"] == 2


def test_the_file_says_nothing_of_the_machine_it_was_made_on(tiny_model_file):
    assert b".py" not in tiny_model_file.read_bytes()


def test_a_batch_is_its_images_one_by_one(tiny_model):
    images = np.random.default_rng(0).integers(0, 256, (3, 64, 48, 3), dtype=np.uint8)
    singly = np.concatenate([tiny_model.run(images[index : index + 1]) for index in range(3)])
    assert np.abs(tiny_model.run(images).astype(int) - singly).max() <= 1


def test_in_half_precision_no_picture_but_the_last_is_of_float32():
    model = onnx.shape_inference.infer_shapes(
        onnx.load_from_string(export_half(PageGraph, wild_network(TINY), tiny_card(TINY))), strict_mode=True
    )
    kinds = {value.name: value.type.tensor_type.elem_type for value in model.graph.value_info}
    assert {kinds[node.output[0]] for node in model.graph.node if node.op_type == "Conv"} == {onnx.TensorProto.FLOAT16}
    assert {kinds[node.output[0]] for node in model.graph.node if node.op_type == "Round"} == {onnx.TensorProto.FLOAT}
    assert {tensor.data_type for tensor in model.graph.initializer if len(tensor.dims) == 4} == {
        onnx.TensorProto.FLOAT16
    }


def test_integers_come_of_half_precision_as_well(pages, tiny_model_file):
    halved = to_int8(export_half(PageGraph, wild_network(TINY), tiny_card(TINY)), pages, "tiny-int8")
    window = np.random.default_rng(1).integers(0, 256, (1, 64, 64, 3), np.uint8)
    found, expected = (
        ort.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"image": window})[0].astype(int)
        for model in (halved, tiny_model_file.read_bytes())
    )
    assert np.abs(found - expected).mean() < 8


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A folder of one page of noise."""
    folder = tmp_path_factory.mktemp("pages")
    rng = np.random.default_rng(0)
    for name in ("img", "gt"):
        (folder / name).mkdir()
        Image.fromarray(rng.integers(0, 256, (60, 70, 3), np.uint8)).save(folder / name / "page.png")
    return folder


@pytest.fixture(scope="module")
def int8_model(tiny_model_file, pages):
    """The tiny model on 8-bit integers, calibrated on noise."""
    return to_int8(tiny_model_file.read_bytes(), pages, "tiny-int8")


def test_int8_stays_near_float_and_says_what_it_is(int8_model, tiny_model, tmp_path):
    (tmp_path / "int8.onnx").write_bytes(int8_model)
    quantized = load_model(str(tmp_path / "int8.onnx"), device="cpu")
    assert (quantized.card.name, quantized.card.precision, dict(quantized.card.figures)) == ("tiny-int8", "int8", {})
    assert (quantized.card.stride, quantized.card.halo) == (tiny_model.card.stride, tiny_model.card.halo)
    window = np.random.default_rng(1).integers(0, 256, (1, 64, 64, 3), np.uint8)
    apart = np.abs(quantized.run(window).astype(int) - tiny_model.run(window))
    assert 0 < apart.mean() < 8


def test_int8_holds_integers(int8_model):
    types = {tensor.data_type for tensor in onnx.load_from_string(int8_model).graph.initializer}
    assert onnx.TensorProto.INT8 in types


def test_int8_refuses_what_is_not_float(int8_model, tmp_path):
    with pytest.raises(ValueError, match="no document model on floats"):
        to_int8(int8_model, tmp_path, "again")
