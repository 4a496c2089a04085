"""Photos that lie on their side or upside down, by a model for which red is a person and blue is above."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bgtool.api import ArraySource, source_of
from bgtool.cli.app import main
from bgtool.errors import ModelError
from bgtool.runtime.session import load_model
from bgtool.runtime.task import ModelTask
from bgtool.tasks.person.backgrounds import read_background
from bgtool.tasks.person.crop import Crop, Length, Print
from bgtool.tasks.person.cutout import Look, cut_out
from bgtool.tasks.person.upright import Turned, quarter_turns
from export.graph import AlphaGraph
from export.onnx_file import export_graph
from tests.support.networks import RedUnderSky

PLAIN = Look(read_background("transparent"))


def photo(width=120, height=200, sky=(90, 110, 255), ground=(90, 110, 40)):
    """Somebody red, with a head narrower than the body, under the sky: uint8 [height, width, 3]."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2], pixels[height // 2 :] = sky, ground
    pixels[height // 4 : height // 2, 2 * width // 5 : 3 * width // 5] = (255, 0, 0)
    pixels[height // 2 : 7 * height // 8, width // 4 : 3 * width // 4] = (255, 0, 0)
    return pixels


@pytest.mark.parametrize("turns", range(4))
def test_the_way_up_is_found(turns, sky_model):
    lying = np.rot90(photo(), turns)
    assert quarter_turns(Image.fromarray(lying), sky_model) == (4 - turns) % 4


def test_what_is_not_sure_stays_as_it_is(sky_model, person_model):
    wall = np.rot90(photo(sky=(90, 110, 41), ground=(90, 110, 40)), 1)
    assert quarter_turns(Image.fromarray(wall), sky_model) == 0
    assert quarter_turns(Image.fromarray(np.rot90(photo(), 1)), person_model) == 0, "it cannot tell"


@given(st.data())
def test_a_window_of_a_turned_photo_is_that_of_its_turned_pixels(data):
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 4), np.uint8)
    turns = data.draw(st.integers(-3, 3))
    source = source_of(Image.fromarray(pixels))
    turned, whole = Turned(source, turns), np.rot90(source.window(0, 0, 5, 7), turns)
    assert turned.size == (whole.shape[1], whole.shape[0])
    (x0, x1), (y0, y1) = (sorted(data.draw(st.tuples(*[st.integers(0, side)] * 2))) for side in turned.size)
    assert np.array_equal(turned.window(x0, y0, x1, y1), whole[y0:y1, x0:x1])
    opacity = np.rot90(source.alpha_window(0, 0, 5, 7), turns)
    assert np.array_equal(turned.alpha_window(x0, y0, x1, y1), opacity[y0:y1, x0:x1])


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize(
    "look",
    [
        PLAIN,
        replace(PLAIN, mask_only=True, edge=2),
        replace(PLAIN, background=read_background("blur")),
        replace(PLAIN, crop=Crop(Length(5.0, percent=True))),
    ],
)
def test_a_lying_photo_is_cut_out_as_well_as_an_upright_one_and_lies_as_it_did(turns, look, sky_model):
    upright = cut_out(ArraySource(photo()), sky_model, look)
    lying = cut_out(ArraySource(np.rot90(photo(), turns)), sky_model, look)
    assert upright.found
    assert np.array_equal(lying.pixels, np.rot90(upright.pixels, turns))
    assert (upright.warnings, len(lying.warnings)) == ((), 1)
    assert ("upside down" in lying.warnings[0]) == (turns == 2)
    assert lying.confidence == upright.confidence


def test_an_aspect_is_that_of_the_result_and_a_print_stands_upright(sky_model):
    lying = ArraySource(np.rot90(photo(), 1))
    shape = cut_out(lying, sky_model, replace(PLAIN, crop=Crop(aspect=2.0))).pixels.shape
    assert shape[1] == pytest.approx(2 * shape[0], abs=2)
    head = replace(PLAIN, crop=Crop(print=Print((70, 90), 300)))
    upright, other = (cut_out(source, sky_model, head) for source in (ArraySource(photo()), lying))
    assert np.array_equal(upright.pixels, other.pixels)


def test_nobody_under_the_sky_is_an_empty_cut_out_that_lies_as_the_photo(sky_model):
    empty = np.rot90(photo()[:, :20], 1)
    result = cut_out(ArraySource(empty), sky_model, PLAIN)
    assert (result.found, result.warnings, result.pixels.shape) == (False, (), (*empty.shape[:2], 4))
    assert not result.pixels.any()


def test_a_run_says_what_lies(sky_model_file, tmp_path):
    for name, turns in (("lying", 1), ("upright", 0)):
        Image.fromarray(np.rot90(photo(), turns)).save(tmp_path / f"{name}.png")
    command = ["cutout", str(tmp_path / "lying.png"), str(tmp_path / "upright.png"), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(main, [*command, "--model", str(sky_model_file), "--device", "cpu"])
    assert result.exit_code == 0, result.output
    results = {name: np.asarray(Image.open(tmp_path / "out" / f"{name}.png")) for name in ("lying", "upright")}
    assert np.array_equal(results["lying"], np.rot90(results["upright"], 1))
    lines = map(json.loads, (tmp_path / "out" / "bgtool-manifest.jsonl").read_text().splitlines())
    said = {line["output"]: line["warnings"] for line in lines}
    assert [bool(warnings) for _, warnings in sorted(said.items())] == [True, False]


def test_an_output_of_another_kind_breaks_the_contract(sky_model, tmp_path):
    class InLevels(AlphaGraph):
        def forward(self, image):
            alpha, scores = super().forward(image)
            return alpha, scores.double()

    file = tmp_path / "other.onnx"
    file.write_bytes(export_graph(InLevels(RedUnderSky()), sky_model.card))
    with pytest.raises(ModelError, match="other inputs and outputs"):
        load_model(str(file), task=ModelTask.PERSON, device="cpu")
