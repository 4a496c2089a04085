"""Small networks, the cards they travel with, and the commands that export them."""

from datetime import date

import torch
from click.testing import CliRunner
from torch import Tensor, nn

from bgtool.runtime.card import Card
from bgtool.runtime.task import ModelTask
from export.cli import cli as export_cli
from training.networks.stacked import StackedConfig, StackedUNet, receptive_radius
from training.networks.upright import moments

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


class Reddish(nn.Module):
    """A person network that takes what is red for a person: logit 6 on pure red, -6 where red and green are alike."""

    def forward(self, image: Tensor) -> Tensor:
        return 12 * (image[:, :1] - image[:, 1:2]) - 6


class RedUnderSky(Reddish):
    """The same, and a picture stands upright where it is bluer above than below: by 10 nats at most."""

    upright = True

    def judged(self, image: Tensor) -> tuple[Tensor, Tensor]:
        return self(image), -40 * moments([image[:, 2:]])[:, 1]
