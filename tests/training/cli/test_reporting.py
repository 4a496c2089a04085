"""What trainings and exports say: at once, as they go, and when they end early."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from export.cli import cli as export_cli
from tests.support.places import ROOT
from training.cli.app import cli
from training.loop.checkpoint import Checkpoint
from training.networks.stacked import StackedConfig

SMALL = ["--width", "4", "--batch-size", "4", "--crop-size", "32", "--epoch-samples", "8", "--workers", "0"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Eight pages of noise with their truth."""
    root = tmp_path_factory.mktemp("pages")
    rng = np.random.default_rng(0)
    for folder in ("img", "gt"):
        (root / folder).mkdir()
        for index in range(8):
            Image.fromarray(rng.integers(0, 2, (64, 64), np.uint8) * 255).save(root / folder / f"{index}.png")
    return root


@pytest.fixture(scope="module")
def interrupted(pages, tmp_path_factory):
    """A long training that got Ctrl-C after its first epoch: exit code, lines, checkpoint file."""
    save = tmp_path_factory.mktemp("run") / "mine.pt"
    command = [sys.executable, "-m", "training", "document", "--data-dir", pages, "--save", save, *SMALL]
    process = subprocess.Popen(
        [*map(str, command), "--num-epochs", "100000"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # which a shell's background jobs ignore
    )
    lines = []
    for line in process.stderr:
        lines.append(line.strip())
        if line.startswith("epoch 1 "):
            process.send_signal(signal.SIGINT)
    return process.wait(120), lines, save


def test_a_training_says_at_once_what_it_does(interrupted, pages):
    _, lines, save = interrupted
    assert lines[0].startswith("training document on c")
    assert "7 pairs, 1 more for validation; 8 windows of 32 px an epoch, 100000 epochs" in lines[0]
    assert str(save) in lines[0]
    assert lines[1].endswith(" left")


def test_ctrl_c_says_how_to_go_on_and_leaves_a_whole_checkpoint(interrupted):
    code, lines, save = interrupted
    assert code == 130
    assert lines[-1] == f"interrupted; the same command again goes on after the last whole epoch in {save}"
    assert not any("Traceback" in line for line in lines)
    assert Checkpoint.load(save).epoch >= 1


def test_export_says_what_it_does_and_the_singular_spelling_is_taken(interrupted, pages, tmp_path):
    model, small = tmp_path / "mine.onnx", tmp_path / "mine-int8.onnx"
    whole = CliRunner().invoke(export_cli, ["document", str(interrupted[2]), "-o", str(model)], catch_exceptions=False)
    assert whole.exit_code == 0
    assert "comparing it with PyTorch" in whole.stderr
    command = ["int8", str(model), "--data-dir", str(pages), "-o", str(small)]
    assert "calibrating on 1 pages" in CliRunner().invoke(export_cli, command, catch_exceptions=False).stderr
    assert small.exists()
    scan, load = str(pages / "img" / "0.png"), str(interrupted[2])
    for spelling, blocks in (("--num_block=1", 1), ("--num-blocks", len(StackedConfig.folds) + 1)):
        value = [] if "=" in spelling else [str(blocks)]
        result = CliRunner().invoke(cli, ["predict", "--load", load, spelling, *value, "-o", str(tmp_path), scan])
        assert result.exit_code == (0 if blocks == 1 else 2), result.output
    assert (tmp_path / "0.png").exists()


@pytest.mark.parametrize(("program", "package"), [("training", "torch"), ("export", "onnx"), ("export", "torch")])
def test_without_a_package_there_is_one_line(program, package, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{package!r}] = None\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    result = subprocess.run(
        [sys.executable, "-m", program, "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"python -m {program} needs {package}: ")
