"""A head that tells which way is up, fitted to a network that has learnt nothing, and the model that comes of it."""

from dataclasses import asdict

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from bgtool.runtime.session import load_model
from bgtool.tasks.person import upright
from tests.support.networks import exported
from training.__main__ import cli
from training.loop.checkpoint import Checkpoint
from training.loop.config import TrainConfig
from training.networks.grow import grown_unet
from training.networks.unet import UNet, UNetConfig
from training.networks.upright import MOMENTS, moments
from training.tasks.upright import figures, fit

SMALL = UNetConfig(depth=2, width=4, max_width=8)


def landscape(rng, width, height):
    """Something light above something dark, in any colours."""
    light, dark = rng.integers(150, 220, 3), rng.integers(20, 120, 3)
    rows = np.where(np.arange(height)[:, None, None] < height * rng.uniform(0.3, 0.7), light, dark)
    return Image.fromarray((rows + rng.integers(-20, 20, (height, width, 3))).astype(np.uint8))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Forty photos, whose masks do not matter here."""
    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for name in ("img", "mask"):
        (folder / name).mkdir()
    for number in range(40):
        size = (64, 48) if number % 2 else (40, 64)
        landscape(rng, *size).save(folder / "img" / f"{number}.png")
        Image.new("1", size).save(folder / "mask" / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Of a network as it begins."""
    torch.manual_seed(0)
    state = UNet(SMALL).state_dict()
    values = {"training": asdict(TrainConfig("", "", crop_size=64)), "training_sets": ["some"], "best_score": 0.0}
    more = {"best_epoch": 1, "optimizer": {}, "epoch": 1}
    file = tmp_path_factory.mktemp("run") / "plain.pt"
    Checkpoint("person", SMALL.to_dict(), best=state, weights=state, ema=state, **values, **more).save(file)
    return file


@pytest.fixture(scope="module")
def taught(data, checkpoint):
    """The same with a head."""
    output = checkpoint.with_name("taught.pt")
    command = ["upright", checkpoint, "--data-dir", data, "--validation-share", "0.25", "-o", output]
    result = CliRunner().invoke(cli, list(map(str, command)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    told = dict(line.split("\t") for line in result.output.splitlines() if "\t" in line)
    assert min(float(told["told"]), float(told["kept"])) >= 0.9
    return output


def test_the_model_tells_which_way_is_up_and_cuts_as_before(checkpoint, taught, monkeypatch):
    monkeypatch.setattr(upright, "SURE", 0.5)  # a network that has learnt nothing tells it by less
    monkeypatch.setattr(upright, "UPRIGHT", 100)
    plain, told = (file.with_suffix(".onnx") for file in (checkpoint, taught))
    exported("person", checkpoint, "-o", plain)
    exported("person", taught, "-o", told)
    before, after = (load_model(str(file), task="person", device="cpu") for file in (plain, told))
    assert (before.tells_upright, after.tells_upright) == (False, True)
    noise = np.random.default_rng(1).integers(0, 256, (2, 64, 96, 3), np.uint8)
    assert np.array_equal(before.run(noise), after.run(noise))
    right = [
        upright.quarter_turns(photo.rotate(-90 * turns, expand=True), after) == turns
        for photo in (landscape(np.random.default_rng(seed), 60, 80) for seed in range(10))
        for turns in range(4)
    ]
    assert np.mean(right) >= 0.9


def test_training_on_leaves_the_head_behind(taught):
    state = Checkpoint.load(taught)
    assert UNetConfig.from_dict(state.network).upright
    UNet(SMALL).load_state_dict(grown_unet(state.best, UNetConfig.from_dict(state.network), SMALL))


def test_a_checkpoint_of_another_task_is_refused(data, checkpoint, tmp_path):
    state = Checkpoint.load(checkpoint)
    state.task = "document"
    state.save(tmp_path / "document.pt")
    command = ["upright", tmp_path / "document.pt", "--data-dir", data, "-o", tmp_path / "out.pt"]
    result = CliRunner().invoke(cli, list(map(str, command)))
    assert result.exit_code == 1
    assert "for a document" in result.output


def test_moments_see_rows_whatever_the_size_and_mirrors_alike():
    torch.manual_seed(0)
    feature = torch.rand(2, 3, 4, 5)
    assert moments([feature, feature]).shape == (2, 2 * 3 * MOMENTS)
    assert torch.allclose(moments([feature]), moments([feature.flip(3)]), atol=1e-6)
    assert not torch.allclose(moments([feature]), moments([feature.flip(2)]), atol=1e-3)
    larger = feature.repeat_interleave(4, 2).repeat_interleave(4, 3)
    assert torch.allclose(moments([feature])[:, :6], moments([larger])[:, :6], atol=0.02)


def test_a_fit_finds_what_tells_the_turns_apart():
    torch.manual_seed(0)
    seen = torch.randn(200, 4, 6)
    seen[:, 0, 2] += 3
    head = fit(seen)
    assert int(head.weight.abs().argmax()) == 2
    assert abs(float(head.scores(seen).mean())) < 0.01
    scores = torch.tensor([[3.0, 0.0, 1.0, 2.5], [0.0, 0.5, -1.0, -1.0]])
    assert figures(scores, 1.0) == pytest.approx({"told": 0.5, "kept": 1.0, "mended": 2 / 6})
