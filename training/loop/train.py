"""One training loop for both networks."""

from __future__ import annotations

import copy
import math
import time

import torch
import torch.distributed as dist
from rich.console import Console

from training.loop.checkpoint import Checkpoint
from training.loop.config import TrainConfig
from training.loop.distributed import make_loader, process_group
from training.loop.learner import Learner
from training.loop.reporting import announce, progress, report
from training.loop.resume import resume
from training.loop.task import Task


def train(task: Task, config: TrainConfig, console: Console) -> Checkpoint:
    """Train, validating and saving as it goes; running the same command again goes on where it stopped.

    Returns:
        The last checkpoint, as it stands at ``config.save``.
    """
    with process_group() as process:
        torch.manual_seed(config.seed)
        learner = Learner(task, config, process)
        state = resume(learner)
        network = learner.shared()
        dataset = task.dataset()
        loader = make_loader(dataset, config, process)
        if process.first:
            announce(task, config, state, dataset, process.device, console)
        for epoch in range(state.epoch, config.num_epochs):
            dataset.epoch = epoch
            start = time.perf_counter()
            with progress(console, process, f"epoch {epoch + 1}/{config.num_epochs}", len(loader)) as advance:
                loss = learner.run_epoch(network, loader, epoch, advance)
            row = {"epoch": epoch + 1, "loss": loss, "lr": learner.optimizer.param_groups[0]["lr"]}
            if process.first:
                finish_epoch(learner, state, row)
                row["seconds"] = time.perf_counter() - start
                report(task, config, state, console)
            if process.world > 1:
                dist.barrier()
        return state


def finish_epoch(learner: Learner, state: Checkpoint, row: dict[str, float]) -> None:
    """Validate when it is time to, keep the best weights, and bring `state` up to date.

    As long as nothing was measured, for want of validation pairs or of time, the newest weights are the best.
    """
    task, config, epoch = learner.task, learner.config, int(row["epoch"])
    if epoch % config.validate_every == 0 or epoch == config.num_epochs:
        row.update(task.validate(learner.ema, learner.process.device))
    if row.get(task.metric, state.best_score) > state.best_score or state.best_score == -math.inf:
        state.best = copy.deepcopy(learner.ema.state_dict())
        state.best_score, state.best_epoch = row.get(task.metric, -math.inf), epoch
    state.weights, state.ema = learner.network.state_dict(), learner.ema.state_dict()
    state.optimizer, state.epoch = learner.optimizer.state_dict(), epoch
    state.log.append(row)
