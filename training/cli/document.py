"""Train on documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from training.cli.options import ReferenceCommand, start, training_options
from training.loop.config import TrainConfig
from training.losses import Loss
from training.networks.blocks import Upsampling
from training.networks.stacked import StackedConfig
from training.tasks.document import DocumentTask


@click.command(cls=ReferenceCommand)
@click.option("--data-dir", type=click.Path(exists=True, file_okay=False), required=True,
              help="Folder of img/ and gt/, or of several such folders.")  # fmt: skip
@click.option("--typeset", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder that `python -m training typeset` made; a set of its name in the draw.")  # fmt: skip
@click.option("--drawn", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder that `python -m training draw` made; a set of its name in the draw.")  # fmt: skip
@click.option(
    "--save", type=click.Path(dir_okay=False), default="runs/document.pt", help="Checkpoint; resumed if there."
)
@click.option("--num-blocks", type=click.IntRange(1), default=2, help="U-Net blocks in a row.")
@click.option(
    "--fold",
    "folds",
    type=click.IntRange(1),
    multiple=True,
    default=StackedConfig.folds,
    help="Factor by which a block folds the page first. Repeatable, block by block; the last stands for the rest.",
)
@click.option(
    "--width",
    "widths",
    type=click.IntRange(1),
    multiple=True,
    default=StackedConfig.widths,
    help="Channels of a block's finest level. Repeatable, as --fold.",
)
@click.option("--levels", type=click.IntRange(1), default=2, help="Halvings inside a block.")
@click.option(
    "--upsampling", type=click.Choice(list(map(str, Upsampling))), default="bicubic", help="How a block doubles."
)
@click.option("--batch-norm/--no-batch-norm", default=True, help="Batch norm after each convolution.")
@click.option(
    "--context",
    type=click.IntRange(0),
    multiple=True,
    default=(2, 4),
    help="Dilation of a further convolution at the bottom of the first block. Repeatable; 0: none.",
)
@click.option("--crop-size", type=click.IntRange(32), default=256, help="Side of a training window in pixels.")
@click.option("--loss", type=click.Choice(list(map(str, Loss))), default="bce-dice", help="Loss of each stage.")
@training_options
def document(
    typeset: Path | None,
    drawn: Path | None,
    num_blocks: int,
    folds: tuple[int, ...],
    widths: tuple[int, ...],
    levels: int,
    upsampling: str,
    batch_norm: bool,
    context: tuple[int, ...],
    **options: Any,
) -> None:
    """Train the stacked U-Net on pairs of scan and clean page.

    The same command again goes on where the last one stopped.
    """
    folds, widths = ((*values, *values[-1:] * num_blocks)[:num_blocks] for values in (folds, widths))
    network = StackedConfig(folds, widths, levels, Upsampling(upsampling), batch_norm, tuple(filter(None, context)))
    config = TrainConfig(**options)
    if config.crop_size % network.stride:
        raise click.UsageError(f"--crop-size must be a multiple of {network.stride} with this network")
    start(lambda: DocumentTask(config, network, typeset, drawn), config)
