"""How a network is trained."""

from __future__ import annotations

from dataclasses import dataclass, field


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
