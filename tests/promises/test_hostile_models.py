"""Models that were made to do harm, or that break their contract: one line each, and nothing outside is read."""

import json
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from bgtool.errors import DeviceError, ModelError
from bgtool.runtime.card import METADATA_KEY
from bgtool.runtime.external_data import _PARTS, names_files
from bgtool.runtime.session import load_model
from tests.support.networks import TINY, tiny_card

CARD = json.loads(tiny_card(TINY).to_json()) | {"stride": 1, "halo": 0}
RED = [helper.make_node("Gather", ["image", "index"], ["page"], axis=3)]
DOMAINS = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
INDEX = helper.make_tensor("index", TensorProto.INT64, [], [0])


KINDS = {
    "TensorProto": "tensor",
    "SparseTensorProto": "sparse",
    "GraphProto": "graph",
    "NodeProto": "node",
    "AttributeProto": "attribute",
    "FunctionProto": "function",
    "TrainingInfoProto": "training",
}


def elsewhere(name="index", place="index.bin"):
    """A tensor whose bytes are in another file."""
    tensor = helper.make_tensor(name, TensorProto.INT64, [], bytes(8), raw=True)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", place
    return tensor


def model(nodes=RED, values=(INDEX,), given=("n", "h", "w", 3), taken=("n", "h", "w"), card=CARD, functions=()):
    """A document model that takes the red of a picture for its page."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, given)],
        [helper.make_tensor_value_info("page", TensorProto.UINT8, taken)],
        values,
    )
    made = helper.make_model(graph, opset_imports=DOMAINS, ir_version=8, functions=functions)
    helper.set_model_props(made, {METADATA_KEY: card if isinstance(card, str) else json.dumps(card)})
    return made


def load(made, folder):
    path = folder / "model.onnx"
    path.write_bytes(made.SerializeToString())
    return load_model(path, device="cpu")


def constant():
    return helper.make_node("Constant", [], ["index"], value=elsewhere("value"))


def branch():
    return helper.make_graph([constant(), *RED], "branch", [], [onnx.ValueInfoProto(name="page")])


OUTSIDE = {
    "initializer": lambda: model(values=[elsewhere()]),
    "constant": lambda: model([constant(), *RED], []),
    "list of tensors": lambda: model([helper.make_node("Own", ["image"], ["page"], domain="own", them=[elsewhere()])]),
    "branch": lambda: model([helper.make_node("If", ["on"], ["page"], then_branch=branch(), else_branch=branch())], []),
    "function": lambda: model(
        [helper.make_node("Own", ["image"], ["page"], domain="own")],
        functions=[helper.make_function("own", "Own", ["image"], ["page"], [constant(), *RED], DOMAINS)],
    ),
    "compiled": lambda: model(
        [helper.make_node("EPContext", ["image"], ["page"], domain="com.microsoft", embed_mode=0, ep_cache_context="x")]
    ),
}  # fmt: skip


def test_the_model_that_the_others_spoil_runs(tmp_path):
    picture = np.arange(300, dtype=np.uint8).reshape(1, 10, 10, 3)
    assert np.array_equal(load(model(), tmp_path).run(picture), picture[..., 0])


@pytest.mark.parametrize("made", OUTSIDE.values(), ids=OUTSIDE)
def test_no_other_file_is_read(made, tmp_path, monkeypatch):
    """The file lies where onnxruntime looks for it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "index.bin").write_bytes(bytes(8))
    with pytest.raises(ModelError, match="data from other files"):
        load(made(), tmp_path)


def test_wherever_a_tensor_can_lie_is_looked_at():
    """All fields of the installed onnx.proto that lead to a tensor."""
    found, waiting = {}, [("model", onnx.ModelProto.DESCRIPTOR)]
    while waiting:
        kind, message = waiting.pop()
        if kind not in found:
            inner = {
                f.number: f.message_type for f in message.fields if f.message_type and f.message_type.name in KINDS
            }
            found[kind] = {number: KINDS[child.name] for number, child in inner.items()}
            waiting += [(KINDS[child.name], child) for child in inner.values()]
    assert found == _PARTS


@pytest.mark.parametrize("bad", [b"\xff" * 40, b"\x3a\x7f", b"\x0b", b"\x08" + b"\x80" * 12], ids=range(4))
def test_bytes_that_are_no_message_are_refused(bad, tmp_path):
    with pytest.raises(ValueError, match=r"field|number"):
        names_files(bad)
    (tmp_path / "bad.onnx").write_bytes(bad)
    with pytest.raises(ModelError, match="no ONNX model"):
        load_model(tmp_path / "bad.onnx", device="cpu")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_regular_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.onnx")
    for path in (tmp_path / "pipe.onnx", tmp_path, "/dev/zero", "nul\0byte"):
        with pytest.raises(ModelError, match="neither shipped nor a readable file"):
            load_model(path, device="cpu")


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: model(given=(1, 64, 64, 3)), "any size"),
        (lambda: model(given=("n", "h", "w", 4)), "any size"),
        (lambda: model(taken=("n", 64, 64)), "any size"),
        (lambda: model(taken=("n", "h")), "other inputs and outputs"),
        (lambda: model([helper.make_node("Cast", ["image"], ["page"], to=TensorProto.FLOAT)]), "cannot load"),
    ],
)  # fmt: skip
def test_a_graph_that_takes_or_gives_something_else_is_refused(made, reason, tmp_path):
    with pytest.raises(ModelError, match=reason):
        load(made(), tmp_path)


def test_a_result_of_another_size_ends_the_run(tmp_path):
    """The graph promises a page of the picture's size and gives one row less."""
    values = [INDEX, *(helper.make_tensor(n, TensorProto.INT64, [1], [v]) for n, v in (("one", 1), ("end", 2**40)))]
    nodes = [
        helper.make_node("Gather", ["image", "index"], ["all"], axis=3),
        helper.make_node("Slice", ["all", "one", "end", "one"], ["page"]),
    ]
    with pytest.raises((ModelError, DeviceError), match="gave"):
        load(model(nodes, values), tmp_path).run(np.zeros((1, 8, 8, 3), np.uint8))


def test_one_line_on_the_command_line(tmp_path):
    """A card of half a megabyte of brackets, and one of a stride that would take gigabytes."""
    Image.new("L", (9, 9)).save(tmp_path / "a.png")
    for card in ("[" * 500_000, json.dumps(CARD | {"stride": 20_000, "halo": 20_000})):
        (tmp_path / "bad.onnx").write_bytes(model(card=card).SerializeToString())
        command = [sys.executable, "-m", "bgtool", "clean", "a.png", "-o", "out", "--model", "bad.onnx"]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.returncode == 3
        (line,) = result.stderr.splitlines()
        assert line.startswith("bgtool: the card of the model")
        assert not (tmp_path / "out").exists()
