"""What is done with checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import torch
from PIL import Image
from torch import Tensor

from training.cli.errors import one_line
from training.cli.options import ReferenceCommand
from training.data.pictures import read_rgb
from training.loop.checkpoint import Checkpoint, averaged
from training.networks.stacked import StackedConfig, StackedUNet, flattened
from training.networks.unet import UNet, UNetConfig
from training.tasks.document import predict_page
from training.tasks.person import PersonTask, predict_mask


@click.command()
@click.argument("checkpoints", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Checkpoint.")
def average(checkpoints: tuple[Path, ...], output: Path) -> None:
    """Write the mean of the moving averages of CHECKPOINTS of one network, to export or to --load."""
    with one_line():
        averaged([Checkpoint.load(file) for file in checkpoints]).save(output)


@click.command(cls=ReferenceCommand)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--load", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True, help="Checkpoint.")
@click.option(
    "--num-blocks",
    "--num-block",
    type=click.IntRange(1),
    help="U-Net blocks of a document network to run; all unless given.",
)
@click.option("--output", "-o", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/predict"),
              help="Folder of the results.")  # fmt: skip
def predict(files: tuple[Path, ...], load: Path, num_blocks: int | None, output: Path) -> None:
    """Run a checkpoint on images with PyTorch and write PNG: clean pages of documents, masks of people."""
    checkpoint = Checkpoint.load(load)
    blocks = len(checkpoint.network.get("folds", ()))
    if num_blocks and num_blocks > blocks:
        raise click.UsageError(f"{load} has {blocks or 'no'} blocks, not {num_blocks}")
    run = predictor(checkpoint, num_blocks, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    output.mkdir(parents=True, exist_ok=True)
    for file in files:
        with torch.no_grad():
            result = run(read_rgb(file))
        Image.fromarray((result * 255).round().byte().cpu().numpy()[0]).save(output / f"{file.stem}.png")


def predictor(checkpoint: Checkpoint, num_blocks: int | None, device: torch.device) -> Callable[[Tensor], Tensor]:
    """What turns an image, uint8 [3, H, W], into page (1 paper) or mask (1 person), float [1, H, W]."""
    if checkpoint.task == PersonTask.name:
        network = UNet(UNetConfig.from_dict(checkpoint.network))
        network.load_state_dict(checkpoint.best)
        network.eval().to(device)
        return lambda image: predict_mask(network, image.to(device), checkpoint.training["crop_size"])
    stacked = StackedUNet(StackedConfig.from_dict(checkpoint.network))
    stacked.load_state_dict(checkpoint.best)
    stacked.blocks = stacked.blocks[:num_blocks]
    stacked.eval().to(device)
    return lambda image: flattened(1 - predict_page(stacked, image.to(device) / 255))
