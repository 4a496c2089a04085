"""Recipes run round by round, go on where they stopped, and checkpoints say what they were made with."""

import subprocess

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image, ImageDraw

from tests.support.places import ROOT
from training.__main__ import cli
from training.data.pairs import digest, find_pairs
from training.loop.checkpoint import Checkpoint, code_commit
from training.recipes.recipe import read_recipe

RECIPE = """
task = "document"
loss = "bce"
seed = 3
batch_size = 2
epoch_samples = 4
validate_every = 1
workers = 0

[network]
folds = [1]
widths = [2]
levels = 1

[weights]
bills = 2

[[rounds]]
crop_size = 32
num_epochs = 2
lr = 1e-2

[[rounds]]
crop_size = 64
num_epochs = 1
weights = { letters = 0.5 }
"""


@pytest.fixture
def pages(tmp_path):
    """Two sets of a few black strokes on grey paper, with their truth."""
    root = tmp_path / "pages"
    rng = np.random.default_rng(0)
    for set_name in ("bills", "letters"):
        for index in range(2):
            truth = Image.new("L", (80, 72), 255)
            for _ in range(5):
                ImageDraw.Draw(truth).line([tuple(rng.integers(0, 70, 2)) for _ in range(2)], fill=0, width=3)
            for folder, picture in (("img", truth.point(lambda level: 180 * level // 255)), ("gt", truth)):
                (root / set_name / folder).mkdir(parents=True, exist_ok=True)
                picture.save(root / set_name / folder / f"{index}.png")
    return root


def rebuild(pages, recipe=RECIPE):
    """Run a recipe; its checkpoints appear below made/."""
    file = pages.parent / "tiny.toml"
    file.write_text(recipe)
    command = ["rebuild", str(file), "--data-dir", str(pages), "--save", str(pages.parent / "made")]
    return CliRunner().invoke(cli, command)


def rounds(pages):
    return [Checkpoint.load(pages.parent / "made" / f"tiny-{number}.pt") for number in (1, 2)]


def test_the_second_round_starts_from_the_best_weights_of_the_first(pages):
    result = rebuild(pages, RECIPE.replace("num_epochs = 1", "num_epochs = 1\nlr = 0.0"))
    assert result.exit_code == 0, result.output
    first, second = rounds(pages)
    assert (first.epoch, second.epoch) == (2, 1)
    assert second.training["load"] == str(pages.parent / "made" / "tiny-1.pt")
    learnt = [name for name in first.best if "running" not in name and "num_batches" not in name]
    assert any(not torch.equal(first.best[name], first.weights[name]) for name in learnt)
    assert all(torch.equal(first.best[name], second.weights[name]) for name in learnt)


def test_a_round_has_its_own_options_beside_the_common_ones(pages):
    rebuild(pages)
    first, second = (state.training for state in rounds(pages))
    assert (first["crop_size"], second["crop_size"]) == (32, 64)
    assert (first["lr"], second["lr"]) == (0.01, 0.001)
    assert first["weights"] == {"bills": 2.0}
    assert second["weights"] == {"bills": 2.0, "letters": 0.5}
    assert {first["seed"], second["seed"]} == {3}


def test_the_weights_of_a_round_go_for_the_later_ones(tmp_path):
    file = tmp_path / "tiny.toml"
    file.write_text(RECIPE + "\n[[rounds]]\ncrop_size = 32\n")
    third = read_recipe(file, "data", tmp_path).rounds[2].config
    assert third.weights == {"bills": 2.0, "letters": 0.5}
    assert third.lr == 0.001


def test_the_network_of_a_round_may_have_grown(pages):
    result = rebuild(pages, RECIPE + "network = { folds = [1, 1], widths = [2, 2] }\n")
    assert result.exit_code == 0, result.output
    first, second = rounds(pages)
    assert first.network["folds"] == [1]
    assert second.network["folds"] == [1, 1]
    assert {name.split(".")[1] for name in second.best} == {"0", "1"}


def test_the_mean_of_rounds_comes_last(pages):
    result = rebuild(pages, "mean = [2, 1, 1]\n" + RECIPE)
    assert result.exit_code == 0, result.output
    mean = Checkpoint.load(pages.parent / "made" / "tiny-mean.pt")
    first, second = (state.ema for state in rounds(pages))
    name = "blocks.0.head.weight"
    assert torch.allclose(mean.best[name], (first[name] + second[name]) / 2)
    assert mean.training["crop_size"] == 64


def test_rounds_of_different_networks_have_no_mean(pages):
    result = rebuild(pages, "mean = [1, 2]\n" + RECIPE + "network = { folds = [1, 1], widths = [2, 2] }\n")
    assert result.exit_code == 1
    assert "different networks" in result.output
    assert not (pages.parent / "made").exists()


def test_typeset_pages_are_not_for_people(pages):
    (pages / "made.toml").write_text('task = "person"\n[[rounds]]\ncrop_size = 32\n')
    with pytest.raises(ValueError, match="--typeset and --drawn are for documents"):
        read_recipe(pages / "made.toml", "data", pages, typeset=pages)


def test_running_it_again_does_nothing(pages):
    rebuild(pages)
    files = sorted((pages.parent / "made").iterdir())
    before = [file.stat().st_mtime_ns for file in files]
    again = rebuild(pages)
    assert again.exit_code == 0
    assert again.output.count("done") == 2
    assert [file.stat().st_mtime_ns for file in files] == before


def test_an_unfinished_round_goes_on(pages, monkeypatch):
    class Stop(Exception):
        pass

    real = Checkpoint.save

    def save_and_stop(self, path):
        real(self, path)
        raise Stop

    monkeypatch.setattr(Checkpoint, "save", save_and_stop)
    assert isinstance(rebuild(pages).exception, Stop)
    monkeypatch.setattr(Checkpoint, "save", real)
    rebuild(pages)
    halves = rounds(pages)
    for file in (pages.parent / "made").iterdir():
        file.unlink()
    rebuild(pages)
    for half, whole in zip(halves, rounds(pages), strict=True):
        assert half.epoch == whole.epoch
        assert all(torch.equal(value, whole.ema[name]) for name, value in half.ema.items())


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("seed = 3", "sead = 3", "there is no sead"),
        ("levels = 1", "level = 1", "network: there is no level"),
        ("lr = 1e-2", "rate = 1e-2", "round 1: there is no rate"),
        ("seed = 3", 'seed = "3"', "seed must be like 0, not '3'"),
        ("seed = 3", 'save = "here"', "there is no save"),
        ("crop_size = 64", "crop_size = 63", "round 2: crop_size must be a multiple of 2"),
        ('task = "document"', 'task = "page"', "task must be document or person, not page"),
        ("[[rounds]]", "[[round]]", "there is no round"),
        ("num_epochs = 1", "network = 3", "round 2: rounds and networks are tables, not 3"),
        ("seed = 3", "seed =", "tiny.toml: "),
        ("seed = 3", "mean = [1, 3]", "mean must be numbers of rounds, 1 to 2, not [1, 3]"),
        ("seed = 3", "mean = 2", "mean must be numbers of rounds, 1 to 2, not 2"),
        ("seed = 3", "mean = [1.0, true]", "mean must be numbers of rounds, 1 to 2, not [1.0, True]"),
    ],
)
def test_a_mistake_in_a_recipe_is_one_line(pages, right, wrong, said):
    result = rebuild(pages, RECIPE.replace(right, wrong))
    assert result.exit_code == 1
    assert said in result.output
    assert len(result.output.splitlines()) == 1
    assert not (pages.parent / "made").exists()


def test_rounds_of_another_recipe_are_not_taken_for_its_own(pages):
    rebuild(pages)
    other = rebuild(pages, RECIPE.replace("seed = 3", "seed = 4"))
    assert other.exit_code == 1
    assert "another recipe" in other.output


def test_the_commit_and_the_data_are_in_the_checkpoint(pages):
    rebuild(pages)
    pairs = find_pairs(pages, "gt")
    assert {state.data for state in rounds(pages)} == {digest(pairs)}
    assert {state.commit for state in rounds(pages)} == {code_commit()}


def test_the_digest_is_of_names_and_contents_wherever_they_lie(pages, tmp_path):
    before = digest(find_pairs(pages, "gt"))
    moved = pages.rename(tmp_path / "moved")
    assert digest(find_pairs(moved, "gt")) == before
    assert digest(reversed(find_pairs(moved, "gt"))) == before
    truth = moved / "bills" / "gt" / "0.png"
    Image.new("L", (80, 72), 0).save(truth)
    after = digest(find_pairs(moved, "gt"))
    for folder in ("img", "gt"):
        (moved / "bills" / folder / "1.png").rename(moved / "bills" / folder / "2.png")
    assert len({before, after, digest(find_pairs(moved, "gt"))}) == 3


def test_a_run_is_not_resumed_on_changed_files_unless_they_are_unknown(pages):
    rebuild(pages)
    save = pages.parent / "made" / "tiny-1.pt"
    Image.new("L", (80, 72), 0).save(pages / "bills" / "gt" / "0.png")
    state = Checkpoint.load(save)
    state.epoch = 1
    state.save(save)
    refused = rebuild(pages)
    assert refused.exit_code == 1
    assert "files that have changed" in refused.output
    values = vars(state)
    torch.save({name: value for name, value in values.items() if name not in ("commit", "data")}, save)
    assert Checkpoint.load(save).data == ""
    assert rebuild(pages).exit_code == 0
    assert rounds(pages)[0].data == digest(find_pairs(pages, "gt"))


def test_the_commit_is_the_one_of_git():
    found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert code_commit().removesuffix("-dirty") == found.stdout.strip()


@pytest.mark.parametrize("name", ["document", "person"])
def test_the_recipes_of_the_shipped_weights_can_be_read(name, tmp_path):
    recipe = read_recipe(ROOT / "training" / "recipes" / f"{name}.toml", "data", tmp_path).rounds
    assert len(recipe) > 1
    assert recipe[0].config.load is None
    assert recipe[-1].config.load == str(tmp_path / f"{name}-{len(recipe) - 1}.pt")
