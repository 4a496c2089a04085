"""`bgtool cutout` as a user meets it, and its batches: real files in, real files out."""

import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageCms

import bgtool
from bgtool.batch.observer import Silent
from bgtool.options import CutoutOptions, Empty
from bgtool.tasks.order import order_for

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
BOX = (30, 20, 80, 100)
WIDTH, HEIGHT = 160, 120


def portrait(box=BOX):
    """A red person before a blue wall, in the left half."""
    pixels = np.full((HEIGHT, WIDTH, 3), (0, 0, 255), np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = (255, 0, 0)
    return Image.fromarray(pixels)


def command(*args):
    line = [sys.executable, "-m", "bgtool", "cutout", *map(str, args)]
    return subprocess.run(line, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture
def cut(person_model_file, tmp_path):
    """Runs a batch in this process: options in, what an observer heard and the summary out."""

    def run(*inputs, **options):
        notes = []

        class Observer(Silent):
            def note(self, text):
                notes.append(text)

        options = {"output": tmp_path / "out", "model": str(person_model_file), "device": "cpu"} | options
        return bgtool.cutout_files(*inputs, observer=Observer(), **options), notes

    return run


def alpha_of(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"))[..., 3]


def assert_cut_out(alpha, box=BOX):
    """Alpha [H, W] is a person in that box, give or take two pixels at the edge."""
    inside = alpha[box[1] + 3 : box[3] - 3, box[0] + 3 : box[2] - 3]
    outside = alpha.copy()
    outside[max(box[1] - 3, 0) : box[3] + 3, max(box[0] - 3, 0) : box[2] + 3] = 0
    assert (inside == 255).all()
    assert (outside == 0).all()


def test_the_command_end_to_end(tmp_path, person_model_file):
    (tmp_path / "in" / "trip").mkdir(parents=True)
    portrait().save(tmp_path / "in" / "trip" / "a.jpg", quality=95)
    portrait().save(tmp_path / "in" / "b.png")
    Image.new("RGB", (90, 60), "blue").save(tmp_path / "in" / "wall.png")
    args = (tmp_path / "in", "-o", tmp_path / "out", "--model", person_model_file, "--device", "cpu")
    done = command(*args)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("JPEG cannot hold a transparent result: PNG takes its place") == 1
    (warning,) = [line for line in done.stderr.splitlines() if line.startswith("warning")]
    assert "wall.png" in warning
    assert "no person was found" in warning
    assert_cut_out(alpha_of(tmp_path / "out" / "trip" / "a.png"))
    assert_cut_out(alpha_of(tmp_path / "out" / "b.png"))
    assert not alpha_of(tmp_path / "out" / "wall.png").any()
    records = [json.loads(line) for line in (tmp_path / "out" / "bgtool-manifest.jsonl").read_text().splitlines()]
    assert sum("no person was found" in record.get("warnings", ()) for record in records) == 1
    assert "3 already done" in command(*args).stderr


@pytest.mark.parametrize("background", ["reddish-purple", "missing.jpg"])
def test_a_background_that_is_nothing_stops_before_anything_is_written(tmp_path, person_model_file, background):
    portrait().save(tmp_path / "a.png")
    args = (tmp_path / "a.png", "-o", tmp_path / "out", "--model", person_model_file, "--background", background)
    refused = command(*args)
    assert refused.returncode == 2
    assert background in refused.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".jp2"])
def test_formats_that_hold_transparency_are_kept(cut, tmp_path, suffix):
    portrait().save(tmp_path / f"a{suffix}")
    summary, notes = cut(tmp_path / f"a{suffix}")
    assert (summary.done, notes) == (1, [])
    assert_cut_out(alpha_of(tmp_path / "out" / f"a{suffix}"))


def test_jpeg_before_a_colour_stays_jpeg_with_all_it_said(cut, tmp_path):
    exif = Image.Exif()
    exif[271], exif[274] = "Maker", 1
    portrait().save(tmp_path / "a.jpg", quality=95, dpi=(300, 300), icc_profile=SRGB, exif=exif)
    cut(tmp_path / "a.jpg", background="#00ff00", crop=True)
    with Image.open(tmp_path / "out" / "a.jpg") as result:
        assert result.format == "JPEG"
        assert np.abs(np.subtract(result.size, (50, 80))).max() <= 4
        assert result.info["dpi"] == (300, 300)
        assert result.info["icc_profile"] == SRGB
        assert result.getexif()[271] == "Maker"
        assert 274 not in result.getexif()
        pixels = np.asarray(result)
    assert np.abs(pixels[10:-10, 10:-10].astype(int) - (255, 0, 0)).max() < 12


def test_a_mask_is_grey_and_never_a_jpeg(cut, tmp_path):
    portrait().save(tmp_path / "a.jpg", quality=95)
    _, notes = cut(tmp_path / "a.jpg", mask_only=True)
    assert notes == ["JPEG cannot hold a mask result: PNG takes its place"]
    with Image.open(tmp_path / "out" / "a.png") as mask:
        assert mask.mode == "L"
        assert_cut_out(np.asarray(mask))


def rotated(path):
    exif = Image.Exif()
    exif[274] = 6  # shown turned clockwise
    portrait().transpose(Image.Transpose.ROTATE_90).save(path.with_suffix(".jpg"), quality=95, exif=exif)


def grey_transparency(path):
    picture = portrait().convert("RGBA")
    picture.putalpha(Image.new("L", picture.size, 255))
    picture.save(path.with_suffix(".png"))


def animated(path):
    portrait().save(path.with_suffix(".webp"), save_all=True, append_images=[portrait((90, 20, 140, 100))], quality=95)


def animated_gif(path):
    portrait().save(path.with_suffix(".gif"), save_all=True, append_images=[portrait((90, 20, 140, 100))])


MAKERS = {
    "RGBA": grey_transparency,
    "EXIF-rotated": rotated,
    "CMYK": lambda path: portrait().convert("CMYK").save(path.with_suffix(".tif")),
    "palette": lambda path: portrait().quantize(8).save(path.with_suffix(".png")),
    "animated WebP": animated,
    "animated GIF": animated_gif,
}


@pytest.mark.parametrize("kind", MAKERS)
def test_kinds_of_files_come_out_upright_and_at_their_size(cut, tmp_path, kind):
    MAKERS[kind](tmp_path / "a")
    summary, _ = cut(tmp_path, output=tmp_path / "out")
    assert (summary.done, summary.failed) == (1, 0)
    (result,) = (path for path in (tmp_path / "out").iterdir() if path.suffix != ".jsonl")
    alpha = alpha_of(result)
    assert alpha.shape == (HEIGHT, WIDTH)
    assert_cut_out(alpha)
    said = [warning for outcome in summary.outcomes for warning in outcome.warnings]
    assert any("first picture" in warning for warning in said) == kind.startswith("animated")


@pytest.mark.parametrize("kind", ["grey", "16-bit"])
def test_grey_photos_come_out_at_their_size(cut, tmp_path, kind):
    grey = np.asarray(portrait().convert("L"))
    Image.fromarray(grey if kind == "grey" else grey.astype(np.uint16) * 257).save(tmp_path / "a.png")
    summary, _ = cut(tmp_path / "a.png", background="white")
    assert [outcome.warnings[0] for outcome in summary.outcomes] == ["no person was found"]  # grey is not red
    with Image.open(tmp_path / "out" / "a.png") as result:
        assert result.size == (WIDTH, HEIGHT)
        assert (np.asarray(result.convert("RGB")) == 255).all()


def test_a_changed_background_image_redoes_the_work(cut, tmp_path):
    portrait().save(tmp_path / "a.png")
    backdrop = tmp_path / "beach.png"
    counts = []
    for colour in ("lime", "lime", "yellow"):
        Image.new("RGB", (20, 20), colour).save(backdrop)
        summary, _ = cut(tmp_path / "a.png", background=str(backdrop))
        counts.append((summary.done, summary.skipped))
    assert counts == [(1, 0), (0, 1), (1, 0)]
    with Image.open(tmp_path / "out" / "a.png") as result:
        assert result.getpixel((150, 60)) == (255, 255, 0)


def test_each_option_that_changes_pixels_changes_the_key():
    options = [{}, {"background": "white"}, {"background": "blur"}, {"mask_only": True}, {"crop": True}]
    options += [{"padding": "5"}, {"aspect": "3:4"}, {"size": "35x45mm"}, {"keep_specks": True}, {"edge": 1}]
    options += [{"empty": Empty.COPY}, {"empty": Empty.SKIP}]
    keys = {order_for(CutoutOptions(inputs=("a",), output="o", **chosen)).key for chosen in options}
    assert len(keys) == len(options)


def test_one_jpeg_asked_for_by_name_needs_a_background(tmp_path, person_model_file):
    portrait().save(tmp_path / "a.png")
    args = (tmp_path / "a.png", "-o", tmp_path / "b.jpg", "--model", person_model_file)
    assert command(*args).returncode == 2
    assert command(*args, "--background", "white").returncode == 0
    with Image.open(tmp_path / "b.jpg") as result:
        assert result.mode == "RGB"


@pytest.mark.skipif(importlib.util.find_spec("pillow_heif") is None, reason="needs the extra heif")
def test_heic(cut, tmp_path):
    import pillow_heif

    pillow_heif.register_heif_opener()
    portrait().save(tmp_path / "IMG_1.HEIC", quality=95, icc_profile=SRGB)
    summary, notes = cut(tmp_path / "IMG_1.HEIC")
    assert (summary.done, notes) == (1, ["HEIC cannot be written: PNG takes its place"])
    assert_cut_out(alpha_of(tmp_path / "out" / "IMG_1.png"))
    with Image.open(tmp_path / "out" / "IMG_1.png") as result:
        assert result.info["icc_profile"] == SRGB


@pytest.fixture
def photos(tmp_path):
    """A folder with a portrait and a wall without anybody."""
    (tmp_path / "in").mkdir()
    portrait().save(tmp_path / "in" / "a.png")
    Image.new("RGB", (90, 60), "blue").save(tmp_path / "in" / "wall.png")
    return tmp_path / "in"


def test_of_photos_without_people_nothing_is_written_and_that_is_done(cut, tmp_path, photos):
    summary, _ = cut(photos, empty="skip")
    assert (summary.done, summary.failed) == (2, 0)
    assert [outcome.warnings for outcome in summary.outcomes] == [("no person was found, and nothing is written",)]
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == ["a.png"]
    assert cut(photos, empty="skip")[0].skipped == 2
    Image.new("RGB", (91, 60), "blue").save(photos / "wall.png")
    summary, _ = cut(photos, empty="skip")
    assert (summary.done, summary.skipped) == (1, 1)
    summary, _ = cut(photos, empty="write")
    assert (summary.done, summary.skipped) == (2, 0)
    assert (tmp_path / "out" / "wall.png").exists()
    summary, notes = cut(photos, empty="skip")
    assert "of inputs of which nothing is written now, earlier outputs stay: wall.png" in notes
    assert (tmp_path / "out" / "wall.png").exists()


@pytest.mark.parametrize(("background", "mode"), [("transparent", "RGBA"), ("white", "RGB")])
def test_photos_without_people_are_copied(cut, tmp_path, photos, background, mode):
    summary, _ = cut(photos, empty="copy", background=background)
    assert summary.done == 2
    with Image.open(tmp_path / "out" / "wall.png") as result:
        assert result.mode == mode
        assert (np.asarray(result.convert("RGBA")) == (0, 0, 255, 255)).all()
    assert cut(photos, empty="copy", background=background)[0].skipped == 2


def test_of_several_pages_all_are_written(cut, tmp_path):
    portrait().save(tmp_path / "a.tif", save_all=True, append_images=[Image.new("RGB", (90, 60), "blue")])
    cut(tmp_path / "a.tif", empty="skip")
    with Image.open(tmp_path / "out" / "a.tif") as result:
        assert result.n_frames == 2


def test_a_print_says_its_resolution(cut, tmp_path):
    portrait().save(tmp_path / "a.jpg", quality=95, dpi=(72, 72))
    cut(tmp_path / "a.jpg", size="20x25mm@254", background="white")
    with Image.open(tmp_path / "out" / "a.jpg") as result:
        assert result.size == (200, 250)
        assert result.info["dpi"] == (254, 254)


@pytest.mark.parametrize(
    "wrong",
    [
        ("--size", "35x45"),
        ("--aspect", "wide"),
        ("--padding", "5mm"),
        ("--edge", "101"),
        ("--empty", "copy", "--mask-only"),
    ],
)
def test_options_that_make_no_sense_stop_before_anything_is_written(tmp_path, person_model_file, wrong):
    portrait().save(tmp_path / "a.png")
    refused = command(tmp_path / "a.png", "-o", tmp_path / "out", "--model", person_model_file, *wrong)
    assert refused.returncode == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", [("--padding", "5%"), ("--aspect", "3:4"), ("--size", "35x45mm")])
def test_the_whole_photo_and_a_part_of_it_cannot_both_be_asked_for(option, tmp_path):
    portrait().save(tmp_path / "a.png")
    ended = command(tmp_path / "a.png", "-o", tmp_path / "out", "--no-crop", *option)
    assert ended.returncode == 2
    assert f"--no-crop keeps the whole photo, and {option[0]} crops it" in ended.stderr
    assert not (tmp_path / "out").exists()
