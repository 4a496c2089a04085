"""The study of where cut-outs of people go wrong, by a model for which red is a person."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.studies.people import by_share, by_turn, empty_parts, of_nobody
from training.data.pairs import Pair


@pytest.fixture
def chosen(tmp_path):
    """Two photos of a person who fills 1 % and 25 % of the frame; in the second one, half of it is missed."""
    pairs = []
    for name, side, seen in (("small", 20, 20), ("large", 100, 50)):
        photo, truth = np.full((200, 200, 3), (0, 0, 255), np.uint8), np.zeros((200, 200), np.uint8)
        photo[40 : 40 + seen, 30 : 30 + side] = (255, 0, 0)
        truth[40 : 40 + side, 30 : 30 + side] = 255
        files = [tmp_path / f"{name}.{kind}.png" for kind in ("img", "mask")]
        for file, picture in zip(files, (photo, truth), strict=True):
            Image.fromarray(picture).save(file)
        pairs.append(Pair(*files, "some", None))
    return pairs


def test_the_size_of_people(chosen, person_model):
    figures = by_share(chosen, person_model)
    assert list(figures) == ["0% to 2% of 1", "20% to 40% of 1"]
    assert figures["0% to 2% of 1"] > 0.8
    assert figures["20% to 40% of 1"] == pytest.approx(0.5, abs=0.03)


def test_turned_photos_are_judged_by_turned_masks(chosen, person_model):
    figures = by_turn(chosen, person_model)
    assert list(figures) == ["0", "90", "180", "270"]
    assert max(figures.values()) - min(figures.values()) < 0.03
    assert figures["0"] > 0.65


def test_who_is_cut_out_of_photos_of_nobody(chosen, person_model):
    wall = Image.new("RGB", (100, 100), "blue")
    speck = wall.copy()
    speck.paste("red", (40, 40, 46, 46))
    person = wall.copy()
    person.paste("red", (20, 20, 80, 80))
    figures = of_nobody([wall, wall, speck, person], person_model)
    assert figures == {"photos": 4, "anything": 0.5, "above 0.5%": 0.25}
    parts = list(empty_parts(chosen))
    assert [part.size[0] * part.size[1] >= 12_000 for part in parts] == [True, True]
    assert of_nobody(parts, person_model)["anything"] == 0
