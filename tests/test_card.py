import json
from dataclasses import replace

import pytest
from conftest import TINY, tiny_card

from bgtool.card import METADATA_KEY, Card
from bgtool.errors import ModelError


def test_a_card_survives_the_way_into_the_file_and_back():
    figures = {"DIBCO2013": {"f_measure": 90.5}}
    card = replace(tiny_card(TINY), training_data=("A", "B"), scales=(0.8, 1.4), mirrored=True, figures=figures)
    assert Card.from_metadata({METADATA_KEY: card.to_json()}) == card


def test_a_model_without_card_is_refused():
    with pytest.raises(ModelError, match="no bgtool card"):
        Card.from_metadata({})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema": 99}, "schema 99"),
        ({"schema": None}, "schema None"),
        ({"task": "cats"}, "incomplete"),
        ({"unheard": 1}, "incomplete"),
        ({"halo": 3}, "fit no tiles"),
        ({"stride": 0}, "fit no tiles"),
        ({"task": "person"}, "at which sizes"),
        ({"task": "person", "working_size": 32, "scales": []}, "at which sizes"),
        ({"task": "person", "working_size": 32, "scales": [1, 0]}, "at which sizes"),
    ],
)
def test_a_card_this_version_cannot_read_is_refused_with_the_reason(change, reason):
    values = json.loads(tiny_card(TINY).to_json()) | change
    with pytest.raises(ModelError, match=reason):
        Card.from_metadata({METADATA_KEY: json.dumps(values)})


@pytest.mark.parametrize("text", ["", "{", "[]", "3"])
def test_a_card_that_is_no_object_is_refused(text):
    with pytest.raises(ModelError):
        Card.from_metadata({METADATA_KEY: text})
