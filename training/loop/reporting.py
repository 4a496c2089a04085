"""What a training says and draws of itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bgtool.batch.pace import clock
from training.data.draw import WeightedDraw
from training.loop.checkpoint import Checkpoint
from training.loop.config import TrainConfig
from training.loop.distributed import Process
from training.loop.plots import plot_curves, write_csv
from training.loop.task import Task

RECENT = 10
"""Epochs whose mean length tells how much time is left."""


def announce(
    task: Task, config: TrainConfig, state: Checkpoint, dataset: WeightedDraw, device: torch.device, console: Console
) -> None:
    """Say what a training is about to do."""
    drawn, whole = len(dataset.weights), len(task.members)
    gone = f", from epoch {state.epoch + 1} on" if state.epoch else ""
    console.print(
        f"training {task.name} on {device}: {drawn} pairs, {whole - drawn} more for validation; {len(dataset)} windows "
        f"of {config.crop_size} px an epoch, {config.num_epochs} epochs{gone}; saved after each to {config.save}",
        soft_wrap=True,
        highlight=False,
    )


def report(task: Task, config: TrainConfig, state: Checkpoint, console: Console) -> None:
    """Save the checkpoint, its log and its curves, and print the newest row."""
    path = Path(config.save)
    state.save(path)
    write_csv(path.with_suffix(".csv"), state.log)
    plot_curves(path.with_suffix(".png"), state.log, task.metric)
    recent = [row["seconds"] for row in state.log[-RECENT:] if "seconds" in row]
    left = clock(sum(recent) / len(recent) * (config.num_epochs - state.epoch))
    console.print("  ".join(f"{name} {value:.5g}" for name, value in state.log[-1].items()) + f"  about {left} left")


@contextmanager
def progress(console: Console, process: Process, title: str, total: int) -> Iterator[Any]:
    """A bar for one epoch on the first process of a terminal; nothing elsewhere. Yields a function to step it."""
    bar = Progress(
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not (process.first and console.is_terminal),
    )
    with bar:
        task_id = bar.add_task(title, total=total)
        yield lambda: bar.advance(task_id)
