"""One training loop for both networks."""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.distributed as dist
from rich.console import Console
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

from training.checkpoint import Checkpoint, Weights, code_commit
from training.datasets import Member, Sample, WeightedDraw, digest
from training.reporting import announce, progress, report


@dataclass(frozen=True)
class TrainConfig:
    """How long, how fast and from where a network is trained.

    Attributes:
        data_dir: folder of sets.
        save: checkpoint file; log and curves are written beside it.
        load: checkpoint to start from, of this network or of a smaller one, which is grown; the checkpoint at `save`,
            if there is one, is resumed in its place.
        batch_size: samples of one step over all processes.
        crop_size: side of a training window in pixels.
        lr: peak learning rate; a cosine brings it from there to a hundredth.
        num_epochs: length of the whole schedule.
        epoch_samples: samples of one epoch, made up to whole batches; 0 takes one for each training pair.
        validation_share: share of every set that is kept for validation.
        validate_every: epochs between two validations.
        ema_decay: decay of the moving average of the weights, per step.
        weights: weight of one pair of a set in the draw, by set name (1 where not named).
        loss: name of the loss.
        workers: loader processes.
        seed: start of all random numbers.
    """

    data_dir: str
    save: str
    load: str | None = None
    batch_size: int = 16
    crop_size: int = 256
    lr: float = 1e-3
    num_epochs: int = 1000
    epoch_samples: int = 0
    validation_share: float = 0.1
    validate_every: int = 5
    ema_decay: float = 0.998
    weights: dict[str, float] = field(default_factory=dict)
    loss: str = "bce"
    workers: int = 2
    seed: int = 0

    def epoch_length(self, members: int) -> int:
        """Samples of an epoch over so many members: whole batches, at least one."""
        return -(-(self.epoch_samples or members) // self.batch_size) * self.batch_size


class Task(Protocol):
    """What the loop needs to know of a network and its data."""

    name: str
    metric: str
    training_sets: list[str]

    @property
    def members(self) -> Sequence[Member]:
        """All pictures, those for validation too."""

    def network_config(self) -> dict[str, Any]:
        """The network's configuration as plain values."""

    def build(self) -> nn.Module:
        """A new network."""

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """All parameters for the optimizer, each group with the `pace`, its share of the learning rate."""

    def start(self, state: Checkpoint) -> Weights:
        """Weights to start from, taken from a checkpoint of the same network or of a smaller one. Raises ValueError."""

    def dataset(self) -> WeightedDraw:
        """Training samples."""

    def loss(self, network: nn.Module, batch: Sample) -> Tensor:
        """Loss of one batch that is already on the network's device."""

    def validate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Figures on the validation pairs, none without pairs; the one called `metric` counts (higher is better)."""


def mean_scores(metric: str, by_set: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The mean over all members under the metric's name, and the mean of each set under its own; empty without any."""
    scores = [score for members in by_set.values() for score in members]
    means = {name: sum(members) / len(members) for name, members in by_set.items()}
    return {metric: sum(scores) / len(scores), **means} if scores else {}


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


def mixed_precision(device: torch.device) -> torch.autocast:
    """Convolutions in bfloat16 where the device computes them so; processors without it imitate it, 10× slower."""
    native = device.type != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=native)


def learning_rate(config: TrainConfig, step: int, steps: int) -> float:
    """Linear rise over the first hundredth of the steps (at least 20), then a cosine down to lr / 100."""
    rise = max(20, steps // 100)
    if step < rise:
        return config.lr * (step + 1) / rise
    progress = min(1.0, (step - rise) / max(1, steps - rise))
    return config.lr * (0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2)


@torch.no_grad()
def update_ema(ema: nn.Module, network: nn.Module, decay: float) -> None:
    """Move every floating value of `ema` towards `network`; counters are copied."""
    current = network.state_dict()
    for name, value in ema.state_dict().items():
        if value.is_floating_point():
            value.lerp_(current[name], 1 - decay)
        else:
            value.copy_(current[name])


@torch.no_grad()
def heal(network: nn.Module, ema: nn.Module) -> None:
    """Take what is not finite among the statistics of norms, as after a step that must not be taken, from `ema`."""
    for own, average in zip(network.buffers(), ema.buffers(), strict=True):
        if not own.isfinite().all():
            own.copy_(average)


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
                        heal(network, ema)
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
