"""Where a training starts: at its own checkpoint, at another one's weights, or anew."""

from __future__ import annotations

import copy
import math
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import nn

from training.data.pairs import digest
from training.loop.checkpoint import Checkpoint, code_commit
from training.loop.config import TrainConfig
from training.loop.task import Task


def resume(
    task: Task, config: TrainConfig, network: nn.Module, ema: nn.Module, optimizer: torch.optim.Optimizer
) -> Checkpoint:
    """Bring network, average and optimizer to where the checkpoint at `config.save` left them.

    Without one, the weights of `config.load` are taken, if it is given, and the schedule starts at its beginning.
    """
    data = digest(task.members)
    if Path(config.save).exists():
        state = Checkpoint.load(Path(config.save))
        check_same(state, task, config, data)
        network.load_state_dict(state.weights)
        ema.load_state_dict(state.ema)
        paces = [group["pace"] for group in optimizer.param_groups]
        optimizer.load_state_dict(state.optimizer)
        for group, pace in zip(optimizer.param_groups, paces, strict=True):  # which checkpoints of old do not know
            group["pace"] = pace
        return replace(state, training=asdict(config), commit=code_commit(), data=data)
    if config.load:
        loaded = Checkpoint.load(Path(config.load))
        if loaded.task != task.name:
            raise ValueError(f"{config.load} is of task {loaded.task}, not {task.name}")
        start = task.start(loaded)
        network.load_state_dict(start)
        ema.load_state_dict(start)
    weights = copy.deepcopy(ema.state_dict())
    return Checkpoint(
        task=task.name,
        network=task.network_config(),
        training=asdict(config),
        training_sets=task.training_sets,
        best=weights,
        best_score=-math.inf,
        best_epoch=0,
        weights=weights,
        ema=weights,
        optimizer=optimizer.state_dict(),
        epoch=0,
        commit=code_commit(),
        data=data,
    )


def check_same(state: Checkpoint, task: Task, config: TrainConfig, data: str) -> None:
    """Raise ValueError if the checkpoint to resume is of another network or other data than the command asks for.

    Checkpoints of old know no digest of their data; they are taken at the names of the sets.
    """
    found = {"task": state.task, "network": state.network, "data sets": state.training_sets}
    asked = {"task": task.name, "network": task.network_config(), "data sets": task.training_sets}
    for name, value in asked.items():
        if found[name] != value:
            raise ValueError(f"{config.save} was trained with {name} {found[name]}, not {value}: use another --save")
    if state.data and state.data != data:
        raise ValueError(f"{config.save} was trained with files that have changed since: use another --save")
