import io
import pydoc
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

import bgtool
from bgtool.engine.job import Outcome
from bgtool.errors import InputError, ModelError, UsageError


def scan(height=50, width=70):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_clean_takes_images_and_arrays_alike(tiny_model):
    pixels = scan()
    from_array = bgtool.clean(pixels, model=tiny_model)
    from_image = bgtool.clean(Image.fromarray(pixels), model=tiny_model)
    assert from_array.mode == "L"
    assert from_array.size == (70, 50)
    assert from_array.tobytes() == from_image.tobytes()


@pytest.mark.parametrize(("style", "mode"), [("gray", "L"), ("bilevel", "1"), ("color", "RGB")])
def test_styles_give_their_mode(tiny_model, style, mode):
    assert bgtool.clean(scan(), model=tiny_model, style=style).mode == mode


def test_grey_arrays_and_images_of_any_mode_are_taken(tiny_model):
    grey = scan()[..., 0]
    expected = bgtool.clean(np.repeat(grey[..., None], 3, axis=2), model=tiny_model).tobytes()
    assert bgtool.clean(grey, model=tiny_model).tobytes() == expected
    assert bgtool.clean(Image.fromarray(grey), model=tiny_model).tobytes() == expected


def test_transparency_lies_on_white(tiny_model):
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    white = Image.new("RGB", (40, 40), "white")
    assert bgtool.clean(clear, model=tiny_model).tobytes() == bgtool.clean(white, model=tiny_model).tobytes()


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((4, 4), np.float32),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4), np.uint8),
        Image.new("RGB", (0, 5)),
        "page.png",
        None,
    ],
)
def test_what_is_no_picture_is_refused(tiny_model, bad):
    with pytest.raises(InputError):
        bgtool.clean(bad, model=tiny_model)


@pytest.mark.parametrize("form", [str, Path, Path.read_bytes, lambda path: io.BytesIO(path.read_bytes()), Path.open])
def test_whatever_holds_a_picture_is_taken(form, tmp_path, tiny_model):
    path = tmp_path / "scan.png"
    Image.fromarray(scan()).save(path)
    arguments = {"mode": "rb"} if form is Path.open else {}
    taken = form(path, **arguments)
    assert bgtool.clean(taken, model=tiny_model).tobytes() == bgtool.clean(scan(), model=tiny_model).tobytes()


def test_arrays_of_any_usual_kind_are_taken(tiny_model):
    grey = scan()[..., 0]
    deep, bilevel = grey.astype(np.uint16) * 257, grey > 127
    expected = bgtool.clean(grey, model=tiny_model).tobytes()
    assert bgtool.clean(deep, model=tiny_model).tobytes() == expected
    assert bgtool.clean(grey[..., None], model=tiny_model).tobytes() == expected
    of_image = bgtool.clean(Image.fromarray(bilevel), model=tiny_model)
    assert bgtool.clean(bilevel, model=tiny_model).tobytes() == of_image.tobytes()
    clear = np.dstack([scan(), np.zeros_like(grey)])
    white = np.full_like(scan(), 255)
    assert bgtool.clean(clear, model=tiny_model).tobytes() == bgtool.clean(white, model=tiny_model).tobytes()


def test_files_that_are_no_single_picture_are_refused(tmp_path, tiny_model):
    pages = [Image.new("L", (20, 20), level) for level in (0, 255)]
    pages[0].save(tmp_path / "two.tif", save_all=True, append_images=pages[1:])
    (tmp_path / "text.png").write_text("not an image")
    with pytest.raises(InputError, match="2 pages"):
        bgtool.clean(tmp_path / "two.tif", model=tiny_model)
    for bad in (tmp_path / "text.png", tmp_path, b"", io.StringIO("text"), 3):
        with pytest.raises(InputError):
            bgtool.clean(bad, model=tiny_model)


def test_results_keep_resolution_and_profile(tmp_path, tiny_model, person_model):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(scan()).save(tmp_path / "a.png", dpi=(300, 300), icc_profile=profile)
    page = bgtool.clean(tmp_path / "a.png", model=tiny_model, style="color")
    assert page.info["icc_profile"] == profile
    assert page.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert "icc_profile" not in bgtool.clean(tmp_path / "a.png", model=tiny_model, style="bilevel").info


def person(colour=(255, 0, 0)):
    picture = Image.new("RGB", (64, 64), "gray")
    picture.paste(colour, (16, 16, 48, 48))
    return picture


def test_the_caller_is_told_that_nobody_was_found(person_model):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bgtool.cutout(person(), model=person_model).info["person_found"] is True
    with pytest.warns(bgtool.NobodyFound) as heard:
        result = bgtool.cutout(person("blue"), model=person_model, background="white")
    assert heard[0].filename == __file__
    assert result.info["person_found"] is False


def test_a_damaged_profile_is_told(tiny_model):
    picture = Image.fromarray(scan())
    picture.info["icc_profile"] = b"no profile"
    with pytest.warns(bgtool.BgtoolWarning, match="profile"):
        bgtool.clean(picture, model=tiny_model)


def test_a_background_is_any_picture(tmp_path, person_model):
    green = Image.new("RGB", (30, 20), (0, 200, 0))
    expected = bgtool.cutout(person(), model=person_model, background="#00c800").tobytes()
    green.save(tmp_path / "red", "PNG")  # not the colour
    for background in (green, np.asarray(green), tmp_path / "red", (tmp_path / "red").read_bytes()):
        assert bgtool.cutout(person(), model=person_model, background=background).tobytes() == expected
    for bad in (b"", 3, np.zeros((2, 2), np.float32)):
        with pytest.raises(UsageError, match="background"):
            bgtool.cutout(person(), model=person_model, background=bad)
    with pytest.raises(UsageError, match="mask"):
        bgtool.cutout(person(), model=person_model, background=green, mask_only=True)


def test_models_go_by_name_and_path_and_know_their_task(tiny_model_file, person_model_file):
    assert bgtool.load_model("person", device="cpu").card.task == "person"
    assert bgtool.load_model(person_model_file, device="cpu").card.task == "person"
    assert bgtool.clean(scan(), model="document").mode == "L"
    assert bgtool.clean(scan(), model=tiny_model_file).mode == "L"
    with pytest.raises(ModelError, match="for task person"):
        bgtool.clean(scan(), model="person")
    with pytest.raises(ModelError, match="for task document"):
        bgtool.load_model("document", task="person")


def test_the_public_names_are_shown_and_importing_them_is_cheap():
    shown = pydoc.render_doc(bgtool)
    for name in ("clean", "cutout_files", "load_model", "BgtoolError", "InputError", "NobodyFound", "Style", "Summary"):
        assert name in dir(bgtool)
        assert name in shown
        assert getattr(bgtool, name)
    program = "import bgtool, sys; dir(bgtool); print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    loaded = {name for name in said.split() if name.split(".")[0] in ("bgtool", "numpy", "PIL")}
    assert loaded == {"bgtool", "bgtool._version"}


def test_lists_of_paths_and_what_is_no_option(tmp_path, tiny_model_file):
    for name in ("a.png", "b.png"):
        Image.fromarray(scan()).save(tmp_path / name)
    summary = bgtool.clean_files(
        [tmp_path / "a.png", tmp_path / "b.png"], output=tmp_path / "out", model=tiny_model_file, style="grey"
    )
    assert summary.done == 2
    with pytest.raises(TypeError, match="did you mean style"):
        bgtool.clean_files(tmp_path, output=tmp_path / "out", stlye="gray")
    with pytest.raises(TypeError, match="Image"):
        bgtool.cutout_files(tmp_path, output=tmp_path / "out", background=Image.new("RGB", (1, 1)))
    with pytest.raises(TypeError, match="Image"):
        bgtool.clean_files(Image.new("RGB", (1, 1)), output=tmp_path / "out")


def test_a_model_for_the_other_task_and_a_style_that_is_none_are_refused(tiny_model, person_model):
    with pytest.raises(ModelError, match="person"):
        bgtool.clean(scan(), model=person_model)
    with pytest.raises(ModelError, match="document"):
        bgtool.cutout(scan(), model=tiny_model)
    with pytest.raises(UsageError, match="sepia"):
        bgtool.clean(scan(), model=tiny_model, style="sepia")


def test_images_are_read_as_files_are(tiny_model):
    """16 bits are scaled, not clipped, and a camera's picture is turned upright."""
    deep = np.linspace(0, 65535, 50 * 70).reshape(50, 70).astype(np.uint16)
    scaled = np.round(deep / 257).astype(np.uint8)
    assert (
        bgtool.clean(Image.fromarray(deep), model=tiny_model).tobytes()
        == bgtool.clean(scaled, model=tiny_model).tobytes()
    )
    turned = Image.fromarray(scan())
    turned.getexif()[274] = 6
    assert bgtool.clean(turned, model=tiny_model).size == (50, 70)
    with pytest.raises(InputError):
        bgtool.clean(Image.fromarray(np.zeros((4, 4), np.float32)), model=tiny_model)


class Recorder:
    """An observer that remembers."""

    def __init__(self):
        self.outcomes: list[Outcome] = []
        self.pixels = 0
        self.jobs = []

    def planned(self, total, skipped, device):
        self.plan = (total, skipped)

    def note(self, text):
        pass

    def advanced(self, pixels):
        self.pixels += pixels

    def finished(self, outcome):
        self.outcomes.append(outcome)

    def rehearsed(self, job):
        self.jobs.append(job)


def test_clean_files_counts_and_tells(tmp_path, tiny_model_file):
    (tmp_path / "in").mkdir()
    Image.fromarray(scan()).save(tmp_path / "in" / "good.png")
    (tmp_path / "in" / "bad.png").touch()
    seen = Recorder()
    options = {"output": tmp_path / "out", "model": str(tiny_model_file), "device": "cpu", "style": "color"}
    summary = bgtool.clean_files(tmp_path / "in", observer=seen, **options)
    assert (summary.done, summary.failed, summary.skipped, summary.exit_code) == (1, 1, 0, 1)
    assert [outcome.source for outcome in summary.outcomes if outcome.error] == [str(tmp_path / "in" / "bad.png")]
    assert seen.plan == (2, 0)
    assert seen.pixels == 50 * 70
    assert len(seen.outcomes) == 2
    again = bgtool.clean_files(tmp_path / "in", **options)
    assert (again.done, again.failed, again.skipped) == (0, 1, 1)
    assert bgtool.clean_files(tmp_path / "in", overwrite=True, **options).done == 1


def test_a_style_that_is_none_makes_no_sense(tmp_path):
    with pytest.raises(UsageError, match="foo"):
        bgtool.clean_files(tmp_path, output=tmp_path / "out", style="foo")


def test_a_dry_run_writes_nothing(tmp_path, tiny_model_file):
    Image.fromarray(scan()).save(tmp_path / "a.png")
    seen = Recorder()
    bgtool.clean_files(
        tmp_path / "a.png", output=tmp_path / "out", model=str(tiny_model_file), dry_run=True, observer=seen
    )
    assert [job.output.name for job in seen.jobs] == ["a.png"]
    assert not (tmp_path / "out").exists()


def test_options_that_make_no_sense_raise(tmp_path, tiny_model_file):
    with pytest.raises(UsageError):
        bgtool.clean_files(tmp_path / "nowhere", output=tmp_path / "out", model=str(tiny_model_file))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError):
        _ = bgtool.nothing


def test_a_huge_page_needs_memory_for_itself_and_its_tile_only(tmp_path, tiny_model_file):
    """A page of four times the pixels may add its own bytes (decoded, cleaned), not the network's."""
    peaks = []
    for side in (2000, 4000):
        Image.fromarray(np.tile(scan(200, 200)[..., 0], (side // 200, side // 200))).save(tmp_path / f"{side}.tif")
        program = (
            "import resource, sys; from bgtool.api import clean_files;"
            "clean_files(sys.argv[1], output=sys.argv[2], model=sys.argv[3], device='cpu', tile=512);"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        arguments = [tmp_path / f"{side}.tif", tmp_path / "out", tiny_model_file]
        result = subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True, check=True
        )
        peaks.append(int(result.stdout) * 1024)
    assert peaks[1] - peaks[0] < 4 * (4000**2 - 2000**2)
