"""What a cropped cut-out shows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from bgtool.errors import UsageError
from bgtool.tasks.person.crop import Crop, Length, Print, crop_of
from bgtool.tasks.person.framing import cut, frame, head_of

BOX, PHOTO = (100, 50, 200, 250), (400, 300)


@pytest.mark.parametrize(
    ("texts", "crop"),
    [
        ({}, None),
        ({"crop": True}, Crop()),
        ({"padding": "12"}, Crop(Length(12))),
        ({"crop": True, "padding": "2.5%", "aspect": "3:4"}, Crop(Length(2.5, True), 0.75)),
        ({"size": "35x45mm"}, Crop(print=Print((413, 531), 300))),
        ({"size": "Passport"}, Crop(print=Print((413, 531), 300))),
        ({"size": "us-passport@600"}, Crop(print=Print((1200, 1200), 600))),
        ({"size": "2x2in@600"}, Crop(print=Print((1200, 1200), 600))),
        ({"size": "600x800px"}, Crop(print=Print((600, 800), 0))),
    ],
)
def test_texts(texts, crop):
    assert crop_of(texts.pop("crop", False), **texts) == crop


@pytest.mark.parametrize(
    "texts",
    [
        {"padding": "a"},
        {"padding": "-3"},
        {"aspect": "3"},
        {"aspect": "0:3"},
        {"aspect": "1:9999"},
        {"size": "35x45"},
        {"size": "pasport"},
        {"size": "0x45mm"},
        {"size": "9999x9999mm"},
        {"size": "30x40px@300"},
        {"size": "35x45mm", "padding": "5"},
    ],
)
def test_texts_that_make_no_sense(texts):
    with pytest.raises(UsageError):
        crop_of(False, **texts)


def framed(**crop):
    return frame(BOX, (130, 50, 170, 102), Crop(**crop), PHOTO)


def test_padding_ends_at_the_photo():
    assert framed() == BOX
    assert framed(padding=Length(10)) == (90, 40, 210, 260)
    assert framed(padding=Length(10, True)) == (80, 30, 220, 270)
    assert framed(padding=Length(120)) == (0, 0, 320, 300)


def test_an_aspect_widens_and_moves_into_the_photo_as_far_as_it_fits():
    assert framed(aspect=1.0) == (50, 50, 250, 250)
    assert framed(aspect=2.0) == (0, 50, 400, 250)
    assert framed(aspect=4.0) == (-200, 50, 600, 250)
    assert framed(aspect=0.25) == (100, -50, 200, 350)


@given(st.floats(0.02, 50), st.integers(0, 200))
def test_an_aspect_is_kept_and_everything_shown(aspect, padding):
    left, top, right, bottom = framed(aspect=aspect, padding=Length(padding))
    assert left <= BOX[0]
    assert top <= BOX[1]
    assert right >= BOX[2]
    assert bottom >= BOX[3]
    width, height = right - left, bottom - top
    assert min(abs(width - height * aspect), abs(height - width / aspect)) <= 0.5


def test_a_head_fills_its_share_of_a_print():
    left, top, right, bottom = framed(print=Print((413, 531), 300))
    assert 52 / (bottom - top) == pytest.approx(0.7, abs=0.02)
    assert (left + right) / 2 == pytest.approx(150, abs=1)
    assert (right - left) / (bottom - top) == pytest.approx(35 / 45, abs=0.02)
    assert top < 50 < 102 < bottom


@pytest.mark.parametrize("shoulders", [70, 170])
def test_the_head_of_a_bust(shoulders):
    picture = Image.new("1", (400, 400))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((150, 40, 250, 170), fill=1)  # 100 wide, 130 high
    draw.rectangle((180, 150, 220, 220), fill=1)
    draw.rounded_rectangle((200 - shoulders, 210, 200 + shoulders, 500), 40, fill=1)
    head = head_of(np.asarray(picture))
    assert np.abs(np.subtract(head, (150, 40, 250, 170))).max() <= 6


def test_a_head_of_whatever_there_is():
    speck = np.zeros((20, 20), bool)
    speck[4, 7] = True
    assert head_of(speck) == (7, 4, 8, 5)
    assert head_of(np.ones((5, 40), bool))[:3] == (0, 0, 40)


def test_a_part_beyond_the_picture_is_empty_there():
    picture = np.arange(1, 13, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(cut(picture, (1, 0, 3, 2)), [[2, 3], [6, 7]])
    assert np.array_equal(cut(picture, (-1, 2, 2, 4)), [[0, 9, 10], [0, 0, 0]])
    assert cut(np.dstack([picture] * 4), (3, 1, 6, 2)).shape == (1, 3, 4)
    assert not cut(picture, (9, 9, 11, 11)).any()
