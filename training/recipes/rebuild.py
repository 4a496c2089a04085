"""Recipes: files that say how weights were made, round by round, and so how to make them again."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from training.loop.checkpoint import Checkpoint, averaged
from training.loop.config import TrainConfig
from training.loop.task import Task
from training.loop.train import train
from training.networks.stacked import StackedConfig
from training.networks.unet import UNetConfig
from training.tasks.document import DocumentTask
from training.tasks.person import PersonTask

PLACES = ("data_dir", "save", "load")
"""Options that come from the command line."""

WITHOUT_EFFECT = (*PLACES, "workers")
"""Options that leave the weights as they are."""


@dataclass(frozen=True)
class Round:
    """One training of a recipe.

    Attributes:
        config: how it is trained.
        network: configuration of the network as plain values.
        make_task: reads the data.
    """

    config: TrainConfig
    network: Mapping[str, Any]
    make_task: Callable[[TrainConfig], Task]


@dataclass(frozen=True)
class Recipe:
    """The rounds, and what is made of them in the end.

    Attributes:
        rounds: in their order.
        parts: those whose moving averages, at their ends, the mean is taken of; none: no mean.
        mean: checkpoint with that mean.
    """

    rounds: Sequence[Round]
    parts: Sequence[Round]
    mean: Path


def read_recipe(
    file: Path,
    data_dir: str,
    save: Path,
    backgrounds: Path | None = None,
    typeset: Path | None = None,
    drawn: Path | None = None,
) -> Recipe:
    """What a TOML file asks for: `task`, `[network]`, options of `TrainConfig` common to all rounds, `[[rounds]]`.

    A round has its own options before the common ones. Its own `weights` of sets and its own `network` go beside what
    stands, and for the later rounds too: a network may grow. `mean`, if it is given, has the numbers of the rounds
    whose mean is taken in the end.

    Args:
        file: the recipe; checkpoints bear its name and the number of their round.
        data_dir: folder of the sets.
        save: folder of the checkpoints.
        backgrounds: folder of photos without people, for the person task.
        typeset: folder of pages made by `training.drawing.typeset`, for the document task.
        drawn: folder of pages made by `training.drawing`, for the document task.

    Raises:
        ValueError: the file is no recipe; the message says what is wrong with it.
    """
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    defaults = {name: value for name, value in asdict(TrainConfig("", "")).items() if name not in PLACES}
    task, shape, rounds = values.pop("task", None), values.pop("network", {}), values.pop("rounds", None)
    mean = values.pop("mean", [])
    common = merged(defaults, values, str(file))
    if not isinstance(rounds, list) or not rounds:
        raise ValueError(f"{file}: there are no [[rounds]]")
    made: list[Round] = []
    for number, own in enumerate(rounds, 1):
        where = f"{file}, round {number}"
        own = table(own, where)
        shape = table(shape, where) | table(own.pop("network", {}), where)
        network, make_task = parts(task, shape, backgrounds, (typeset, drawn), where)
        options = merged(common, own, where)
        common["weights"] = options["weights"]
        load = made[-1].config.save if made else None
        config = TrainConfig(data_dir, str(save / f"{file.stem}-{number}.pt"), load, **options)
        if config.crop_size % network.stride:
            raise ValueError(f"{where}: crop_size must be a multiple of {network.stride} with this network")
        made.append(Round(config, network.to_dict(), make_task))
    if not isinstance(mean, list) or not all(type(one) is int and 1 <= one <= len(made) for one in mean):
        raise ValueError(f"{file}: mean must be numbers of rounds, 1 to {len(made)}, not {mean!r}")
    chosen = [made[number - 1] for number in sorted(set(mean))]
    if any(one.network != chosen[0].network for one in chosen):
        raise ValueError(f"{file}: rounds {mean} are of different networks and have no mean")
    return Recipe(made, chosen, save / f"{file.stem}-mean.pt")


def parts(
    task: object, shape: Mapping[str, Any], backgrounds: Path | None, made: tuple[Path | None, Path | None], where: str
) -> tuple[StackedConfig | UNetConfig, Callable[[TrainConfig], Task]]:
    """The network of a round, and what reads the data for it; `made`: folders of typeset and of drawn pages."""
    if task == DocumentTask.name:
        if backgrounds:
            raise ValueError("--backgrounds are for people")
        stacked = StackedConfig.from_dict(merged(StackedConfig().to_dict(), shape, f"{where}, network"))
        return stacked, lambda config: DocumentTask(config, stacked, *made)
    if task == PersonTask.name:
        if any(made):
            raise ValueError("--typeset and --drawn are for documents")
        unet = UNetConfig.from_dict(merged(UNetConfig().to_dict(), shape, f"{where}, network"))
        return unet, lambda config: PersonTask(config, unet, backgrounds)
    raise ValueError(f"{where}: task must be document or person, not {task}")


def table(value: Any, where: str) -> dict[str, Any]:
    """The value, which must be a table. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"{where}: rounds and networks are tables, not {value!r}")
    return value


def merged(defaults: Mapping[str, Any], values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The defaults with a file's values in their places; tables are merged, their values being numbers.

    Raises:
        ValueError: a value has no place, or is of another type than its default.
    """
    result = dict(defaults)
    for name, value in values.items():
        if name not in defaults:
            raise ValueError(f"{where}: there is no {name}; known are {', '.join(defaults)}")
        default = defaults[name]
        if type(default) is float and type(value) is int:
            value = float(value)
        if type(value) is not type(default):
            raise ValueError(f"{where}: {name} must be like {default!r}, not {value!r}")
        if isinstance(default, dict):
            value = default | {key: float(number) for key, number in value.items()}
        result[name] = value
    return result


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
