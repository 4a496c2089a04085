"""A checkpoint is one file that says how it was made and from which a run goes on as if never stopped."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from training.networks.blocks import Weights


@dataclass
class Checkpoint:
    """State of a training.

    Attributes:
        task: ``document`` or ``person``.
        network: the network's own configuration, as plain values.
        training: the training's configuration, as plain values.
        training_sets: names of the data sets.
        best: EMA weights of the best validation so far; what `export` and `predict` use.
        best_score: their validation score (higher is better).
        best_epoch: when they were made.
        weights: weights of the network in training.
        ema: their exponential moving average.
        optimizer: state of the optimizer.
        epoch: epochs done.
        log: one row of figures an epoch.
        commit: of the code that trained last, as `code_commit` gives it; empty where it is not known.
        data: digest of the pictures and truths, as `training.data.pairs.digest` gives it; empty where it is not known.
    """

    task: str
    network: dict[str, Any]
    training: dict[str, Any]
    training_sets: list[str]
    best: Weights
    best_score: float
    best_epoch: int
    weights: Weights
    ema: Weights
    optimizer: dict[str, Any]
    epoch: int
    log: list[dict[str, float]] = field(default_factory=list)
    commit: str = ""
    data: str = ""

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        torch.save(vars(self), part)
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read a file that `save` wrote; plain data and tensors only, no code is run.

        Raises:
            ValueError: the file is no checkpoint of this program.
        """
        try:
            values = torch.load(path, map_location="cpu", weights_only=True)
        except OSError:
            raise
        except Exception:  # the several readers behind torch.load raise each their own
            values = None
        if not isinstance(values, dict) or "task" not in values:
            raise ValueError(f"{path} is no bgtool checkpoint")
        return cls(**migrated(values))


def migrated(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a checkpoint of any age as they are written now.

    Once there was one backbone, which a network had or not; no network told which way is up; and all parameters learnt
    at the full rate.
    """
    if values["task"] == "person":
        values["network"].setdefault("upright", False)
    if isinstance(had := values["network"].get("backbone"), bool):
        values["network"]["backbone"] = "lite0" if had else ""
    for group in values["optimizer"].get("param_groups", ()):
        group.setdefault("pace", 1.0)
    return values


def averaged(checkpoints: Sequence[Checkpoint]) -> Checkpoint:
    """The last checkpoint with the mean of all moving averages as its weights, to export or to train on from.

    Source: Wortsman et al. 2022, Model soups.

    Raises:
        ValueError: they are of different networks.
    """
    last = checkpoints[-1]
    if any((one.task, one.network) != (last.task, last.network) for one in checkpoints):
        raise ValueError("checkpoints of different networks have no mean")

    def mean(name: str) -> torch.Tensor:
        values = torch.stack([one.ema[name] for one in checkpoints])
        return values.mean(0) if values.is_floating_point() else values[-1]

    weights = {name: mean(name) for name in last.ema}
    return replace(last, best=weights, best_score=math.nan, best_epoch=0, weights=weights, ema=weights, optimizer={})


def code_commit() -> str:
    """Git commit of this code, with ``-dirty`` where tracked files differ from it; empty outside git."""
    command = ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        described = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return described.stdout.strip()
