"""The people's half of training: augmentation, a real, tiny training, and the model that comes out."""

import subprocess
import sys

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner
from PIL import Image, ImageDraw

from bgtool.runtime.card import Card
from bgtool.runtime.session import load_model
from bgtool.runtime.task import ModelTask
from export.cli import cli as export_cli
from tests.support.networks import exported
from tests.support.places import ROOT
from training.__main__ import cli
from training.data.people import WeightedPeople, find_backgrounds, find_people
from training.data.pictures import read_rgb
from training.loop.checkpoint import Checkpoint
from training.loop.config import TrainConfig
from training.losses import Loss, masked_loss
from training.networks.efficientnet import Backbone, EfficientNetLite
from training.networks.unet import UNetConfig
from training.tasks.person import IGNORED, PersonTask
from training.transforms.person import TrainPerson, Window, cut_out, cut_thing, letterbox, paste, turned

SMALL = ["--depth", "2", "--width", "4", "--max-width", "8", "--batch-size", "4", "--crop-size", "32",
         "--epoch-samples", "16", "--workers", "0", "--validate-every", "1", "--lr", "0.01"]  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Twelve photos of light "people" on dark ground in two sets, one with regions to ignore; two without people."""
    root = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for index in range(12):
        folder = root / "people" / ("street" if index % 2 else "studio")
        width, height = (48, 64) if index % 3 else (72, 40)
        mask = Image.new("1", (width, height))
        left, top = rng.integers(4, width // 2), rng.integers(2, height // 2)
        ImageDraw.Draw(mask).ellipse([left, top, left + width // 3, top + height // 2 - 2], fill=1)
        photo = np.where(np.asarray(mask)[..., None], 200, 60) + rng.integers(-40, 40, (height, width, 3))
        pictures = {"img": Image.fromarray(photo.astype(np.uint8)), "mask": mask}
        if index % 2:
            pictures["ignore"] = Image.new("1", (width, height))
            ImageDraw.Draw(pictures["ignore"]).rectangle([0, 0, 3, height], fill=1)
        for name, picture in pictures.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            picture.save(folder / name / f"{index}.png")
    (root / "backgrounds").mkdir()
    for index in range(2):
        Image.fromarray(rng.integers(0, 120, (50, 40, 3), np.uint8)).save(root / "backgrounds" / f"{index}.png")
    return root


def train(photos, save, *options):
    command = ["person", "--data-dir", str(photos / "people"), "--backgrounds", str(photos / "backgrounds")]
    result = CliRunner().invoke(cli, [*command, "--save", str(save), *SMALL, *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return Checkpoint.load(save)


@pytest.fixture(scope="module")
def trained(photos, tmp_path_factory):
    save = tmp_path_factory.mktemp("run") / "person.pt"
    train(photos, save, "--num-epochs", "6", "--validation-share", "0.2", "--ema-decay", "0.8")
    return save


@pytest.fixture(scope="module")
def model_file(trained):
    path = trained.with_name("mine.onnx")
    exported("person", trained, "-o", path)
    return path


def test_training_lowers_the_loss_and_scores_every_set(trained):
    state = Checkpoint.load(trained)
    assert state.log[-1]["loss"] < 0.9 * state.log[0]["loss"]
    assert {"jaccard", "street", "studio"} <= set(state.log[-1])
    assert 0 <= state.log[-1]["jaccard"] <= 1
    assert state.training_sets == ["backgrounds", "street", "studio"]
    assert Image.open(trained.with_suffix(".png")).size[0] > 500


def test_a_resumed_run_is_the_undisturbed_run(photos, tmp_path, monkeypatch):
    whole = train(photos, tmp_path / "whole.pt", "--num-epochs", "2")

    real = Checkpoint.save

    def save_and_stop(self, path):
        real(self, path)
        raise InterruptedError

    monkeypatch.setattr(Checkpoint, "save", save_and_stop)
    with pytest.raises(InterruptedError):
        train(photos, tmp_path / "halves.pt", "--num-epochs", "2")
    monkeypatch.setattr(Checkpoint, "save", real)
    assert Checkpoint.load(tmp_path / "halves.pt").epoch == 1
    halves = train(photos, tmp_path / "halves.pt", "--num-epochs", "2")
    for name, value in whole.ema.items():
        assert torch.equal(value, halves.ema[name]), name


def test_a_second_stage_starts_from_the_best_weights_of_the_first(photos, trained, tmp_path):
    first = Checkpoint.load(trained)
    second = train(photos, tmp_path / "second.pt", "--load", str(trained), "--num-epochs", "1", "--crop-size", "48",
                   "--lr", "0", "--ema-decay", "1")  # fmt: skip
    head = "block.head.weight"
    assert torch.equal(second.weights[head], first.best[head])
    assert second.training["crop_size"] == 48


def test_a_training_goes_on_from_a_model_whose_checkpoint_is_lost(photos, trained, model_file, tmp_path):
    check_recovery(photos, trained, model_file, tmp_path)


@pytest.mark.parametrize("backbone", ["lite0", "lite2"])
def test_a_network_with_a_backbone_is_exported_and_recovered(backbone, photos, tmp_path):
    checkpoint, model = tmp_path / "backbone.pt", tmp_path / "backbone.onnx"
    state = train(photos, checkpoint, "--num-epochs", "1", "--depth", "3", "--backbone", backbone)
    assert state.training_sets[-1] == "ImageNet-1k"
    learnt, coarse = EfficientNetLite(Backbone(backbone)).load_imagenet().state_dict(), "stages.4.0.steps.0.weight"
    moved = (state.weights[f"backbone.{coarse}"] - learnt[coarse]).abs().max()
    assert 0 < moved < 0.1 * state.training["lr"], "at a tenth of the learning rate"
    exported("person", checkpoint, "-o", model)
    assert Backbone(backbone).title in load_model(str(model), device="cpu", task="person").card.architecture
    check_recovery(photos, checkpoint, model, tmp_path)


def check_recovery(photos, checkpoint, model, folder):
    """A model gives a checkpoint of the same network, which gives the same model."""
    recovered, again = folder / "recovered.pt", folder / "again.onnx"
    exported("recover", model, "--data-dir", photos / "people", "-o", recovered)
    exported("person", recovered, "-o", again)
    assert Checkpoint.load(recovered).network == Checkpoint.load(checkpoint).network
    assert Checkpoint.load(recovered).training["crop_size"] == 32
    photo = np.random.default_rng(0).integers(0, 256, (1, 32, 64, 3), np.uint8)
    one, other = (load_model(str(file), device="cpu", task="person").run(photo).astype(int) for file in (model, again))
    assert np.abs(one - other).max() <= 1


def test_predict_runs_a_checkpoint_and_agrees_with_the_exported_model(photos, trained, model_file, tmp_path):
    file = photos / "people" / "studio" / "img" / "2.png"
    predicted = CliRunner().invoke(
        cli, ["predict", "--load", str(trained), "-o", str(tmp_path), str(file)], catch_exceptions=False
    )
    assert predicted.exit_code == 0, predicted.output
    mask = np.asarray(Image.open(tmp_path / "2.png"))
    assert mask.shape == (64, 48)

    model = load_model(str(model_file), device="cpu", task="person")
    assert (model.card.task, model.card.working_size, model.card.halo) == (ModelTask.PERSON, 32, 0)
    assert model.card.training_data == ("backgrounds", "street", "studio")
    boxed, (height, width) = letterbox(read_rgb(file), 32, model.card.stride)
    (alpha,) = model.run(boxed.permute(1, 2, 0)[None].numpy())
    small = torch.from_numpy(alpha)[None, None, :height, :width].float()
    at_full_size = F.interpolate(small, mask.shape, mode="bilinear", antialias=True)[0, 0].numpy()
    assert np.abs(at_full_size - mask).max() <= 2


def test_an_export_says_which_views_of_a_photo_count(trained, tmp_path):
    path = tmp_path / "views.onnx"
    exported("person", trained, "-o", path, "--scale", "0.75", "--scale", "1.5", "--mirrored", "--second-look", "0.5")
    card = load_model(str(path), device="cpu", task="person").card
    assert (card.scales, card.mirrored, card.second_look) == ((0.75, 1.5), True, 0.5)
    assert ("views", "24, 48 px, each mirrored too, small people twice") in card.lines()


def test_the_network_is_exported_in_half_precision(model_file):
    model = onnx.load(model_file)
    kinds = {tensor.data_type for tensor in model.graph.initializer if tensor.name.startswith("network.")}
    assert kinds == {onnx.TensorProto.FLOAT16}
    assert Card.from_metadata({entry.key: entry.value for entry in model.metadata_props}).precision == "fp16"


def test_export_tells_the_tasks_apart(trained, tmp_path):
    result = CliRunner().invoke(export_cli, ["document", str(trained), "-o", str(tmp_path / "x.onnx")])
    assert result.exit_code == 1
    assert "python -m export person" in result.output


def test_two_processes_train_as_one_run(photos, tmp_path):
    save = tmp_path / "pair.pt"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    options = ["--data-dir", str(photos / "people"), "--save", str(save), *SMALL, "--num-epochs", "1"]
    command = [*torchrun, "-m", "training", "person", *options]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert result.returncode == 0, result.stderr
    assert Checkpoint.load(save).epoch == 1


def test_validation_counts_no_ignored_pixel(photos):
    config = TrainConfig(str(photos / "people"), "", crop_size=32, loss="bce", validation_share=0.5)
    task = PersonTask(config, UNetConfig(depth=1, width=2))

    def everywhere(batch):
        return torch.full((1, 1, *batch.shape[-2:]), 9.0)

    scores = task.validate(everywhere, torch.device("cpu"))
    expected = [(t == 1).sum() / (t != IGNORED).sum() for t in (sample["truth"] for _, sample in task.validation)]
    assert scores["jaccard"] == pytest.approx(torch.stack(expected).mean().item(), abs=1e-6)
    assert any((sample["truth"] == IGNORED).any() for _, sample in task.validation)


def test_ignored_pixels_have_no_gradient():
    torch.manual_seed(0)
    truth = (torch.rand(2, 1, 8, 8) > 0.5).float()
    weight = torch.ones_like(truth)
    weight[:, :, :4] = 0
    for kind in (Loss.BCE, Loss.BCE_DICE):
        logits = torch.randn(2, 1, 8, 8, requires_grad=True)
        masked_loss(kind, logits, truth, weight).backward()
        assert not logits.grad[:, :, :4].any()
        assert logits.grad[:, :, 4:].all()


def test_the_loss_of_the_truth_is_zero_and_dice_counts_photos_alike():
    small, large = torch.zeros(2, 1, 16, 16).unbind()
    small[:, :2, :2], large[:, :12, :12] = 1, 1
    weight = torch.ones(2, 1, 16, 16)
    truth = torch.stack([small, large])
    assert masked_loss(Loss.BCE_DICE, truth * 200 - 100, truth, weight).item() == pytest.approx(0, abs=1e-6)
    nobody = torch.full((1, 1, 16, 16), -100.0)
    misses = [
        masked_loss(Loss.BCE_DICE, nobody, t[None], weight[:1]) - masked_loss(Loss.BCE, nobody, t[None], weight[:1])
        for t in (small, large)
    ]
    assert misses[0].item() == pytest.approx(1 - 1 / 5)
    assert misses[1].item() == pytest.approx(1 - 1 / 145)


def test_a_letterboxed_photo_keeps_its_aspect_and_repeats_its_edge():
    image = torch.randint(0, 256, (3, 90, 60), dtype=torch.uint8)
    boxed, (height, width) = letterbox(image, 48, 32)
    assert (height, width) == (48, 32)
    assert boxed.shape == (3, 64, 32)
    assert torch.equal(boxed[:, 48:], boxed[:, 47:48].expand(-1, 16, -1))


def test_the_whole_window_is_the_letterbox():
    image = torch.randint(0, 256, (3, 90, 60), dtype=torch.uint8)
    window = Window(0, 0, 90, 90, mirror=False)
    boxed, (height, width) = letterbox(image, 64, 1)
    assert torch.equal(window.cut(image, 64)[:, :height, :width], boxed[:, :height, :width])
    outside = window.outside(90, 60, 64)[0]
    assert outside[:, width:].all()
    assert not outside[:, :width].any()


@pytest.mark.parametrize("mirror", [True, False])
def test_a_window_beyond_the_photo_continues_it(mirror):
    ramp = torch.arange(40, dtype=torch.uint8).expand(1, 40, 40)
    row = Window(0, -10, 60, 60, mirror).cut(ramp, 60)[0, 0].tolist()
    left, right = ([*range(9, -1, -1)], [*range(39, 29, -1)]) if mirror else ([0] * 10, [39] * 10)
    assert row == left + list(range(40)) + right


def test_pasting_covers_image_truth_and_weight_alike():
    torch.manual_seed(1)
    photo = {
        "image": torch.full((3, 20, 20), 255, dtype=torch.uint8),
        "mask": torch.zeros(1, 20, 20, dtype=torch.uint8),
    }
    assert cut_out(photo, 12) is None
    photo["mask"][:, 5:11, 8:11] = 255
    person = cut_out(photo, 12)
    assert person.shape == (4, 12, 6)
    image, truth, weight = torch.zeros(3, 32, 32), torch.zeros(1, 32, 32), torch.zeros(1, 32, 32)
    paste(person, 1.0, image, truth, weight)
    assert truth.sum() >= 0.49 * 12 * 6
    assert torch.equal(image, truth.expand(3, -1, -1))
    assert torch.equal(weight, truth)


def test_a_thing_holds_nobody_and_hides_people():
    torch.manual_seed(1)
    nobody = torch.zeros(1, 40, 60, dtype=torch.uint8)
    photo = {"image": torch.full((3, 40, 60), 90, dtype=torch.uint8), "mask": nobody.clone(), "ignore": nobody.clone()}
    photo["mask"][:, :, 30:] = 255
    photo["image"][:, :, 30:] = 255
    found = [thing for _ in range(60) if (thing := cut_thing(photo, 24)) is not None]
    assert found
    for thing in found:
        assert max(thing.shape[-2:]) == 24
        assert torch.allclose(thing[:3], torch.tensor(90 / 255))
    assert {bool((thing[3] == 0).any()) for thing in found} == {True, False}  # ellipses and rectangles
    photo["ignore"][:] = 255
    assert cut_thing(photo, 24) is None
    image, truth, weight = torch.zeros(3, 32, 32), torch.ones(1, 32, 32), torch.zeros(1, 32, 32)
    paste(turned(found[0]), 0.0, image, truth, weight)
    assert 0 < truth.sum() < 32 * 32
    assert torch.allclose(weight, 1 - truth)


def test_samples_are_what_the_loop_expects(photos):
    people = [*find_people(photos / "people"), *find_backgrounds(photos / "backgrounds")]
    dataset = WeightedPeople(people, TrainPerson(32), {"backgrounds": 3.0}, length=40, seed=0)
    samples = [dataset[index] for index in range(40)]
    for sample in samples:
        assert [tuple(sample[name].shape) for name in ("image", "truth", "weight")] == [
            (3, 32, 32),
            (1, 32, 32),
            (1, 32, 32),
        ]
        assert all(value.min() >= 0 and value.max() <= 1 for value in sample.values())
    assert any(not sample["truth"].any() for sample in samples)
    assert any((sample["weight"] == 0).any() for sample in samples)
    again = dataset[7]
    assert all(torch.equal(again[name], samples[7][name]) for name in again)
