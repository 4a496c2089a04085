import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import bgtool
from bgtool.errors import InputError, ModelError, UsageError
from bgtool.outcome import Outcome


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
    assert [outcome.source for outcome in summary.outcomes] == [str(tmp_path / "in" / "bad.png")]
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
