import hashlib
import json
from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
from conftest import DATA, TINY, tiny_card

from bgtool import runtime
from bgtool.card import METADATA_KEY, ModelTask
from bgtool.catalogue import ShippedModel, shipped_model, shipped_models
from bgtool.errors import DeviceError, ModelError, UsageError
from bgtool.runtime import load_model, parse_device


@pytest.mark.parametrize(("text", "device"), [("auto", ("auto", 0)), ("cpu", ("cpu", 0)), ("cuda:3", ("cuda", 3))])
def test_devices_are_parsed(text, device):
    assert parse_device(text) == device


@pytest.mark.parametrize("text", ["", "gpu", "cpu:1", "cuda:", "cuda:x", "CUDA"])
def test_other_devices_are_refused(text):
    with pytest.raises(UsageError):
        parse_device(text)


def rewritten(model_file, tmp_path, change):
    """A copy of the model whose ONNX message was changed."""
    model = onnx.load(model_file)
    change(model)
    path = tmp_path / "changed.onnx"
    onnx.save(model, path)
    return str(path)


def test_a_model_without_card_is_refused(tiny_model_file, tmp_path):
    path = rewritten(tiny_model_file, tmp_path, lambda model: model.ClearField("metadata_props"))
    with pytest.raises(ModelError, match="no bgtool card"):
        load_model(path, device="cpu")


def test_a_model_that_breaks_its_contract_is_refused(tiny_model_file, tmp_path):
    def rename(model):
        model.graph.output[0].name = model.graph.node[-1].output[0] = "mask"

    with pytest.raises(ModelError, match="other inputs and outputs"):
        load_model(rewritten(tiny_model_file, tmp_path, rename), device="cpu")


def test_a_model_for_another_task_is_refused(tiny_model_file):
    with pytest.raises(ModelError, match="for task document"):
        load_model(str(tiny_model_file), task="person", device="cpu")


def test_a_card_of_the_future_is_refused(tiny_model_file, tmp_path):
    def age(model):
        card = json.dumps(asdict(tiny_card(TINY)) | {"schema": 2})
        onnx.helper.set_model_props(model, {METADATA_KEY: card})

    with pytest.raises(ModelError, match="update bgtool"):
        load_model(rewritten(tiny_model_file, tmp_path, age), device="cpu")


def test_auto_says_why_it_took_the_cpu(tiny_model_file):
    device = load_model(str(tiny_model_file)).device
    assert device.why


@pytest.mark.skipif(
    runtime.missing_for_cuda(onnxruntime) is None, reason="CUDA may work here; this is about where it does not"
)
def test_cuda_is_judged_by_the_session_not_by_the_list_of_providers(tiny_model_file):
    """A session that silently fell back to the CPU must not pass for CUDA."""
    data = tiny_model_file.read_bytes()
    with pytest.raises(DeviceError, match="could not start CUDA"):
        runtime.open_cuda(onnxruntime, data, 0, required=True)
    _, device = runtime.open_cuda(onnxruntime, data, 0, required=False)
    assert device.provider == runtime.CPU
    assert "CUDA" in device.why


def test_a_missing_driver_is_named(monkeypatch):
    def refuse(name):
        raise OSError(name)

    monkeypatch.setattr(runtime.ctypes, "CDLL", refuse)
    pretended = SimpleNamespace(get_available_providers=lambda: [runtime.CUDA, runtime.CPU])
    assert "driver is missing" in runtime.missing_for_cuda(pretended)


def test_shipped_models_match_their_catalogue_and_card():
    assert shipped_models(), "at least one model ships"
    for entry in shipped_models():
        assert hashlib.sha256(entry.read()).hexdigest() == entry.sha256
        model = load_model(entry.name, task=entry.task, device="cpu")
        assert model.card.name == entry.name
        assert model.card.licence == entry.licence
        assert model.card.training_data
        assert model.card.figures
        assert not set(model.card.training_data) & {"DIBCO2013", "DIBCO2017"}


def test_a_damaged_shipped_model_is_refused():
    entry = shipped_models()[0]
    damaged = ShippedModel(**asdict(entry) | {"sha256": "0" * 64})
    with pytest.raises(ModelError, match="damaged"):
        damaged.read()


def test_names_lead_to_models_and_no_name_to_the_tasks_own():
    own = shipped_model(None, ModelTask.DOCUMENT)
    assert own is not None
    assert shipped_model(own.name, ModelTask.DOCUMENT) == own
    assert shipped_model("no-such-model", ModelTask.DOCUMENT) is None


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data folder is not here")
def test_the_shipped_document_model_beats_every_classical_method():
    """One page of each test set, a fifth of the full evaluation's time; the card holds the whole figures."""
    from PIL import Image

    from bgtool.api import clean
    from bgtool.metrics import f_measure

    model = load_model(device="cpu")
    for set_name, best_classical in (("DIBCO2013", 84.2), ("DIBCO2017", 85.1)):
        folder = DATA / "documents" / "test" / set_name
        scores = []
        for scan in sorted((folder / "img").iterdir())[:3]:
            truth = np.asarray(Image.open(folder / "gt" / f"{scan.stem}.png").convert("L")) < 128
            scores.append(f_measure(truth, ~np.asarray(clean(Image.open(scan), model=model, style="bilevel"))))
        assert sum(scores) / len(scores) > best_classical
