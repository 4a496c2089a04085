"""Teach a trained network which way is up."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from training.cli.errors import one_line


@click.command()
@click.argument("checkpoint", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data-dir", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
              help="Sets of photos of people that stand upright, as for a training.")  # fmt: skip
@click.option("--backgrounds", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder of photos without people, as for a training.")  # fmt: skip
@click.option("--validation-share", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.07,
              help="Share of each set that the head is measured on, and not fitted to.")  # fmt: skip
@click.option("--photos", type=click.IntRange(1), default=1500, help="Photos that it is fitted to, at most.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Checkpoint.")
def upright(
    checkpoint: Path, data_dir: Path, backgrounds: Path | None, validation_share: float, photos: int, output: Path
) -> None:
    """Fit a head to the person network of CHECKPOINT by which it tells which way is up; nothing else of it changes.

    Comes last: after an average of checkpoints, before the export.
    """
    import torch

    from bgtool.tasks.person.upright import SURE
    from training.data.pairs import Member, split_members
    from training.data.people import find_backgrounds, find_people
    from training.loop.checkpoint import Checkpoint
    from training.tasks.upright import figures, fit, headless, look, with_head

    with one_line():
        state = Checkpoint.load(checkpoint)
        network = headless(state)
        members: list[Member] = [*find_people(data_dir), *(find_backgrounds(backgrounds) if backgrounds else [])]
        fitted, measured = split_members(members, validation_share)
        seen = []
        for name, part in (("fitted to", fitted[:: -(-len(fitted) // photos)]), ("measured on", measured)):
            with click.progressbar(part, label=f"{name} {len(part)} photos", file=sys.stderr) as bar:
                seen.append(torch.stack([look(network, one.image) for one in bar]))
        head = fit(seen[0])
        with_head(state, head).save(output)
        for name, value in figures(head.scores(seen[1]), SURE).items():
            click.echo(f"{name}\t{value:.4f}")
