"""Typeset pages: scan and truth belong together, and what shines through is no ink."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from training.__main__ import cli
from training.data.pictures import read_gray, read_rgb
from training.drawing.typeset import find_fonts, typeset
from training.loop.checkpoint import Checkpoint

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
SERIF = "DejaVuSerif*.ttf"


@pytest.mark.parametrize("seed", range(6))
def test_ink_is_darker_than_the_paper_around_it(seed):
    torch.manual_seed(seed)
    scan, truth = typeset(find_fonts(FONTS, SERIF), 256)
    assert scan.shape == (3, 256, 256)
    assert 0.01 < truth.float().mean() < 0.5
    gray = scan.mean(0)
    assert gray[truth[0]].mean() < gray[~truth[0]].mean() - 0.05


def test_the_other_side_shines_through_and_is_not_in_the_truth(monkeypatch):
    page = find_fonts(FONTS, SERIF)
    monkeypatch.setattr("training.drawing.typeset.chance", lambda often: often == 0.85)
    torch.manual_seed(1)
    with_back, truth = typeset(page, 256)
    monkeypatch.setattr("training.drawing.typeset.chance", lambda often: False)
    torch.manual_seed(1)
    without, same = typeset(page, 256)
    darker = (without - with_back).mean(0)
    assert torch.equal(truth, same)
    assert (darker[~truth[0]] > 0.05).float().mean() > 0.005


def pages(folder, *more):
    command = ["typeset", "--fonts", str(FONTS), "--pattern", SERIF, "--side", "256", "-o", str(folder), *more]
    return CliRunner().invoke(cli, command, catch_exceptions=False)


def test_the_same_seed_writes_the_same_pages_and_a_training_learns_from_them(tmp_path):
    for name, seed in (("typeset", 3), ("again", 3), ("other", 4)):
        assert pages(tmp_path / name, "--count", "2", "--seed", str(seed)).exit_code == 0
    first, again, other = (read_rgb(tmp_path / name / "img" / "0001.webp") for name in ("typeset", "again", "other"))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert set(np.unique(read_gray(tmp_path / "typeset" / "gt" / "0000.png"))) == {0, 255}
    for folder in ("img", "gt"):
        (tmp_path / "data" / "bills" / folder).mkdir(parents=True)
        Image.new("L", (64, 64), 255).save(tmp_path / "data" / "bills" / folder / "1.png")
    save = tmp_path / "one.pt"
    command = ["document", "--data-dir", tmp_path / "data", "--typeset", tmp_path / "typeset", "--save", save]
    tiny = ["--num-epochs", "1", "--batch-size", "1", "--crop-size", "32", "--workers", "0"]
    tiny += ["--num-blocks", "1", "--fold", "1", "--width", "2", "--levels", "1", "--context", "0"]
    CliRunner().invoke(cli, [*map(str, command), *tiny], catch_exceptions=False)
    assert Checkpoint.load(save).training_sets == ["bills", "typeset"]


def test_a_folder_without_fonts_is_named(tmp_path):
    result = CliRunner().invoke(cli, ["typeset", "--fonts", str(tmp_path), "-o", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert str(tmp_path) in result.output
