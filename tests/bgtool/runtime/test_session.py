import hashlib
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest

from bgtool.errors import DeviceError, ModelError, UsageError
from bgtool.runtime import session as runtime
from bgtool.runtime.card import METADATA_KEY, SCHEMA
from bgtool.runtime.catalogue import ShippedModel, own_model, shipped_model, shipped_models
from bgtool.runtime.devices import KINDS, Device, difference, parse_device, proof_window
from bgtool.runtime.session import load_model
from bgtool.runtime.task import ModelTask
from tests.support.networks import TINY, tiny_card
from tests.support.places import DATA, ROOT


@pytest.mark.parametrize(
    ("text", "device"), [("cpu", "cpu"), ("cuda:3", "cuda:3"), ("CUDA", "cuda:0"), ("openvino", "openvino")]
)
def test_devices_are_parsed(text, device):
    assert str(parse_device(text)) == device


def test_auto_is_no_device_yet():
    assert parse_device("auto") is None


@pytest.mark.parametrize("text", ["", "gpu", "cpu:1", "cuda:", "cuda:x", "cuda:99999", "openvino:1"])
def test_other_devices_are_refused(text):
    with pytest.raises(UsageError, match="unknown device"):
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
        card = json.dumps(asdict(tiny_card(TINY)) | {"schema": SCHEMA + 1})
        onnx.helper.set_model_props(model, {METADATA_KEY: card})

    with pytest.raises(ModelError, match="update bgtool"):
        load_model(rewritten(tiny_model_file, tmp_path, age), device="cpu")


def test_auto_says_why_it_took_the_cpu(tiny_model_file):
    device = load_model(str(tiny_model_file)).device
    assert device.why


def test_a_device_that_is_not_installed_is_refused_with_what_brings_it(tiny_model_file):
    lacking = [name for name, kind in KINDS.items() if kind.provider not in onnxruntime.get_available_providers()]
    assert lacking
    for name in lacking:
        with pytest.raises(DeviceError) as caught:
            load_model(str(tiny_model_file), device=name)
        assert KINDS[name].source in caught.value.reason


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_session_that_fell_back_to_the_cpu_is_not_taken_for_another(tiny_model_file):
    """onnxruntime leaves out in silence what it cannot start; the session says so, its list of providers does not."""
    session = runtime.open_session(onnxruntime, tiny_model_file.read_bytes(), Device("cuda"))
    assert "could not start CUDA" in runtime.not_started(session, Device("cuda"))
    assert runtime.not_started(session, Device("cpu")) is None


def test_a_missing_driver_is_named(monkeypatch):
    def refuse(name):
        raise OSError(name)

    monkeypatch.setattr(runtime.ctypes, "CDLL", refuse)
    pretended = SimpleNamespace(get_available_providers=lambda: [kind.provider for kind in KINDS.values()])
    assert "driver is missing" in runtime.missing(pretended, Device("cuda"))
    assert runtime.missing(pretended, Device("openvino")) is None


def test_a_device_that_computes_something_else_is_found_out(tiny_model_file, tmp_path):
    """The same network with its answer turned over stands for a provider that is wrong."""

    def turn_over(model):
        node = model.graph.node[-1]
        node.output[0] = "right"
        model.graph.node.append(onnx.helper.make_node("BitwiseNot", ["right"], ["page"]))

    right = runtime.open_session(onnxruntime, tiny_model_file.read_bytes())
    wrong = runtime.open_session(onnxruntime, Path(rewritten(tiny_model_file, tmp_path, turn_over)).read_bytes())
    assert difference(right, right, 8) is None
    assert "levels off" in difference(wrong, right, 8)


def test_the_window_of_proof_is_hard_enough_to_tell():
    """The shipped networks see ink and paper, person and ground in it."""
    for task in ModelTask:
        model = load_model(task=task.value, device="cpu")
        answer = model.run(proof_window(256))
        assert answer.min() < 64, task
        assert answer.max() > 192, task


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
    own = own_model(ModelTask.DOCUMENT)
    assert shipped_model(own.name, ModelTask.DOCUMENT) == own
    assert shipped_model("no-such-model", ModelTask.DOCUMENT) is None


def test_the_cpu_runs_the_integer_model_unless_another_is_named():
    own = own_model(ModelTask.DOCUMENT)
    assert load_model(device="cpu").card.precision == "int8"
    automatic = load_model()
    assert automatic.card.name == (own.int8 if KINDS[automatic.device.kind].int8 else own.name)
    assert load_model(own.name, device="cpu").card.precision == "fp16"


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data folder is not here")
def test_the_shipped_document_model_beats_every_classical_method():
    """One page of each test set, a fifth of the full evaluation's time; the card holds the whole figures."""
    from PIL import Image

    from bgtool.api import clean
    from bgtool.scoring.metrics import f_measure

    model = load_model(device="cpu")
    for set_name, best_classical in (("DIBCO2013", 84.2), ("DIBCO2017", 85.1)):
        folder = DATA / "documents" / "test" / set_name
        scores = []
        for scan in sorted((folder / "img").iterdir())[:3]:
            truth = np.asarray(Image.open(folder / "gt" / f"{scan.stem}.png").convert("L")) < 128
            scores.append(f_measure(truth, ~np.asarray(clean(Image.open(scan), model=model, style="bilevel"))))
        assert sum(scores) / len(scores) > best_classical


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads the resident memory as Linux shows it")
def test_what_a_photo_took_is_given_back_before_the_next():
    """Resident memory after a photo of 1,024 px: less than half of what onnxruntime keeps of its own accord."""
    script = """
import sys
from pathlib import Path
import numpy as np
from bgtool.runtime.session import load_model

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

model = load_model(device="cpu", task="person")
if sys.argv[1] == "keep":
    model._options = None
model.run(np.zeros((1, 64, 64, 3), np.uint8))
before = resident()
model.run(np.zeros((1, 1024, 1024, 3), np.uint8))
print(resident() - before)
"""
    kept, given = (
        int(subprocess.run([sys.executable, "-c", script, way], capture_output=True, check=True, text=True).stdout)
        for way in ("keep", "give")
    )
    assert given < kept / 2


def test_a_session_tells_nobody_and_leaves_nothing_in_the_home_folder(tmp_path, tiny_model_file):
    """onnxruntime tells its makers of sessions, and numbers the machine for it, unless it is told not to."""
    home = dict.fromkeys(("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME", "TMPDIR"), str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"} | home
    program = f"import bgtool; bgtool.load_model({str(tiny_model_file)!r})"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, env=environment)
    assert list((tmp_path / "home").rglob("*")) == []
