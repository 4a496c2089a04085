"""Recipes: files that say how weights were made, round by round, and so how to make them again."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from training.loop.config import TrainConfig
from training.loop.task import Task
from training.networks.stacked import StackedConfig
from training.networks.unet import UNetConfig
from training.tasks.document import DocumentTask
from training.tasks.person import PersonTask

PLACES = ("data_dir", "save", "load")
"""Options that come from the command line."""


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
    values = toml(file)
    rounds, mean = values.pop("rounds", None), values.pop("mean", [])
    made: list[Round] = []
    for config, network, make_task in trainings(values, rounds, str(file), backgrounds, (typeset, drawn)):
        load = made[-1].config.save if made else None
        place = str(save / f"{file.stem}-{len(made) + 1}.pt")
        made.append(Round(replace(config, data_dir=data_dir, save=place, load=load), network, make_task))
    return Recipe(made, parts_of_mean(mean, made, file), save / f"{file.stem}-mean.pt")


def toml(file: Path) -> dict[str, Any]:
    """The values in a file. Raises ValueError, which names the file."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None


Training = tuple[TrainConfig, Mapping[str, Any], Callable[[TrainConfig], Task]]
"""How a round is trained, without its `PLACES`; its network as plain values; and what reads its data."""


def trainings(
    values: dict[str, Any], rounds: Any, where: str, backgrounds: Path | None, made: tuple[Path | None, Path | None]
) -> Iterator[Training]:
    """The rounds of a recipe, one after another.

    Args:
        values: what stands before the rounds.
        rounds: what stands under `rounds`.
        where: the file, for messages.
        backgrounds, made: see `parts`.

    Raises:
        ValueError: what is wrong with the recipe.
    """
    task, shape = values.pop("task", None), values.pop("network", {})
    defaults = {name: value for name, value in asdict(TrainConfig("", "")).items() if name not in PLACES}
    common = merged(defaults, values, where)
    if not isinstance(rounds, list) or not rounds:
        raise ValueError(f"{where}: there are no [[rounds]]")
    for number, own in enumerate(rounds, 1):
        here = f"{where}, round {number}"
        own = table(own, here)
        shape = table(shape, here) | table(own.pop("network", {}), here)
        network, make_task = parts(task, shape, backgrounds, made, here)
        config = TrainConfig("", "", **merged(common, own, here))
        common["weights"] = config.weights
        if config.crop_size % network.stride:
            raise ValueError(f"{here}: crop_size must be a multiple of {network.stride} with this network")
        yield config, network.to_dict(), make_task


def parts_of_mean(mean: Any, made: Sequence[Round], file: Path) -> list[Round]:
    """The rounds whose mean is taken, by their numbers. Raises ValueError."""
    if not isinstance(mean, list) or not all(type(one) is int and 1 <= one <= len(made) for one in mean):
        raise ValueError(f"{file}: mean must be numbers of rounds, 1 to {len(made)}, not {mean!r}")
    chosen = [made[number - 1] for number in sorted(set(mean))]
    if any(one.network != chosen[0].network for one in chosen):
        raise ValueError(f"{file}: rounds {mean} are of different networks and have no mean")
    return chosen


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
