"""The protocol for people, on a model for which red is a person: its probabilities are known."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from training.__main__ import cli
from training.evaluation.sets import evaluate

RED, BLUE = (255, 0, 0), (0, 0, 255)
RIGHT, WRONG = math.log1p(math.exp(-6)), math.log1p(math.exp(6))  # cross-entropy where the model gives logits of ±6


def save(folder, name, photo, truth, ignored=None):
    """A photo and its masks, all given as colours of left and right half: 64 x 32 pixels."""
    for kind, halves in {"img": photo, "mask": truth, "ignore": ignored}.items():
        if halves:
            picture = Image.new("RGB" if kind == "img" else "L", (64, 32), halves[0])
            picture.paste(halves[1], (32, 0, 64, 32))
            (folder / kind).mkdir(parents=True, exist_ok=True)
            picture.save(folder / kind / f"{name}.png")


def measured(folder, model):
    (found,) = evaluate(str(model), "person", folder, "cpu")
    return found


def test_cross_entropy_is_that_of_the_unrounded_probabilities(tmp_path, person_model_file):
    save(tmp_path, "found", (RED, RED), (255, 255))
    save(tmp_path, "missed", (BLUE, BLUE), (255, 255))
    figures = measured(tmp_path, person_model_file)
    assert figures.pictures["found"]["cross_entropy"] == pytest.approx(RIGHT, rel=1e-3)
    assert figures.pictures["missed"]["cross_entropy"] == pytest.approx(WRONG, rel=1e-3)
    assert figures.whole["cross_entropy"] == pytest.approx((RIGHT + WRONG) / 2, abs=1e-4)


def test_what_is_ignored_counts_nowhere(tmp_path, person_model_file):
    save(tmp_path, "a", (RED, RED), (255, 0), ignored=(0, 255))
    figures = measured(tmp_path, person_model_file).pictures["a"]
    assert figures["jaccard"] == figures["boundary_f_small"] == 1
    assert (figures["shared"], figures["united"]) == (32 * 32, 32 * 32)
    assert figures["cross_entropy"] == pytest.approx(RIGHT, rel=1e-3)


def test_pooled_jaccard_counts_pixels_and_the_mean_counts_photos(tmp_path, person_model_file):
    save(tmp_path, "found", (RED, RED), (255, 255))
    save(tmp_path, "half", (RED, RED), (255, 0))
    save(tmp_path, "nobody", (BLUE, BLUE), (0, 0))
    whole = measured(tmp_path, person_model_file).whole
    assert whole["photos"] == 3
    assert whole["jaccard"] == pytest.approx(2.5 / 3, abs=1e-4)
    assert whole["pooled_jaccard"] == pytest.approx(3 / 4, abs=1e-4)


def test_an_outline_two_pixels_off_at_working_size_is_close_enough(tmp_path, person_model_file):
    for off, expected in ((2, 1.0), (4, 0.0)):
        folder = tmp_path / str(off)
        save(folder, "a", (RED, BLUE), (255, 0))
        Image.open(folder / "img" / "a.png").resize((640, 320), Image.Resampling.NEAREST).save(folder / "img" / "a.png")
        truth = Image.new("L", (640, 320))
        truth.paste(255, (0, 0, 320 + 10 * off, 320))
        truth.save(folder / "mask" / "a.png")
        figures = measured(folder, person_model_file).pictures["a"]
        assert (figures["boundary_f_small"], figures["boundary_f"]) == (expected, 0)


def test_the_command_writes_what_ship_takes(tmp_path, person_model_file):
    save(tmp_path / "data" / "halves", "a", (RED, BLUE), (255, 0))
    arguments = ["evaluate", str(person_model_file), "--task", "person", "--device", "cpu"]
    arguments += ["--data-dir", str(tmp_path / "data"), "--json", str(tmp_path / "figures.json")]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "halves\ta\t" in result.output
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert set(figures) == {"halves"}
    assert all(np.isfinite(value) for value in figures["halves"].values())
