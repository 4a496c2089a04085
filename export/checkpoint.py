"""From a checkpoint to the bytes of a model file: what the exports of documents and of people share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from torch import nn

from bgtool.runtime.card import Card
from bgtool.runtime.task import ModelTask
from export.float16 import export_half
from export.graph import PixelGraph
from training.loop.checkpoint import Checkpoint

Restore = Callable[[Checkpoint], tuple[nn.Module, dict[str, Any]]]
"""From a checkpoint to its network, without weights yet, and the fields of the card that its task alone knows."""


def open_checkpoint(path: Path, task: ModelTask) -> Checkpoint:
    """The checkpoint of a training for `task`.

    Raises:
        ValueError: the file is none, or of another task.
    """
    state = Checkpoint.load(path)
    if state.task != task:
        raise ValueError(f"{path} is a {state.task} checkpoint: export it with `python -m export {state.task}`")
    return state


def export_checkpoint(path: Path, task: ModelTask, graph: type[PixelGraph], restore: Restore, **card: Any) -> bytes:
    """The ONNX file of a checkpoint's best weights in half precision, checked against PyTorch.

    Args:
        path: file that a training wrote.
        task: which it has to be for.
        graph: puts pixels at both ends of the network.
        restore: see `Restore`.
        card: name, version and licence for the card, and what else is asked to stand there.

    Raises:
        ValueError: the file is no checkpoint of the task.
        ParityError: the file differs from PyTorch; see `export_half`.
    """
    state = open_checkpoint(path, task)
    network, own = restore(state)
    network.load_state_dict(state.best)
    return export_half(graph, network, make_card(path, state, network, precision="fp16", **own, **card))


def make_card(path: Path, state: Checkpoint, network: nn.Module, **own: Any) -> Card:
    """The card of a network from `state`, the checkpoint at `path`; `own` are the fields that do not follow from it."""
    return Card(
        task=ModelTask(state.task),
        stride=network.stride,
        parameters=sum(p.numel() for p in network.parameters()),
        loss=state.training["loss"],
        training_data=tuple(state.training_sets),
        date=date.today().isoformat(),
        checkpoint_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        **own,
    )
