"""The second look at small people: where it is taken, and what it changes."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from bgtool.runtime.session import load_model
from bgtool.tasks.person.closer import believed, parts
from bgtool.tasks.person.views import predict
from tests.support.places import ROOT

SHAPE = (300, 400)


def alpha(*boxes):
    """Boxes (left, top, right, bottom) of alpha 1: float32 [h, w]."""
    plane = np.zeros(SHAPE, np.float32)
    for left, top, right, bottom in boxes:
        plane[top:bottom, left:right] = 1
    return plane


def holds(part, box):
    return part[0] <= box[0] and part[1] <= box[1] and part[2] >= box[2] and part[3] >= box[3]


def test_people_who_fill_the_frame_and_nobody_are_not_looked_at_again():
    large = 50, 20, 250, 300
    assert [*parts(alpha(large))] == []
    assert [*parts(alpha(large, (380, 100, 395, 120)))] == []
    assert [*parts(alpha())] == []


@pytest.mark.parametrize("box", [(180, 100, 210, 190), (0, 250, 20, 300), (395, 0, 400, 5)])
def test_a_small_person_is_looked_at_with_room_around_and_within_the_photo(box):
    (part,) = parts(alpha(box))
    left, top, right, bottom = part
    assert holds(part, box)
    assert holds((0, 0, SHAPE[1], SHAPE[0]), part)
    assert min(right - left, bottom - top) >= SHAPE[1] / 4
    assert max(right - left, bottom - top) <= 0.75 * SHAPE[1]


def test_people_near_each_other_are_looked_at_together_and_those_far_apart_by_themselves():
    near = (100, 100, 120, 150), (200, 100, 220, 150)
    assert len([*parts(alpha(*near))]) == 1
    far = (0, 100, 20, 150), (380, 100, 400, 160)
    found = [*parts(alpha(*far))]
    assert [holds(part, box) for part, box in zip(found, reversed(far), strict=True)] == [True, True]


def test_of_many_people_all_over_the_photo_only_a_few_parts_are_looked_at():
    crowd = [(x, y, x + 10, y + 20) for x in range(0, 400, 80) for y in range(0, 300, 90)]
    assert len([*parts(alpha(*crowd))]) == 4


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_parts_of_the_smallest_photos_hold_a_pixel(size, person_model):
    photo = Image.new("RGB", size, (0, 0, 255))
    photo.putpixel((size[0] - 1, size[1] - 1), (255, 0, 0))
    assert min(believed(photo, Counted(person_model, second_look=0.5)).shape) >= 1


class Counted:
    """A model that notes the sizes of the pictures that it is shown."""

    def __init__(self, model, **card):
        self.card, self._model, self.seen = replace(model.card, **card), model, []

    def run(self, images):
        self.seen.append(images.shape[1:3])
        return self._model.run(images)


@pytest.fixture(scope="module")
def network():
    return load_model(task="person", device="cpu")


def scene(height):
    """Somebody so many pixels high before a grey wall of 640 by 480."""
    with Image.open(ROOT / "examples" / "photos" / "grace-hopper.jpg") as image:
        person = image.convert("RGB").resize((round(height * image.width / image.height), height))
    picture = Image.new("RGB", (640, 480), (120, 120, 120))
    picture.paste(person, (400, 300))
    return picture


def test_a_second_look_changes_what_is_small_and_nothing_far_from_it(network):
    picture = scene(90)
    twice = Counted(network, second_look=0.6)
    first, both = predict(picture, network), believed(picture, twice)
    assert len(twice.seen) == 2 * len(network.card.scales)
    assert both.shape == first.shape
    assert np.abs(both - first).max() > 0.05
    changed = np.flatnonzero((both != first).any(axis=0))
    assert changed[0] > 0.4 * first.shape[1]


def test_where_the_card_asks_for_none_or_people_are_large_one_look_is_all(network):
    small, large = scene(90), scene(480).crop((390, 290, 640, 480))
    once = Counted(network, second_look=0.0)
    assert np.array_equal(believed(small, once), predict(small, network))
    twice = Counted(network, second_look=0.6)
    believed(large, twice)
    assert len(once.seen) == len(twice.seen) == len(network.card.scales)
