"""The person task: a U-Net on photo and mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics.functional.classification import binary_jaccard_index
from torchvision.transforms.v2 import functional as tv

from training.data.draw import Sample
from training.data.pairs import split_members
from training.data.people import Photo, WeightedPeople, find_backgrounds, find_people
from training.loop.checkpoint import Checkpoint
from training.loop.config import TrainConfig
from training.loop.optimisation import mixed_precision
from training.loop.task import mean_scores
from training.losses import Loss, masked_loss
from training.networks.blocks import Weights
from training.networks.grow import grown_unet
from training.networks.unet import UNet, UNetConfig, new_unet
from training.transforms.person import TrainPerson, letterbox

IGNORED = -1
"""Truth of a pixel that no figure counts."""

BACKBONE_PACE = 0.1
"""Share of the learning rate at which a backbone, which has learnt before, is trained along."""


class PersonTask:
    """Trains a `UNet`; validated by the mean Jaccard index over photos, at the working size.

    The working size of a model, to which the longer side of a photo is resized, is the size of its last crops.
    """

    name = "person"
    metric = "jaccard"

    def __init__(self, config: TrainConfig, network: UNetConfig, backgrounds: Path | None = None) -> None:
        self.config = config
        self.network = network
        self.kind = Loss(config.loss)
        photos = find_people(Path(config.data_dir))
        people, validation = split_members(photos, config.validation_share)
        self.training: list[Photo] = [*people, *(find_backgrounds(backgrounds) if backgrounds else [])]
        self.members = [*self.training, *validation]
        self.training_sets = sorted({photo.set_name for photo in self.training})
        if network.backbone:
            self.training_sets.append("ImageNet-1k")
        self.validation = [(photo.set_name, self._validation_photo(photo)) for photo in validation]

    def _validation_photo(self, photo: Photo) -> Sample:
        sample = photo.load()
        size, stride = self.config.crop_size, self.network.stride
        boxed = {name: letterbox(picture, size, stride) for name, picture in sample.items()}
        height, width = boxed["mask"][1]
        truth, ignore = (boxed[name][0][:, :height, :width] >= 128 for name in ("mask", "ignore"))
        return {"image": boxed["image"][0], "truth": truth.long().masked_fill(ignore, IGNORED)}

    def network_config(self) -> dict[str, Any]:
        """Plain values of the `UNetConfig`."""
        return self.network.to_dict()

    def build(self) -> UNet:
        """A new U-Net, whose backbone, if it has one, has learnt."""
        return new_unet(self.network)

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """The U-Net, and a backbone, if there is one, at `BACKBONE_PACE`."""
        parts: dict[bool, list[nn.Parameter]] = {False: [], True: []}
        for name, parameter in network.named_parameters():
            parts[name.startswith("backbone.")].append(parameter)
        groups = [{"params": parts[False], "pace": 1.0}, {"params": parts[True], "pace": BACKBONE_PACE}]
        return [group for group in groups if group["params"]]

    def start(self, state: Checkpoint) -> Weights:
        """Weights to start from: the best of a checkpoint, grown to this network. Raises ValueError."""
        return grown_unet(state.best, UNetConfig.from_dict(state.network), self.network)

    def dataset(self) -> WeightedPeople:
        """Augmented windows of the training photos."""
        config = self.config
        length = config.epoch_length(len(self.training))
        return WeightedPeople(self.training, TrainPerson(config.crop_size), config.weights, length, config.seed)

    def loss(self, network: nn.Module, batch: Sample) -> Tensor:
        """Loss where the weight is 1."""
        image = batch["image"].contiguous(memory_format=torch.channels_last)
        return masked_loss(self.kind, network(image), batch["truth"], batch["weight"])

    @torch.no_grad()
    def validate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Jaccard index by photo: its mean over all photos and over each set's."""
        by_set: dict[str, list[float]] = {}
        for set_name, sample in self.validation:
            with mixed_precision(device):
                person = person_of(network, sample["image"].to(device)).cpu()
            height, width = sample["truth"].shape[-2:]
            score = binary_jaccard_index(
                person[:, :height, :width], sample["truth"], ignore_index=IGNORED, zero_division=1.0
            )
            by_set.setdefault(set_name, []).append(score.item())
        return mean_scores(self.metric, by_set)


def person_of(network: nn.Module, image: Tensor) -> Tensor:
    """Person (1) in a letterboxed photo, uint8 [3, H, W] -> float [1, H, W] in 0..1."""
    batch = (image[None].float() / 255).contiguous(memory_format=torch.channels_last)
    return torch.sigmoid(network(batch).float())[0]


def predict_mask(network: UNet, image: Tensor, working_size: int) -> Tensor:
    """Person (1) in a photo of any size, uint8 [3, H, W] -> float [1, H, W] in 0..1."""
    boxed, (height, width) = letterbox(image, working_size, network.stride)
    person = person_of(network, boxed)[:, :height, :width]
    return tv.resize(person, list(image.shape[-2:]), antialias=True)
