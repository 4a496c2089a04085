"""Make weights again."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from training.cli.errors import interruptible, one_line
from training.recipes.rebuild import rebuild as rebuild_weights
from training.recipes.recipe import read_recipe


@click.command()
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
    """Make weights again, round by round, as CONFIG says: a file such as training/recipes/document.toml.

    Each round starts from the best weights of the one before. The same command again goes on where the last one
    stopped; rounds that are done stay. Where CONFIG asks for the mean of rounds, it comes last, as NAME-mean.pt.
    """
    with one_line(), interruptible("the same command again goes on after the last whole epoch"):
        rebuild_weights(read_recipe(config, data_dir, save, backgrounds, typeset, drawn), Console(stderr=True))
