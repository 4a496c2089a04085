"""Real, tiny trainings: they learn, resume exactly, and end in a model that bgtool runs."""

import csv
import math
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image, ImageDraw

from bgtool.api import clean
from bgtool.runtime.session import load_model
from bgtool.scoring.metrics import drd
from export.cli import cli as export_cli
from tests.support.networks import exported
from tests.support.places import ROOT
from training.__main__ import cli
from training.data.draw import WeightedPairs
from training.data.pairs import find_pairs
from training.loop.checkpoint import Checkpoint
from training.loop.config import TrainConfig
from training.loop.optimisation import mixed_precision
from training.losses import Loss, distortion, soft_dice, squared_error, stage_mean
from training.networks.stacked import StackedConfig, StackedUNet
from training.tasks.document import DocumentTask
from training.transforms.document import TrainDocument
from training.transforms.paper import bleed_through, ink_darkness, jpeg
from training.transforms.window import RandomWindow

SMALL = ["--width", "4", "--batch-size", "4", "--crop-size", "64", "--epoch-samples", "16", "--workers", "0",
         "--validate-every", "1", "--lr", "0.01"]  # fmt: skip


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Two sets of dark strokes on uneven paper, with their truth."""
    root = tmp_path_factory.mktemp("pages")
    rng = np.random.default_rng(0)
    for set_name in ("letters", "bills"):
        for folder in ("img", "gt"):
            (root / set_name / folder).mkdir(parents=True)
        for index in range(5):
            truth = Image.new("1", (160, 120), 1)
            draw = ImageDraw.Draw(truth)
            for _ in range(12):
                draw.line([tuple(rng.integers(0, 120, 2)) for _ in range(2)], fill=0, width=3)
            paper = rng.integers(150, 200, (120, 160, 3))
            scan = np.where(np.asarray(truth)[..., None], paper, paper // 3).astype(np.uint8)
            Image.fromarray(scan).save(root / set_name / "img" / f"{index}.png")
            truth.save(root / set_name / "gt" / f"{index}.png")
    return root


def train(pages, save, *options):
    result = CliRunner().invoke(
        cli, ["document", "--data-dir", str(pages), "--save", str(save), *SMALL, *options], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return Checkpoint.load(save)


@pytest.fixture(scope="module")
def trained(pages, tmp_path_factory):
    save = tmp_path_factory.mktemp("run") / "document.pt"
    train(pages, save, "--num-epochs", "10", "--validation-share", "0.2", "--ema-decay", "0.8")
    return save


def test_training_lowers_the_loss_and_logs_it(trained):
    log = Checkpoint.load(trained).log
    assert [row["epoch"] for row in log] == list(range(1, 11))
    assert log[-1]["loss"] < 0.8 * log[0]["loss"]
    with trained.with_suffix(".csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["loss"]) == pytest.approx(log[-1]["loss"])
    assert {"letters", "bills", "f_measure"} <= set(rows[0])
    assert Image.open(trained.with_suffix(".png")).size[0] > 500


def test_a_step_without_finite_gradients_is_skipped(pages, tmp_path, monkeypatch):
    real, calls = DocumentTask.loss, []

    def sometimes_nothing(self, network, batch):
        calls.append(None)
        return real(self, network, batch | {"image": batch["image"] * (math.nan if len(calls) == 2 else 1)})

    monkeypatch.setattr(DocumentTask, "loss", sometimes_nothing)
    state = train(pages, tmp_path / "skipped.pt", "--num-epochs", "1")
    assert len(calls) > 2
    assert all(value.isfinite().all() for value in (*state.weights.values(), *state.ema.values()))
    assert math.isfinite(state.log[-1]["loss"])
    monkeypatch.setattr(DocumentTask, "loss", lambda *args: real(*args) * math.nan)
    result = CliRunner().invoke(cli, ["document", "--data-dir", str(pages), "--save", str(tmp_path / "nan.pt"), *SMALL])
    assert result.exit_code == 1
    assert "finite" in result.output


def test_a_resumed_run_is_the_undisturbed_run(pages, tmp_path, monkeypatch):
    whole = train(pages, tmp_path / "whole.pt", "--num-epochs", "3")

    class Stop(Exception):
        pass

    real = Checkpoint.save

    def save_and_stop(self, path):
        for group in self.optimizer["param_groups"]:
            del group["pace"]  # as checkpoints of before have it
        real(self, path)
        if self.epoch == 2:
            raise Stop

    monkeypatch.setattr(Checkpoint, "save", save_and_stop)
    with pytest.raises(Stop):
        train(pages, tmp_path / "halves.pt", "--num-epochs", "3")
    monkeypatch.setattr(Checkpoint, "save", real)
    assert Checkpoint.load(tmp_path / "halves.pt").epoch == 2
    halves = train(pages, tmp_path / "halves.pt", "--num-epochs", "3")
    assert halves.epoch == whole.epoch == 3
    for name, value in whole.ema.items():
        assert torch.equal(value, halves.ema[name]), name
    assert [row["loss"] for row in whole.log] == [row["loss"] for row in halves.log]


def test_the_reference_spellings_are_taken(pages, tmp_path):
    save = tmp_path / "reference.pt"
    spellings = ["--data_dir", str(pages), "--save", str(save), "--num_blocks=1", "--batch_size", "4",
                 "--crop_size", "32", "--num_epochs", "1", "--lr", "0.001"]  # fmt: skip
    result = CliRunner().invoke(cli, ["document", *spellings, "--width", "2", "--workers", "0"])
    assert result.exit_code == 0, result.output
    assert Checkpoint.load(save).network["folds"] == [4]


def test_a_set_of_weight_zero_is_never_drawn(pages, tmp_path):
    drawn = WeightedPairs(find_pairs(pages, "gt"), lambda sample: sample, {"bills": 0.0, "letters": 2.0}, 50, seed=1)
    letters = [i for i, pair in enumerate(find_pairs(pages, "gt")) if pair.set_name == "letters"]
    for index in range(50):
        image = drawn[index]["image"]
        assert any(torch.equal(image, drawn.images[i]) for i in letters)


def test_predict_runs_a_checkpoint_and_agrees_with_the_exported_model(pages, trained, tmp_path):
    scan = pages / "letters" / "img" / "0.png"
    options = ["predict", "--load", str(trained), "--num-blocks", "2", "-o", str(tmp_path), str(scan)]
    assert CliRunner().invoke(cli, options, catch_exceptions=False).exit_code == 0
    predicted = np.asarray(Image.open(tmp_path / "0.png")).astype(int)

    model = tmp_path / "mine.onnx"
    exported("document", trained, "-o", model)
    session = load_model(str(model), device="cpu")
    assert session.card.training_data == ("bills", "letters")
    cleaned = np.asarray(clean(Image.open(scan), model=session)).astype(int)
    assert np.abs(predicted - cleaned).max() <= 1


def test_a_training_goes_on_from_a_model_whose_checkpoint_is_lost(pages, trained, tmp_path):
    model, again = tmp_path / "model.onnx", tmp_path / "again.onnx"
    exported("document", trained, "-o", model)
    exported("recover", model, "--data-dir", pages, "-o", tmp_path / "recovered.pt")
    exported("document", tmp_path / "recovered.pt", "-o", again)
    window = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), np.uint8)
    one, other = (load_model(str(file), device="cpu").run(window).astype(int) for file in (model, again))
    assert np.abs(one - other).max() <= 1

    recovered = Checkpoint.load(tmp_path / "recovered.pt")
    config = StackedConfig.from_dict(recovered.network)
    assert config.to_dict() == Checkpoint.load(trained).network
    drawn = DocumentTask(TrainConfig(**recovered.training), config).dataset()
    images = torch.stack([drawn[index]["image"] for index in range(8)])
    network = StackedUNet(config)
    network.load_state_dict(recovered.best)
    with torch.no_grad():
        still, moving = (torch.sigmoid(network.train(mode)(images)[-1]) for mode in (False, True))
    assert (still - moving).abs().mean() < 0.05, "the norms know the data"

    state = train(pages, tmp_path / "on.pt", "--load", str(tmp_path / "recovered.pt"), "--num-epochs", "1")
    assert state.log[-1]["loss"] < Checkpoint.load(trained).log[0]["loss"]


def test_what_is_no_float_model_is_not_recovered(pages, tmp_path):
    model = str(ROOT / "bgtool" / "models" / "document-fast.onnx")
    options = ["recover", model, "--data-dir", str(pages), "-o", str(tmp_path / "x.pt")]
    result = CliRunner().invoke(export_cli, options)
    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (1, True)
    assert "no network that can be trained on" in result.output


def test_a_page_smaller_than_the_window_is_repeated_not_mirrored():
    page = torch.arange(12, dtype=torch.uint8).view(1, 3, 4)
    window = RandomWindow(8, scales=(1, 1), degrees=0, native=1.0)
    (patch,) = window(page)
    assert torch.equal(patch, page.repeat(1, 3, 2)[:, :8])


def test_ink_that_shines_through_is_mirrored_and_fainter():
    torch.manual_seed(0)
    ink = torch.zeros(1, 64, 64)
    ink[:, :, 4:12] = 1
    scan = bleed_through(torch.ones(3, 64, 64), ink, 0.8)
    columns = scan.mean((0, 1))
    assert columns[:40].min() > 0.95
    assert 0 < columns[55] < 0.9


def test_ink_that_shines_through_is_no_darker_than_faint_writing_allows():
    torch.manual_seed(0)
    truth = torch.zeros(1, 64, 64)
    truth[:, 20:40:5] = 1
    page = 0.9 - 0.2 * truth.expand(3, -1, -1)
    faint = ink_darkness(page, truth)
    assert faint == pytest.approx(0.2 / 0.9, abs=0.01)
    shone = [bleed_through(page, torch.ones(1, 64, 64), faint)[:, 50:] for _ in range(20)]
    assert min(part.min().item() for part in shone) > 0.9 * (1 - 1.4 * faint)


def test_predict_refuses_more_blocks_than_there_are(pages, trained):
    scan = str(pages / "letters" / "img" / "0.png")
    result = CliRunner().invoke(cli, ["predict", "--load", str(trained), "--num-blocks", "5", scan])
    assert result.exit_code == 2
    assert "2 blocks, not 5" in result.output


def test_two_processes_train_as_one_run(pages, tmp_path):
    save = tmp_path / "pair.pt"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "training",
               "document", "--data-dir", str(pages), "--save", str(save), *SMALL, "--num-epochs", "1"]  # fmt: skip
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert result.returncode == 0, result.stderr
    assert Checkpoint.load(save).epoch == 1


def test_a_folder_without_pairs_is_one_clear_line(tmp_path):
    result = CliRunner().invoke(cli, ["document", "--data-dir", str(tmp_path), "--save", str(tmp_path / "x.pt")])
    assert result.exit_code == 1
    assert "no pairs" in result.output


def test_hesho_is_the_mean_over_stages_of_the_squared_error():
    torch.manual_seed(0)
    truth = (torch.rand(2, 1, 8, 8) > 0.5).float()
    stages = [torch.randn(2, 1, 8, 8) for _ in range(3)]
    by_hand = sum(((torch.sigmoid(s) - truth) ** 2).mean() for s in stages) / 3
    assert stage_mean(Loss.HESHO, stages, truth).item() == pytest.approx(by_hand.item())
    assert squared_error(truth * 200 - 100, truth).item() == 0


def test_soft_dice_is_zero_for_the_truth_and_near_one_for_its_opposite():
    truth = (torch.arange(64).view(1, 1, 8, 8) % 3 == 0).float()
    assert soft_dice(truth * 200 - 100, truth).item() == pytest.approx(0, abs=1e-6)
    assert soft_dice(100 - truth * 200, truth).item() > 0.95


def test_a_wrong_pixel_weighs_what_the_metric_counts_for_it():
    truth = torch.zeros(1, 1, 16, 16)
    truth[..., 4:12, 5:9] = 1
    ink = truth[0, 0].bool().numpy()
    weights = distortion(truth)[0, 0]
    for place in ((4, 6), (7, 7), (2, 3), (13, 12)):
        result = ink.copy()
        result[place] ^= True
        assert drd(ink, result) * 4 == pytest.approx(weights[place].item(), abs=1e-6), "four blocks hold both colours"
    right, wrong = 20 * truth - 10, 10 - 20 * truth
    assert stage_mean(Loss.DRD_DICE, [right], truth) < 0.01 < stage_mean(Loss.DRD_DICE, [wrong], truth)


def test_few_pages_make_one_batch_and_the_newest_weights_are_the_best(pages, tmp_path):
    """Fewer pages than a batch, and none for validation: the user must still get the trained network."""
    save = tmp_path / "few.pt"
    options = ["--data-dir", str(pages / "bills"), "--save", str(save), "--width", "2", "--workers", "0"]
    result = CliRunner().invoke(
        cli, ["document", *options, "--num-epochs", "3", "--crop-size", "32", "--validation-share", "0"]
    )
    assert result.exit_code == 0, result.output
    state = Checkpoint.load(save)
    assert state.best_epoch == 3
    assert all(torch.equal(value, state.ema[name]) for name, value in state.best.items())


@pytest.mark.parametrize("other", [["--num-blocks", "1"], ["--upsampling", "nearest"]])
def test_a_checkpoint_of_another_network_is_not_resumed(pages, trained, other):
    result = CliRunner().invoke(cli, ["document", "--data-dir", str(pages), "--save", str(trained), *SMALL, *other])
    assert result.exit_code == 1
    assert "use another --save" in result.output


def test_what_is_no_checkpoint_is_one_clear_line(tmp_path):
    (tmp_path / "junk.pt").write_bytes(b"junk")
    result = CliRunner().invoke(export_cli, ["document", str(tmp_path / "junk.pt"), "-o", str(tmp_path / "x.onnx")])
    assert result.exit_code == 1
    assert "no bgtool checkpoint" in result.output


def test_the_mean_of_checkpoints_lies_between_them_and_can_be_exported(trained, tmp_path):
    other = Checkpoint.load(trained)
    for value in other.ema.values():
        if value.is_floating_point():
            value *= 1.2
    other.save(tmp_path / "other.pt")
    options = ["average", str(trained), str(tmp_path / "other.pt"), "-o", str(tmp_path / "mean.pt")]
    assert CliRunner().invoke(cli, options, catch_exceptions=False).exit_code == 0
    first, mean = Checkpoint.load(trained).ema, Checkpoint.load(tmp_path / "mean.pt")
    for name, value in first.items():
        expected = 1.1 * value if value.is_floating_point() else value
        assert torch.allclose(mean.best[name], expected, atol=1e-6), name
    exported("document", tmp_path / "mean.pt", "-o", tmp_path / "mean.onnx")


def test_checkpoints_of_different_networks_have_no_mean(trained, tmp_path):
    other = Checkpoint.load(trained)
    other.network = other.network | {"levels": 1}
    other.save(tmp_path / "other.pt")
    options = ["average", str(trained), str(tmp_path / "other.pt"), "-o", str(tmp_path / "mean.pt")]
    result = CliRunner().invoke(cli, options)
    assert (result.exit_code, "different networks" in result.output) == (1, True)
    assert not (tmp_path / "mean.pt").exists()


def test_bfloat16_is_used_where_the_processor_computes_it_and_not_imitated():
    with mixed_precision(torch.device("cpu")):
        product = torch.nn.functional.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3))
    native = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    assert product.dtype == (torch.bfloat16 if native else torch.float32)


def test_a_set_with_wide_strokes_is_shrunk():
    stripes = (torch.arange(512) % 32 < 16).byte().mul(255).expand(1, 512, 512).contiguous()
    sample = {"image": stripes.expand(3, -1, -1), "truth": stripes, "other": stripes}

    def crossings(shrink):
        windows = []
        for seed in range(12):
            torch.manual_seed(seed)
            windows.append(TrainDocument(128, shrink)(sample)["truth"][0] > 0.5)
        return sum((w[1:] != w[:-1]).sum() + (w[:, 1:] != w[:, :-1]).sum() for w in windows)

    assert crossings(0.3) > 1.3 * crossings(1.0)


def test_scans_are_compressed_as_jpeg_without_deprecated_calls():
    scan = torch.rand(3, 40, 56)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compressed = jpeg(scan)
    assert compressed.shape == scan.shape
    assert 0.01 < (compressed - scan).abs().mean() < 0.3
