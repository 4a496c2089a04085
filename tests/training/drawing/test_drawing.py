"""Drawn pages: what is ink and what is paper, on every kind of page, the same for the same seed."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image, ImageDraw

from training.cli.app import cli
from training.data.pictures import read_gray, read_rgb
from training.drawing import devices, ground, solids
from training.drawing.material import Material, gathered
from training.drawing.page import KINDS, draw_page, laid_out, printed, tensor
from training.drawing.pictures import halftone, picture
from training.drawing.sheet import Sheet
from training.loop.checkpoint import Checkpoint
from training.transforms.document import TrainDrawn

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
FAMILIES = Material([[FONTS / "DejaVuSans.ttf", FONTS / "DejaVuSerif-Bold.ttf"], [FONTS / "DejaVuSansMono.ttf"]])
WHOLE = (8, 8, 312, 312)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(7)


def darkness(sheet):
    return 1 - tensor(sheet.light).mean(0, keepdim=True)


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_puts_ink_on_the_sheet_and_calls_it_ink(name):
    sheets = [laid_out(320, FAMILIES, (name,)) for _ in range(3)]
    for sheet in sheets:
        truth, dark = tensor(sheet.truth), darkness(sheet)
        assert dark[truth > 0.9].min() > 0.1
        assert dark[truth == 0].numel() == 0 or dark[truth == 0].max() < 0.3
    assert max(tensor(sheet.truth).mean() for sheet in sheets) > 0.005


@pytest.mark.parametrize("seed", range(8))
def test_the_ink_of_a_page_stands_in_its_truth_and_both_are_levels(seed):
    torch.manual_seed(seed)
    scan, truth, _ = draw_page(256, FAMILIES)
    assert (scan.shape, truth.shape) == ((3, 256, 256), (1, 256, 256))
    assert scan.isfinite().all()
    assert (scan.min(), truth.min()) >= (0, 0)
    assert (scan.max(), truth.max()) <= (1, 1)
    torch.manual_seed(seed)
    assert torch.equal(draw_page(256, FAMILIES)[0], scan)


def test_light_letters_in_a_bar_are_paper_and_the_bar_is_ink(monkeypatch):
    monkeypatch.setattr(solids, "integer", lambda stop: min(2, stop - 1))  # a plain bar
    monkeypatch.setattr(solids, "chance", lambda often: often == 0.6)
    monkeypatch.setattr(solids, "inside", lambda box, least: box)
    sheet = Sheet(320)
    solids.block(sheet, WHOLE, FAMILIES.families)
    truth, dark = tensor(sheet.truth)[0, 8:312, 8:312], darkness(sheet)[0, 8:312, 8:312]
    assert 0.01 < (truth < 0.1).float().mean() < 0.5
    assert dark[truth < 0.1].max() < 0.1
    assert dark[truth > 0.9].min() > 0.4


def test_a_highlighter_is_paper_and_the_text_over_it_ink():
    sheet = Sheet(320)
    solids.highlighter(sheet, WHOLE, FAMILIES.families)
    light = tensor(sheet.light)
    tinted = (light.min(0).values < 0.97) & (tensor(sheet.truth)[0] == 0)
    assert tinted.sum() > 300
    assert light.amax(0)[tinted].min() > 0.85


def test_bed_is_paper_however_dark_it_is():
    ink = torch.ones(1, 256, 256)
    for seed in range(6):
        torch.manual_seed(seed)
        scan, truth = ground.beyond_sheet(torch.full((3, 256, 256), 0.5), ink)
        torch.manual_seed(seed)
        beyond = ground.outline(256)
        assert not truth[beyond >= 0].any()
        assert truth[beyond < 0].all()
        assert scan.isfinite().all()


def test_a_bar_and_a_bed_alike_dark_lie_on_one_page():
    """What tells them apart is place and outline: the truth says ink of one and paper of the other."""
    sheet = Sheet(256)
    bar = sheet.mask()
    ImageDraw.Draw(bar).rectangle((90, 90, 170, 130), fill=255)
    sheet.ink(bar, (10, 10, 10))
    for seed in range(40):
        torch.manual_seed(seed)
        light, truth, _ = printed(sheet)
        scan, left = ground.beyond_sheet(light, truth)
        dark = scan.mean(0, keepdim=True) < 0.2
        if left[0, 100:120, 100:160].all() and (dark & (left == 0)).float().mean() > 0.1:
            assert dark[0, 100:120, 100:160].float().mean() > 0.5
            return
    pytest.fail("no page of forty has a dark bed")


def test_a_picture_is_held_to_its_own_grey():
    sheet = Sheet(128)
    picture(sheet, (16, 16, 112, 112), ())
    grey = np.asarray(sheet.light.convert("L"), int)[16:112, 16:112]
    truth = np.asarray(sheet.truth, int)[16:112, 16:112]
    assert np.abs(255 - grey - truth).max() <= 1
    assert np.asarray(sheet.soft)[16:112, 16:112].all()
    assert not np.asarray(sheet.soft)[:16].any()


@pytest.mark.parametrize("period", [3, 6])
def test_a_halftone_keeps_the_mean_grey_of_its_picture(period):
    for level in (60, 128, 190):
        dots = np.asarray(halftone(Image.new("RGB", (120, 120), (level,) * 3), period).convert("L"))
        assert abs(dots.mean() - level) < 32
        assert dots.std() > 30


def test_what_a_bilevel_scan_lost_is_no_ink():
    truth = torch.zeros(1, 64, 64)
    truth[:, 20:30, 10:50] = truth[:, 40:50, 10:50] = 1
    scan = torch.ones(3, 64, 64)
    scan[:, 20:30, 10:50] = 0
    scan[:, 40:50, 10:50] = 0.9
    white, left = devices.bilevel(scan, truth, torch.zeros(1, 64, 64, dtype=torch.bool))
    assert set(white.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(left[0], 1 - white[0])


def test_windows_of_drawn_pages_keep_scan_and_truth_together():
    page = (torch.rand(1, 96, 96) * 255).byte()
    for seed in range(5):
        torch.manual_seed(seed)
        window = TrainDrawn(64)({"image": page.expand(3, -1, -1), "truth": 255 - page})
        assert window["image"].shape == (3, 64, 64)
        assert (window["image"][0] - window["truth"][0]).abs().max() < 0.02


def command(folder, *more):
    tail = ["--pattern", "DejaVuSerif*.ttf", "--side", "128", "--count", "6", "-o", str(folder), *more]
    return CliRunner().invoke(cli, ["draw", "--fonts", str(FONTS), *tail])


def test_the_same_seed_draws_the_same_files_and_a_training_learns_from_them(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (40, 30), (200, 90, 10)).save(photos / "one.png")
    for name, seed in (("Drawn", "3"), ("again", "3"), ("other", "4")):
        assert command(tmp_path / name, "--seed", seed, "--photos", str(photos)).exit_code == 0
    first, again, other = (read_rgb(tmp_path / name / "img" / "00001.webp") for name in ("Drawn", "again", "other"))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert read_gray(tmp_path / "Drawn" / "gt" / "00005.png").shape == (1, 128, 128)
    for folder in ("img", "gt"):
        (tmp_path / "data" / "bills" / folder).mkdir(parents=True)
        Image.new("L", (64, 64), 255).save(tmp_path / "data" / "bills" / folder / "1.png")
    save = tmp_path / "one.pt"
    options = ["document", "--data-dir", tmp_path / "data", "--drawn", tmp_path / "Drawn", "--save", save]
    tiny = ["--num-epochs", "1", "--batch-size", "2", "--crop-size", "32", "--workers", "0", "--set-weight", "bills=0"]
    tiny += ["--num-blocks", "1", "--fold", "1", "--width", "2", "--levels", "1", "--context", "0"]
    CliRunner().invoke(cli, [*map(str, options), *tiny], catch_exceptions=False)
    trained = Checkpoint.load(save)
    assert trained.training_sets == ["Drawn", "bills"]
    assert 0 <= trained.log[-1]["Drawn"] <= 100  # validated on


def test_a_folder_without_fonts_or_photos_is_named(tmp_path):
    assert str(tmp_path) in command(tmp_path / "out", "--fonts", str(tmp_path)).output
    assert str(tmp_path) in command(tmp_path / "out", "--photos", str(tmp_path)).output


def test_other_subsets_of_a_face_are_left_out(tmp_path):
    others = ["a-latin-300-normal.woff", "noto-tamil-math-400-normal.woff", "LICENSE"]
    for name in ("a-latin-400-normal.woff", "b.ttf", *others):
        (tmp_path / name).touch()
    (family,) = gathered([tmp_path], "*", None).families
    assert [file.name for file in family] == ["a-latin-400-normal.woff", "b.ttf"]


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_takes_the_narrowest_box(name):
    for _ in range(4):
        KINDS[name][0](Sheet(96), (40, 60, 70, 92), FAMILIES.families)


def test_what_lies_on_the_bed_is_no_picture_even_in_a_bilevel_scan(monkeypatch):
    def covered(sheet, box, families):
        picture(sheet, (0, 0, sheet.side, sheet.side), ())

    def on_black(scan, truth):
        cover = torch.zeros(1, *scan.shape[1:])
        cover[:, :, 64:] = 1
        return scan * (1 - cover), truth * (1 - cover)

    monkeypatch.setitem(KINDS, "covered", (covered, 1.0))
    monkeypatch.setattr("training.drawing.page.aged", on_black)
    monkeypatch.setattr("training.drawing.page.chance", lambda often: often == 0.75)
    monkeypatch.setattr("training.drawing.page.captured", devices.bilevel)
    scan, truth, _ = draw_page(128, FAMILIES, ("covered",))
    assert not scan[..., 72:].any()  # the error of the diffusion spills over the edge
    assert not truth[..., 72:].any()
    assert torch.equal(truth[..., :63], 1 - scan[:1, :, :63])
