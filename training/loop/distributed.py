"""The processes that share a training, and the batches of each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch.utils.data import DataLoader

from training.data.draw import Sample, WeightedDraw
from training.loop.config import TrainConfig


@dataclass(frozen=True)
class Process:
    """This process among those that `torchrun` started; alone, rank 0 of 1."""

    rank: int
    world: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process draws progress, validates and saves."""
        return self.rank == 0


@contextmanager
def process_group() -> Iterator[Process]:
    """Join the processes of `torchrun`, if it started this one, and choose the device."""
    cuda = torch.cuda.is_available()
    local = int(os.environ.get("LOCAL_RANK", "0"))
    device = torch.device("cuda", local) if cuda else torch.device("cpu")
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if cuda:
        torch.cuda.set_device(device)
    if world > 1:
        dist.init_process_group("nccl" if cuda else "gloo")
    try:
        yield Process(int(os.environ.get("RANK", "0")), world, device)
    finally:
        if world > 1:
            dist.destroy_process_group()


def make_loader(dataset: WeightedDraw, config: TrainConfig, process: Process) -> DataLoader[Sample]:
    """Batches of this process: every world-th sample of each epoch.

    Raises:
        ValueError: the batch cannot be shared evenly among the processes.
    """
    if config.batch_size % process.world:
        raise ValueError(f"a batch of {config.batch_size} cannot be shared evenly by {process.world} processes")
    mine = range(process.rank, len(dataset), process.world)
    return DataLoader(
        dataset,
        batch_size=config.batch_size // process.world,
        sampler=list(mine),
        num_workers=config.workers,
        drop_last=True,
        pin_memory=process.device.type == "cuda",
    )
