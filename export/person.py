"""Export of a person checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bgtool.runtime.task import ModelTask
from export.checkpoint import export_checkpoint
from export.graph import AlphaGraph
from training.loop.checkpoint import Checkpoint
from training.networks.unet import UNet, UNetConfig


def export_person(
    checkpoint: Path,
    name: str,
    version: str,
    licence: str,
    scales: tuple[float, ...] = (1.0,),
    mirrored: bool = False,
    second_look: float = 0.0,
) -> bytes:
    """`export_checkpoint` of a file that ``python -m training person`` wrote.

    Args:
        checkpoint: its crop size becomes the working size.
        name, version, licence, scales, mirrored, second_look: for the card.
    """
    views = {"scales": scales, "mirrored": mirrored, "second_look": second_look}
    card = {"name": name, "version": version, "licence": licence, **views}
    return export_checkpoint(checkpoint, ModelTask.PERSON, AlphaGraph, unet, **card)


def unet(state: Checkpoint) -> tuple[UNet, dict[str, Any]]:
    """The network of a checkpoint, and what its card says of it."""
    config = UNetConfig.from_dict(state.network)
    own = {"halo": 0, "working_size": state.training["crop_size"], "architecture": describe(config)}
    return UNet(config), own


def describe(config: UNetConfig) -> str:
    """A U-Net in one line."""
    widths = " ".join(map(str, config.widths))
    folded = config.space_to_depth
    return (
        f"U-Net, widths {widths}, "
        + (f"{folded}x{folded} pixels folded into channels" if folded > 1 else "plain input")
        + (f", features of {config.backbone.title}" if config.backbone else "")
    )
