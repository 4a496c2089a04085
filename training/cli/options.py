"""What the commands that train have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from rich.console import Console

from training.cli.errors import interruptible, one_line
from training.loop.config import TrainConfig
from training.loop.task import Task
from training.loop.train import train


class ReferenceCommand(click.Command):
    """A command that also takes its options in the underscore spelling of the reference's scripts."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Replace ``_`` by ``-`` in the names of options, then parse as usual."""
        plain = [name_dashed(arg) if arg.startswith("--") else arg for arg in args]
        return super().parse_args(ctx, plain)


def name_dashed(arg: str) -> str:
    """``--crop_size=256`` as ``--crop-size=256``."""
    name, equals, value = arg.partition("=")
    return name.replace("_", "-") + equals + value


def parse_weights(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    """``SET=NUMBER`` options as a mapping."""
    try:
        pairs = [value.rsplit("=", 1) for value in values]
        return {name: float(number) for name, number in pairs}
    except ValueError:
        raise click.BadParameter("expected SET=NUMBER") from None


def training_options(command: Any) -> Any:
    """Options that every training takes."""
    defaults = TrainConfig(data_dir="", save="")
    options = [
        click.option("--load", type=click.Path(exists=True, dir_okay=False),
                     help="Checkpoint to start from; one of a smaller network is grown."),
        click.option("--batch-size", type=click.IntRange(1), default=defaults.batch_size, help="Samples of a step."),
        click.option("--lr", type=float, default=defaults.lr, help="Peak learning rate."),
        click.option("--num-epochs", type=click.IntRange(1), default=defaults.num_epochs, help="Whole schedule."),
        click.option("--epoch-samples", type=int, default=0, help="Samples of an epoch; 0: one for each pair."),
        click.option("--validation-share", type=click.FloatRange(0, 0.9), default=defaults.validation_share,
                     help="Share of every set kept for validation."),
        click.option("--validate-every", type=click.IntRange(1), default=defaults.validate_every,
                     help="Epochs between validations."),
        click.option("--ema-decay", type=click.FloatRange(0, 1), default=defaults.ema_decay,
                     help="Decay of the weights' moving average."),
        click.option("--set-weight", "weights", multiple=True, callback=parse_weights, metavar="SET=NUMBER",
                     help="Weight of a set's pairs in the draw (1 unless named). Repeatable."),
        click.option("--workers", type=click.IntRange(0), default=defaults.workers, help="Loader processes."),
        click.option("--seed", type=int, default=defaults.seed, help="Start of all random numbers."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def start(make_task: Callable[[], Task], config: TrainConfig) -> None:
    """Read the data and train."""
    with one_line(), interruptible(f"the same command again goes on after the last whole epoch in {config.save}"):
        train(make_task(), config, Console(stderr=True))
