"""What pytest hands to the tests of several rooms: small models, exported and in a real session."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bgtool.imaging.reading import vips
from bgtool.runtime.session import Model, load_model, read_card
from bgtool.runtime.task import ModelTask
from export.graph import AlphaGraph, PageGraph
from export.lowering import lower
from export.onnx_file import export_graph
from tests.support.networks import TINY, Reddish, RedUnderSky, tiny_card, wild_network


@pytest.fixture(scope="session")
def tiny_model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small exported document model with random weights."""
    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    path.write_bytes(export_graph(PageGraph(lower(wild_network(TINY))), tiny_card(TINY)))
    return path


@pytest.fixture(scope="session")
def tiny_model(tiny_model_file: Path) -> Model:
    """The same, in a real session on the CPU."""
    return load_model(str(tiny_model_file), device="cpu")


@pytest.fixture
def without_pyvips(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if pyvips were not installed."""
    monkeypatch.setitem(sys.modules, "pyvips", None)
    vips.available.cache_clear()
    yield
    vips.available.cache_clear()


@pytest.fixture(scope="session")
def person_model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported person model with exact expectations: red is a person."""
    card = replace(tiny_card(TINY), name="reddish", task=ModelTask.PERSON, stride=16, halo=0, working_size=64)
    path = tmp_path_factory.mktemp("model") / "reddish.onnx"
    path.write_bytes(export_graph(AlphaGraph(Reddish()), card))
    return path


@pytest.fixture(scope="session")
def person_model(person_model_file: Path) -> Model:
    """The same, in a real session on the CPU."""
    return load_model(str(person_model_file), task="person", device="cpu")


@pytest.fixture(scope="session")
def sky_model_file(person_model_file: Path) -> Path:
    """The same, and blue is above: it tells which way is up."""
    card = replace(read_card(str(person_model_file), ModelTask.PERSON), name="sky", stride=32)
    path = person_model_file.with_name("sky.onnx")
    path.write_bytes(export_graph(AlphaGraph(RedUnderSky()), card))
    return path


@pytest.fixture(scope="session")
def sky_model(sky_model_file: Path) -> Model:
    """The same, in a real session on the CPU."""
    return load_model(str(sky_model_file), task="person", device="cpu")
