"""Where a training starts: at its own checkpoint, at another one's weights, or anew."""

from __future__ import annotations

import copy
import math
from dataclasses import asdict, replace
from pathlib import Path

from training.data.pairs import digest
from training.loop.checkpoint import Checkpoint, code_commit
from training.loop.config import TrainConfig
from training.loop.learner import Learner
from training.loop.task import Task


def resume(learner: Learner) -> Checkpoint:
    """Bring network, average and optimizer to where the checkpoint at `config.save` left them.

    Without one, the weights of `config.load` are taken, if it is given, and the schedule starts at its beginning.

    Raises:
        ValueError: the checkpoint is of another network or other data, or does not fit.
    """
    task, config = learner.task, learner.config
    data = digest(task.members)
    if Path(config.save).exists():
        state = Checkpoint.load(Path(config.save))
        check_same(state, task, config, data)
        learner.network.load_state_dict(state.weights)
        learner.ema.load_state_dict(state.ema)
        learner.optimizer.load_state_dict(state.optimizer)
        return replace(state, training=asdict(config), commit=code_commit(), data=data)
    if config.load:
        loaded = Checkpoint.load(Path(config.load))
        if loaded.task != task.name:
            raise ValueError(f"{config.load} is of task {loaded.task}, not {task.name}")
        weights = task.start(loaded)
        learner.network.load_state_dict(weights)
        learner.ema.load_state_dict(weights)
    return first_state(learner, data)


def first_state(learner: Learner, data: str) -> Checkpoint:
    """The state of a training before its first epoch; `data` is the digest of its files."""
    task, weights = learner.task, copy.deepcopy(learner.ema.state_dict())
    return Checkpoint(
        task=task.name,
        network=task.network_config(),
        training=asdict(learner.config),
        training_sets=task.training_sets,
        best=weights,
        best_score=-math.inf,
        best_epoch=0,
        weights=weights,
        ema=weights,
        optimizer=learner.optimizer.state_dict(),
        epoch=0,
        commit=code_commit(),
        data=data,
    )


def check_same(state: Checkpoint, task: Task, config: TrainConfig, data: str) -> None:
    """Raise ValueError if the checkpoint to resume is of another network or other data than the command asks for.

    Of a checkpoint that holds no digest of its data, the names of the sets have to do.
    """
    found = {"task": state.task, "network": state.network, "data sets": state.training_sets}
    asked = {"task": task.name, "network": task.network_config(), "data sets": task.training_sets}
    for name, value in asked.items():
        if found[name] != value:
            raise ValueError(f"{config.save} was trained with {name} {found[name]}, not {value}: use another --save")
    if state.data and state.data != data:
        raise ValueError(f"{config.save} was trained with files that have changed since: use another --save")
