"""The order in which a training sees its pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision import tv_tensors

from training.data.pairs import Member, Pair
from training.data.pictures import read_gray, read_rgb

Sample = dict[str, Tensor]


Transform = Callable[[Sample], Sample]


class WeightedDraw(Dataset[Sample]):
    """Endless weighted draw of augmented samples.

    Item i of epoch e is drawn and augmented from the seed (seed, e, i) alone: a resumed run sees what an
    undisturbed one would have seen, whatever the number of loader processes.

    Args:
        members: what to draw from.
        weights: weight of one member of a set, by set name; 1 where a set is not named.
        length: samples per epoch.
        seed: start of all random numbers.
    """

    def __init__(self, members: Sequence[Member], weights: Mapping[str, float], length: int, seed: int) -> None:
        self.length = length
        self.seed = seed
        self.epoch = 0
        self.weights = torch.tensor([weights.get(member.set_name, 1.0) for member in members])

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Sample:
        torch.manual_seed(hash((self.seed, self.epoch, index)) % 2**63)
        return self.sample()

    def draw(self, count: int) -> list[int]:
        """Indices of members, with replacement."""
        return torch.multinomial(self.weights, count, replacement=True).tolist()

    def sample(self) -> Sample:
        """One augmented sample, from torch's generator alone."""
        raise NotImplementedError


class WeightedPairs(WeightedDraw):
    """Weighted draw of pairs that are held decoded in memory.

    Args:
        pairs: what to draw from.
        transform: from a dict of ``image`` uint8 [3, H, W] and ``truth`` uint8 [1, H, W] (tv_tensors, and a second
            truth of another pair under ``other``, and the pair's ``extra`` where it has one) to the tensors of one
            sample.
        weights, length, seed: see `WeightedDraw`.
        own: transforms of single sets by name, in place of `transform`.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        transform: Transform,
        weights: Mapping[str, float],
        length: int,
        seed: int,
        own: Mapping[str, Transform] | None = None,
    ) -> None:
        super().__init__(pairs, weights, length, seed)
        own = own or {}
        self.transforms = [own.get(pair.set_name, transform) for pair in pairs]
        self.images = [read_rgb(pair.image) for pair in pairs]
        self.truths = [read_gray(pair.truth) for pair in pairs]
        self.extras = [read_gray(pair.extra) if pair.extra else None for pair in pairs]

    def sample(self) -> Sample:
        """A pair, and the truth of another."""
        chosen, other = self.draw(2)
        pictures = {"image": self.images[chosen], "truth": self.truths[chosen], "other": self.truths[other]}
        extra = self.extras[chosen]
        pictures |= {} if extra is None else {"extra": extra}
        return self.transforms[chosen]({name: tv_tensors.Image(picture) for name, picture in pictures.items()})
