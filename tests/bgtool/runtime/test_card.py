import json
import math
from dataclasses import replace

import pytest

from bgtool.errors import ModelError
from bgtool.runtime.card import METADATA_KEY, Card
from tests.support.networks import TINY, tiny_card


def test_a_card_survives_the_way_into_the_file_and_back():
    figures = {"DIBCO2013": {"f_measure": 90.5}}
    card = replace(tiny_card(TINY), training_data=("A", "B"), scales=(0.8, 1.4), mirrored=True, second_look=0.5)
    card = replace(card, figures=figures)
    assert Card.from_metadata({METADATA_KEY: card.to_json()}) == card


def test_a_card_of_the_first_schema_asks_for_one_look():
    values = json.loads(replace(tiny_card(TINY), second_look=0.5).to_json())
    del values["second_look"]
    card = Card.from_metadata({METADATA_KEY: json.dumps(values | {"schema": 1})})
    assert card == tiny_card(TINY)


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
        ({"stride": 0}, "stride"),
        ({"stride": 20000, "halo": 20000}, "stride is 20000"),
        ({"halo": 8192}, "halo is 8192"),
        ({"stride": True}, "stride is True"),
        ({"stride": 2.5}, "stride is 2.5"),
        ({"stride": "8"}, "stride"),
        ({"stride": [8]}, "stride"),
        ({"parameters": 10**4000}, "parameters is 1000"),
        ({"parameters": None}, "parameters"),
        ({"name": 3}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"licence": "x" * 5000}, "licence"),
        ({"training_data": "abc"}, "training_data"),
        ({"training_data": [1]}, "training_data"),
        ({"figures": [1]}, "figures"),
        ({"figures": {"set": {"f_measure": "high"}}}, "figures"),
        ({"figures": {"set": {"f_measure": math.nan}}}, "figures"),
        ({"figures": {"set": 3}}, "figures"),
        ({"mirrored": 1}, "mirrored"),
        ({"second_look": 1.5}, "second_look is 1.5"),
        ({"second_look": True}, "second_look"),
        ({"scales": 1.0}, "scales"),
        ({"scales": [math.inf]}, "scales"),
        ({"scales": [10**400]}, "scales"),
        ({"scales": [1.0] * 1000}, "scales"),
        ({"task": ["document"]}, "incomplete"),
        ({"schema": True}, "schema True"),
        ({"schema": "9" * 9999}, "schema 999"),
        ({"task": "person"}, "at which sizes"),
        ({"task": "person", "working_size": 100000}, "working_size"),
        ({"task": "person", "working_size": 512, "scales": [40]}, "sizes"),
        ({"task": "person", "working_size": 32, "scales": []}, "at which sizes"),
        ({"task": "person", "working_size": 32, "scales": [1, 0]}, "at which sizes"),
    ],
)
def test_a_card_this_version_cannot_read_is_refused_with_the_reason(change, reason):
    values = json.loads(tiny_card(TINY).to_json()) | change
    with pytest.raises(ModelError, match=reason) as caught:
        Card.from_metadata({METADATA_KEY: json.dumps(values)})
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "[" * 10**5,
        '{"schema":' * 10**5,
        "NaN",
        "1" * 10**6,
        '{"schema": 1, "x": "' + "y" * 2**21 + '"}',
    ],
    ids=range(9),
)
def test_a_card_that_is_no_object_is_refused(text):
    with pytest.raises(ModelError):
        Card.from_metadata({METADATA_KEY: text})
