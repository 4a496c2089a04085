"""Labelling photos anew, with a model for which red is a person."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from training.__main__ import cli
from training.data.labels import read_boxes
from training.data.pairs import find_pairs

RED, BLUE, PURPLE = (255, 0, 0), (0, 0, 255), (128, 0, 128)  # PURPLE: alpha is a half
PERSON, STRANGER, DOUBT = (40, 40, 140, 280), (200, 40, 300, 280), (340, 40, 420, 280)
BOXES = [[0.08, 0.1, 0.36, 0.9], [0.74, 0.1, 0.95, 0.9], [0.97, 0.9, 1, 1]]  # person, doubt, missed


@pytest.fixture
def photos(tmp_path):
    """One photo of 448 x 320 whose mask says that the stranger is the person; and boxes."""
    for name, mode in (("img", "RGB"), ("mask", "1")):
        (tmp_path / "set" / name).mkdir(parents=True)
        picture = Image.new(mode, (448, 320), BLUE if mode == "RGB" else 0)
        for box, colour in ((PERSON, RED), (STRANGER, RED), (DOUBT, PURPLE)):
            picture.paste(colour if mode == "RGB" else int(box == STRANGER), box)
        picture.save(tmp_path / "set" / name / "a.png")
    (tmp_path / "boxes.json").write_text(json.dumps({"a": BOXES, "elsewhere": []}))
    return tmp_path


def labelled(photos, model, *more):
    """Mask and what is ignored, uint8 [H, W]: 255 or 0."""
    command = ["label", photos / "set", "--boxes", photos / "boxes.json", "--model", model, "-o", photos / "out", *more]
    result = CliRunner().invoke(cli, list(map(str, command)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    (pair,) = find_pairs(photos / "out", "mask")
    assert pair.image.read_bytes() == (photos / "set/img/a.png").read_bytes()
    return tuple(np.asarray(Image.open(path).convert("L")) for path in (pair.truth, pair.extra))


def middle(picture, box):
    """The one value well within a box."""
    (value,) = np.unique(picture[box[1] + 12 : box[3] - 12, box[0] + 12 : box[2] - 12])
    return value


def test_people_are_in_boxes_and_doubt_is_ignored(photos, person_model_file):
    mask, ignored = labelled(photos, person_model_file)
    assert [middle(mask, box) for box in (PERSON, STRANGER)] == [255, 0]
    assert [middle(ignored, box) for box in (PERSON, STRANGER, DOUBT)] == [0, 0, 255]
    assert not mask[:, :20].any()
    assert ignored[292:, 441:].all()


def test_kept_masks_are_ignored_where_the_network_is_sure_of_something_else(photos, person_model_file):
    mask, ignored = labelled(photos, person_model_file, "--keep-masks")
    assert np.array_equal(mask, np.asarray(Image.open(photos / "set/mask/a.png").convert("L")))
    assert [middle(ignored, box) for box in (PERSON, STRANGER, DOUBT)] == [255, 255, 0]


def test_it_goes_on_where_it_stopped(photos, person_model_file):
    labelled(photos, person_model_file)
    Image.new("1", (448, 320)).save(photos / "out/mask/a.png")
    mask, _ = labelled(photos, person_model_file)
    assert not mask.any()


@pytest.mark.parametrize("held", ["[]", '{"a": [[0, 0, 1]]}', '{"a": [[0, 0, 200, 100]]}', '{"a": [[0.5, 0, 0.1, 1]]}'])
def test_boxes_that_are_none_are_refused(tmp_path, held):
    (tmp_path / "boxes.json").write_text(held)
    with pytest.raises(ValueError, match=r"boxes\.json"):
        read_boxes(tmp_path / "boxes.json")
