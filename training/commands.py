"""The commands of ``python -m training``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import torch
from PIL import Image
from rich.console import Console
from torch import Tensor

from training.checkpoint import Checkpoint, averaged
from training.datasets import read_rgb
from training.document import DocumentTask, predict_page
from training.drawing.material import gathered
from training.drawing.page import write_drawn
from training.loop import Task, TrainConfig, train
from training.losses import Loss
from training.networks.blocks import Upsampling
from training.networks.efficientnet import Backbone
from training.networks.stacked import StackedConfig, StackedUNet, flattened
from training.networks.unet import UNet, UNetConfig
from training.one_line import interruptible, one_line
from training.person import PersonTask, predict_mask
from training.rebuild import read_recipe
from training.rebuild import rebuild as rebuild_weights
from training.typeset import find_fonts, write_pages


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


@click.group(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Train the networks that bgtool runs."""


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


@cli.command(cls=ReferenceCommand)
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


@cli.command(cls=ReferenceCommand)
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


@cli.command()
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data-dir", type=click.Path(exists=True, file_okay=False), required=True,
              help="Folder of the sets, as for a single training.")  # fmt: skip
@click.option("--backgrounds", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="People only: folder of photos without any.")  # fmt: skip
@click.option("--typeset", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Documents only: folder of pages that `python -m training typeset` made.")  # fmt: skip
@click.option("--drawn", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Documents only: folder of pages that `python -m training draw` made.")  # fmt: skip
@click.option("--save", type=click.Path(file_okay=False, path_type=Path), default=Path("runs"),
              help="Folder of the checkpoints, one a round: NAME-1.pt, NAME-2.pt ...")  # fmt: skip
def rebuild(
    config: Path, data_dir: str, backgrounds: Path | None, typeset: Path | None, drawn: Path | None, save: Path
) -> None:
    """Make weights again, round by round, as CONFIG says: a file such as training/configs/document.toml.

    Each round starts from the best weights of the one before. The same command again goes on where the last one
    stopped; rounds that are done stay. Where CONFIG asks for the mean of rounds, it comes last, as NAME-mean.pt.
    """
    with one_line(), interruptible("the same command again goes on after the last whole epoch"):
        rebuild_weights(read_recipe(config, data_dir, save, backgrounds, typeset, drawn), Console(stderr=True))


@cli.command()
@click.option("--fonts", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
              help="Folder of font files; those that lie together are a family.")  # fmt: skip
@click.option("--pattern", default="*-latin-[47]00-*.woff", help="Names of the files to use.")
@click.option("--count", type=click.IntRange(1), default=240, help="Pages.")
@click.option("--side", type=click.IntRange(64), default=1024, help="Height and width of a page in pixels.")
@click.option("--seed", type=int, default=0, help="Start of all random numbers.")
@click.option("--output", "-o", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/Typeset"),
              help="Folder of the pages: img/ and gt/.")  # fmt: skip
def typeset(fonts: Path, pattern: str, count: int, side: int, seed: int, output: Path) -> None:
    """Make pages of type in many faces, with mirrored type shining through, for `document --typeset`."""
    with one_line():
        write_pages(find_fonts(fonts, pattern), count, side, seed, output)


@cli.command()
@click.option("--fonts", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True, multiple=True,
              help="Folder of font files; those that lie together are a family. Repeatable.")  # fmt: skip
@click.option("--pattern", default="*.*", help="Names of the files to use, of fonts.")
@click.option("--photos", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder of photos; without, pictures are made of noise.")  # fmt: skip
@click.option("--count", type=click.IntRange(1), default=2000, help="Pages.")
@click.option("--side", type=click.IntRange(64), default=768, help="Height and width of a page in pixels.")
@click.option("--seed", type=int, default=0, help="Start of all random numbers.")
@click.option("--output", "-o", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/Drawn"),
              help="Folder of the pages: img/ and gt/.")  # fmt: skip
def draw(
    fonts: tuple[Path, ...], pattern: str, photos: Path | None, count: int, side: int, seed: int, output: Path
) -> None:
    """Make pages of every kind people scan, with their ink, for `document --drawn`."""
    with one_line():
        write_drawn(gathered(fonts, pattern, photos), count, side, seed, output)


@cli.command()
@click.argument("checkpoints", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Checkpoint.")
def average(checkpoints: tuple[Path, ...], output: Path) -> None:
    """Write the mean of the moving averages of CHECKPOINTS of one network, to export or to --load."""
    with one_line():
        averaged([Checkpoint.load(file) for file in checkpoints]).save(output)


@cli.command(cls=ReferenceCommand)
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


@cli.command()
@click.argument("model")
@click.option("--task", type=click.Choice(["document", "person"]), required=True, help="What the model is for.")
@click.option("--data-dir", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
              help="Folder of test sets, each with img/ and gt/ (documents) or mask/ (people).")  # fmt: skip
@click.option("--device", default="auto", help="As `bgtool --device`.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the figures of the sets to this file, as `python -m export ship` takes them.")  # fmt: skip
def evaluate(model: str, task: Any, data_dir: Path, device: str, json_file: Path | None) -> None:
    """Measure an exported MODEL (file, or name of a shipped one) through bgtool on test sets."""
    from training.evaluate import evaluate as measure

    figures = {}
    for measured in measure(model, task, data_dir, device):
        for picture, values in measured.pictures.items():
            click.echo(f"{measured.name}\t{picture}\t" + "\t".join(f"{value:.4f}" for value in values.values()))
        click.echo(f"{measured.name}\tall\t" + "\t".join(f"{name} {value}" for name, value in measured.whole.items()))
        figures[measured.name] = measured.whole
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")
