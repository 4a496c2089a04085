"""One training loop for both networks."""

from __future__ import annotations

import copy
import math
import time

import torch
import torch.distributed as dist
from rich.console import Console
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from training.loop.checkpoint import Checkpoint
from training.loop.config import TrainConfig
from training.loop.distributed import make_loader, process_group
from training.loop.optimisation import learning_rate, mixed_precision, restore_statistics, update_ema
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
        device = process.device
        network = task.build().to(device, memory_format=torch.channels_last)
        ema = copy.deepcopy(network).eval().requires_grad_(False)
        optimizer = torch.optim.AdamW(task.parameter_groups(network), lr=config.lr, weight_decay=1e-4)
        state = resume(task, config, network, ema, optimizer)
        wrapped = DistributedDataParallel(network) if process.world > 1 else network
        dataset = task.dataset()
        loader = make_loader(dataset, config, process)
        steps = config.num_epochs * len(loader)
        if process.first:
            announce(task, config, state, dataset, device, console)
        for epoch in range(state.epoch, config.num_epochs):
            dataset.epoch = epoch
            start = time.perf_counter()
            wrapped.train()
            total, taken = 0.0, 0
            with progress(console, process, f"epoch {epoch + 1}/{config.num_epochs}", len(loader)) as advance:
                for index, batch in enumerate(loader):
                    step = epoch * len(loader) + index
                    for group in optimizer.param_groups:
                        group["lr"] = group["pace"] * learning_rate(config, step, steps)
                    batch = {name: value.to(device, non_blocking=True) for name, value in batch.items()}
                    with mixed_precision(device):
                        loss = task.loss(wrapped, batch)
                    optimizer.zero_grad(set_to_none=True)
                    loss.backward()
                    if nn.utils.clip_grad_norm_(network.parameters(), 1.0).isfinite():
                        optimizer.step()
                        update_ema(ema, network, min(config.ema_decay, (1 + step) / (10 + step)))
                        total, taken = total + loss.item(), taken + 1
                    else:
                        restore_statistics(network, ema)
                    advance()
            if not taken:
                raise ValueError(f"no step of epoch {epoch + 1} had finite gradients: the training has come apart")
            row = {"epoch": epoch + 1, "loss": total / taken, "lr": optimizer.param_groups[0]["lr"]}
            if process.first:
                finish_epoch(task, config, state, row, (network, ema, optimizer), device)
                row["seconds"] = time.perf_counter() - start
                report(task, config, state, console)
            if process.world > 1:
                dist.barrier()
        return state


def finish_epoch(
    task: Task,
    config: TrainConfig,
    state: Checkpoint,
    row: dict[str, float],
    parts: tuple[nn.Module, nn.Module, torch.optim.Optimizer],
    device: torch.device,
) -> None:
    """Validate when it is time to, keep the best weights, and bring `state` up to date.

    As long as nothing was measured, for want of validation pairs or of time, the newest weights are the best.
    """
    network, ema, optimizer = parts
    epoch = int(row["epoch"])
    if epoch % config.validate_every == 0 or epoch == config.num_epochs:
        row.update(task.validate(ema, device))
    if row.get(task.metric, state.best_score) > state.best_score or state.best_score == -math.inf:
        state.best = copy.deepcopy(ema.state_dict())
        state.best_score, state.best_epoch = row.get(task.metric, -math.inf), epoch
    state.weights, state.ema = network.state_dict(), ema.state_dict()
    state.optimizer, state.epoch = optimizer.state_dict(), epoch
    state.log.append(row)
