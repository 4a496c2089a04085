"""Weights made again, round by round, as a recipe says."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from training.loop.checkpoint import Checkpoint, averaged
from training.loop.train import train
from training.recipes.recipe import PLACES, Recipe, Round

WITHOUT_EFFECT = (*PLACES, "workers")
"""Options that leave the weights as they are."""


def rebuild(recipe: Recipe, console: Console) -> None:
    """Run the rounds of a recipe that are not done yet, and take the mean it asks for.

    Raises:
        ValueError: a checkpoint in the place of a round is of another recipe, or its data have changed.
    """
    for one in recipe.rounds:
        if is_done(one):
            console.print(f"{one.config.save}: done")
        else:
            console.print(f"{one.config.save}: {one.config.num_epochs} epochs at {one.config.crop_size} px")
            train(one.make_task(one.config), one.config, console)
    if recipe.parts and os.environ.get("RANK", "0") == "0":
        averaged([Checkpoint.load(Path(one.config.save)) for one in recipe.parts]).save(recipe.mean)
        console.print(f"{recipe.mean}: the mean of {len(recipe.parts)} rounds")


def is_done(one: Round) -> bool:
    """Whether the checkpoint of a round has all its epochs.

    Raises:
        ValueError: it was made by another recipe.
    """
    if not Path(one.config.save).exists():
        return False
    state = Checkpoint.load(Path(one.config.save))
    made, asked = (
        [network, {name: value for name, value in training.items() if name not in WITHOUT_EFFECT}]
        for network, training in ((state.network, state.training), (one.network, asdict(one.config)))
    )
    if made != asked:
        raise ValueError(f"{one.config.save} was made by another recipe: use another --save")
    return state.epoch >= one.config.num_epochs
