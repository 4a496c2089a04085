"""What several test files share."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn

from bgtool.imaging.reading import vips
from bgtool.runtime.card import Card, ModelTask
from bgtool.runtime.session import Model, load_model
from export.__main__ import cli as export_cli
from export.graph import AlphaGraph, PageGraph
from export.lowering import lower
from export.onnx_file import export_graph
from training.networks.stacked import StackedConfig, StackedUNet, receptive_radius

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("BGTOOL_DATA", ROOT.parent / "shared" / "data"))

TINY = StackedConfig(folds=(1, 1), widths=(4, 4))


def exported(*command: object) -> None:
    """Run a command of ``python -m export``, which must succeed."""
    result = CliRunner().invoke(export_cli, list(map(str, command)), catch_exceptions=False)
    assert result.exit_code == 0, result.output


def tiny_card(config: StackedConfig) -> Card:
    """A card for an untrained network."""
    return Card(
        name="tiny",
        version="1",
        task=ModelTask.DOCUMENT,
        stride=config.stride,
        halo=-(-receptive_radius(config) // config.stride) * config.stride,
        working_size=0,
        precision="fp32",
        architecture="test",
        parameters=0,
        loss="none",
        training_data=(),
        licence="MIT",
        date=date(2026, 1, 1).isoformat(),
        checkpoint_sha256="",
    )


def wild_network(config: StackedConfig) -> StackedUNet:
    """An untrained network whose output varies over the whole range, so that any seam would show."""
    torch.manual_seed(7)
    network = StackedUNet(config).eval()
    noise = torch.rand(1, 3, 128, 128)
    with torch.no_grad():
        for stage, block in enumerate(network.blocks):
            for _ in range(5):
                logits = network(noise)[stage]
                block.head.weight.mul_(4 / logits.std())
            block.head.bias.sub_(network(noise)[stage].mean())
    return network


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


class Reddish(nn.Module):
    """A person network that takes what is red for a person: logit 6 on pure red, -6 where red and green are alike."""

    def forward(self, image: Tensor) -> Tensor:
        return 12 * (image[:, :1] - image[:, 1:2]) - 6


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
