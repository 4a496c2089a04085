"""What the two exports share: opening a checkpoint, and the card of what comes out."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

from torch import nn

from bgtool.runtime.card import Card
from bgtool.runtime.task import ModelTask
from training.loop.checkpoint import Checkpoint


def open_checkpoint(path: Path, task: ModelTask) -> Checkpoint:
    """The checkpoint of a training for `task`.

    Raises:
        ValueError: the file is none, or of another task.
    """
    state = Checkpoint.load(path)
    if state.task != task:
        raise ValueError(f"{path} is a {state.task} checkpoint: export it with `python -m export {state.task}`")
    return state


def make_card(
    path: Path,
    state: Checkpoint,
    network: nn.Module,
    *,
    name: str,
    version: str,
    licence: str,
    **own: Any,
) -> Card:
    """The card of a network from `state`, the checkpoint at `path`; `own` are the fields in which the tasks differ."""
    return Card(
        name=name,
        version=version,
        task=ModelTask(state.task),
        stride=network.stride,
        parameters=sum(p.numel() for p in network.parameters()),
        loss=state.training["loss"],
        training_data=tuple(state.training_sets),
        licence=licence,
        date=date.today().isoformat(),
        checkpoint_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        **own,
    )
