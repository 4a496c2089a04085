"""A network that learns: its weights, their moving average and the optimizer, and an epoch of steps."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

from training.data.draw import Sample
from training.loop.config import TrainConfig
from training.loop.distributed import Process
from training.loop.optimisation import learning_rate, mixed_precision, restore_statistics, update_ema
from training.loop.task import Task


class Learner:
    """What a training changes.

    Args:
        task: gives the network and its loss.
        config: gives the schedule.
        process: whose device the network is on.

    Attributes:
        network: the network in training.
        ema: the moving average of its weights.
        optimizer: of `network`.
    """

    def __init__(self, task: Task, config: TrainConfig, process: Process) -> None:
        self.task = task
        self.config = config
        self.process = process
        self.network = task.build().to(process.device, memory_format=torch.channels_last)
        self.ema = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.optimizer = torch.optim.AdamW(task.parameter_groups(self.network), lr=config.lr, weight_decay=1e-4)

    def shared(self) -> nn.Module:
        """The network, whose gradients are the mean over all processes, which start from the first one's weights."""
        return DistributedDataParallel(self.network) if self.process.world > 1 else self.network

    def run_epoch(
        self, network: nn.Module, loader: DataLoader[Sample], epoch: int, advance: Callable[[], None]
    ) -> float:
        """The mean loss of the steps of an epoch, counted from 0. A step without finite gradients is not taken.

        Args:
            network: as `shared` gives it.
            loader: the batches.
            epoch: which one it is.
            advance: called after each batch.

        Raises:
            ValueError: no step was taken.
        """
        network.train()
        losses = []
        for index, batch in enumerate(loader):
            loss = self._step(network, batch, epoch * len(loader) + index, self.config.num_epochs * len(loader))
            if loss is not None:
                losses.append(loss)
            advance()
        if not losses:
            raise ValueError(f"no step of epoch {epoch + 1} had finite gradients: the training has come apart")
        return sum(losses) / len(losses)

    def _step(self, network: nn.Module, batch: Sample, step: int, steps: int) -> float | None:
        """The loss of a batch, whose gradients were followed; None where they are not finite."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["pace"] * learning_rate(self.config, step, steps)
        batch = {name: value.to(self.process.device, non_blocking=True) for name, value in batch.items()}
        with mixed_precision(self.process.device):
            loss = self.task.loss(network, batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if not nn.utils.clip_grad_norm_(self.network.parameters(), 1.0).isfinite():
            restore_statistics(self.network, self.ema)
            return None
        self.optimizer.step()
        update_ema(self.ema, self.network, min(self.config.ema_decay, (1 + step) / (10 + step)))
        return loss.item()
