"""The U-Net for people."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import lcm

from torch import Tensor, nn

from training.networks.blocks import UNetBlock, Upsampling
from training.networks.efficientnet import TAKEN, Backbone, EfficientNetLite, channels_of
from training.networks.upright import Upright


@dataclass(frozen=True)
class UNetConfig:
    """Shape of the U-Net; ``UNetConfig(4, 64, 1024, 1)`` has the channels of the paper, 64 to 1024 on plain input.

    Attributes:
        depth: halvings by max-pooling.
        width: channels of the first level; each level down doubles them.
        max_width: no level has more channels than this.
        space_to_depth: factor f by which the picture is folded before the first level, f×f pixels to one with
            3·f·f channels; the logits are unfolded again. 1: plain input.
        batch_norm: whether convolutions are followed by batch norm.
        backbone: the `EfficientNetLite` whose features its coarse levels see too, if any.
        upright: whether it has a head that tells which way is up, see `training.tasks.upright`.
    """

    depth: int = 4
    width: int = 32
    max_width: int = 384
    space_to_depth: int = 2
    batch_norm: bool = True
    backbone: Backbone = Backbone.NONE
    upright: bool = False

    @property
    def widths(self) -> list[int]:
        """Channels of each level, from the finest to the coarsest."""
        return [min(self.width << level, self.max_width) for level in range(self.depth + 1)]

    @property
    def foreign(self) -> dict[int, int]:
        """Channels of the backbone's features by level below the first; none without a backbone."""
        channels = channels_of(self.backbone) if self.backbone else {}
        strides = {level: self.space_to_depth << level for level in range(1, self.depth + 1)}
        return {level: channels[s] for level, s in strides.items() if s in channels}

    @property
    def coarse_channels(self) -> int:
        """Channels of what `UNet.coarse` gives."""
        return self.widths[-1] + (self.foreign[max(self.foreign)] if self.foreign else 0)

    @property
    def inputs(self) -> list[int]:
        """Channels that each level below the first takes in: those of the level above, and the backbone's."""
        return [above + self.foreign.get(level, 0) for level, above in enumerate(self.widths[:-1], 1)]

    @property
    def stride(self) -> int:
        """H and W of a picture must be multiples of this many pixels."""
        return lcm(self.space_to_depth << self.depth, max(TAKEN) if self.backbone else 1)

    def to_dict(self) -> dict[str, object]:
        """Plain values, as a checkpoint stores them."""
        return asdict(self) | {"backbone": self.backbone.value}

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> UNetConfig:
        """The inverse of `to_dict`."""
        return cls(**values | {"backbone": Backbone(values["backbone"])})  # type: ignore[arg-type]


class UNet(nn.Module):
    """One U-Net with transposed convolutions, from a photo to the logits of its mask.

    Folding pixels into channels first leaves most of the arithmetic to the coarse levels, where people are told
    from their surroundings, and keeps the mask at full size.
    Source: Ronneberger et al. 2015, U-Net; Shi et al. 2016, section 2.2 (pixel shuffle).
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        self.block = UNetBlock(
            3,
            config.widths,
            config.space_to_depth,
            Upsampling.TRANSPOSED,
            config.batch_norm,
            foreign=config.foreign,
        )
        strides = [config.space_to_depth << level for level in config.foreign]
        self.backbone = EfficientNetLite(config.backbone, strides) if config.backbone else None
        self.upright = Upright(config.coarse_channels) if config.upright else None

    @property
    def stride(self) -> int:
        """H and W must be multiples of this many pixels."""
        return self.config.stride

    def forward(self, image: Tensor) -> Tensor:
        """Logits of the mask; their sigmoid is 1 where there is a person.

        Args:
            image: float [N, 3, H, W], RGB in 0..1; H and W multiples of `stride`.

        Returns:
            float [N, 1, H, W].
        """
        return self.block.decoded(self._levels(image)[0])

    def judged(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """What `forward` gives, and how upright each picture seems by its head, which it must have: float32 [N]."""
        if self.upright is None:
            raise ValueError("the network has no head that tells which way is up")
        levels, coarse = self._levels(image)
        return self.block.decoded(levels), self.upright(coarse)

    def coarse(self, image: Tensor) -> list[Tensor]:
        """What the head sees of the same: the backbone's coarsest features and the bottom, float [N, C, h, w] each."""
        return self._levels(image)[1]

    def _levels(self, image: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """What all levels see, and what the head sees of it."""
        features = self.backbone(image) if self.backbone else {}
        foreign = {level: features[self.config.space_to_depth << level] for level in self.config.foreign}
        levels = self.block.encoded(image - 0.5, foreign)
        return levels, [*([foreign[max(foreign)]] if foreign else []), levels[-1]]


def new_unet(config: UNetConfig) -> UNet:
    """A U-Net that has learnt nothing yet, but its backbone, if it has one. Raises ValueError; see `load_imagenet`."""
    network = UNet(config)
    if network.backbone:
        network.backbone.load_imagenet()
    return network
