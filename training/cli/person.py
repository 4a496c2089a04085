"""Train on people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from training.cli.options import ReferenceCommand, start, training_options
from training.loop.config import TrainConfig
from training.losses import Loss
from training.networks.efficientnet import Backbone
from training.networks.unet import UNetConfig
from training.tasks.person import PersonTask


@click.command(cls=ReferenceCommand)
@click.option(
    "--data-dir",
    type=click.Path(exists=True, file_okay=False),
    required=True,
    help="Folder of img/ and mask/, or of several such folders, or of COCO: annotations/ and photos.",
)
@click.option(
    "--backgrounds",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of photos without people; a set of its name in the draw.",
)
@click.option("--save", type=click.Path(dir_okay=False), default="runs/person.pt", help="Checkpoint; resumed if there.")
@click.option("--depth", type=click.IntRange(1), default=UNetConfig.depth, help="Halvings by max-pooling.")
@click.option("--width", type=click.IntRange(1), default=UNetConfig.width, help="Channels of the first level.")
@click.option(
    "--max-width", type=click.IntRange(1), default=UNetConfig.max_width, help="Channels of no level exceed this."
)
@click.option(
    "--space-to-depth",
    type=click.IntRange(1),
    default=UNetConfig.space_to_depth,
    help="Factor by which pixels are folded into channels first; 1: plain input.",
)
@click.option("--batch-norm/--no-batch-norm", default=True, help="Batch norm after each convolution.")
@click.option("--backbone", type=click.Choice([one.value for one in Backbone if one]),
              help="Coarse levels see the features of this EfficientNet-Lite (ImageNet) too.")  # fmt: skip
@click.option(
    "--crop-size",
    type=click.IntRange(32),
    default=160,
    help="Side of a training window, and longer side of a photo at run time, in pixels.",
)
@click.option("--loss", type=click.Choice([Loss.BCE.value, Loss.BCE_DICE.value]), default="bce-dice", help="Loss.")
@training_options
def person(
    backgrounds: Path | None,
    depth: int,
    width: int,
    max_width: int,
    space_to_depth: int,
    batch_norm: bool,
    backbone: str | None,
    **options: Any,
) -> None:
    """Train the U-Net on pairs of photo and mask.

    The same command again goes on where the last one stopped. To raise the size step by step, train at a small
    --crop-size, then --load that checkpoint and --save another at a larger one.
    """
    network = UNetConfig(depth, width, max_width, space_to_depth, batch_norm, Backbone(backbone or ""))
    config = TrainConfig(**options)
    if config.crop_size % network.stride:
        raise click.UsageError(f"--crop-size must be a multiple of {network.stride} with this network")
    start(lambda: PersonTask(config, network, backgrounds), config)
