"""How cut-outs of people are judged, by a model for which red is a person."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PIL import Image

from benchmarks.peers.segment import Job
from benchmarks.suites.people.peers import Program, by_bgtool
from benchmarks.suites.people.pets import shows_pet
from benchmarks.suites.people.quality import by_kind, by_set, by_size, empty_parts, judged
from training.data.pairs import Pair


@pytest.fixture
def chosen(tmp_path):
    """Two photos of a person who fills 1 % and 25 % of the frame; in the second one, half of it is missed."""
    pairs = []
    for name, side, seen in (("small", 20, 20), ("large", 100, 50)):
        photo, truth = np.full((200, 240, 3), (0, 0, 255), np.uint8), np.zeros((200, 240), np.uint8)
        photo[40 : 40 + seen, 30 : 30 + side] = (255, 0, 0)
        truth[40 : 40 + side, 30 : 30 + side] = 255
        files = [tmp_path / f"{name}.{kind}.png" for kind in ("img", "mask")]
        for file, picture in zip(files, (photo, truth), strict=True):
            Image.fromarray(picture).save(file)
        pairs.append(Pair(*files, f"of the {name}", None))
    return pairs


@pytest.fixture
def program(person_model, tmp_path):
    return Program("bgtool", tmp_path / "masks", partial(by_bgtool, model=person_model))


def test_sets_and_the_size_of_people(chosen, program):
    found = judged(program, chosen, 0)
    sets = by_set(found)
    assert list(sets) == ["of the large", "of the small", "all"]
    assert sets["of the large"] == pytest.approx(0.5, abs=0.03)
    sizes = by_size(found)
    assert sizes["0% to 2%"].endswith("(1)")
    assert sizes["20% to 40%"].startswith("0.5")
    assert sizes["5% to 10%"] is None


def test_turned_photos_are_judged_by_turned_masks(chosen, program):
    scores = [np.mean([one.score for one in judged(program, chosen, turns)]) for turns in range(4)]
    assert max(scores) - min(scores) < 0.03
    assert scores[0] > 0.65


def test_a_run_that_was_stopped_goes_on(chosen, program):
    judged(program, chosen[:1], 0)
    asked = []

    def run(jobs):
        asked.extend(jobs)
        program.run(jobs)

    assert len(judged(replace(program, run=run), chosen, 0)) == 2
    assert [job.photo for job in asked] == [str(chosen[1].image)]


def test_who_is_cut_out_of_photos_of_nobody(chosen, program, tmp_path):
    wall = Image.new("RGB", (100, 100), "blue")
    speck, person = wall.copy(), wall.copy()
    speck.paste("red", (40, 40, 46, 46))
    person.paste("red", (20, 20, 80, 80))
    for name, picture in (("wall", wall), ("speck", speck), ("person", person)):
        picture.save(tmp_path / f"{name}.png")
    jobs = [Job(str(tmp_path / f"{name}.png")) for name in ("wall", "speck", "person")]
    parts = list(empty_parts(chosen))
    assert len(parts) == 2
    assert by_kind(program, {"all": jobs, "parts": parts, "none": []}) == {
        "all": "33.3% (3)", "parts": "0.0% (2)", "none": None
    }  # fmt: skip


def test_a_person_is_no_pet(tmp_path):
    Image.effect_noise((80, 60), 50).convert("RGB").save(tmp_path / "noise.png")
    assert not shows_pet(tmp_path / "noise.png")
