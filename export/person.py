"""Export of a person checkpoint."""

from __future__ import annotations

from pathlib import Path

from bgtool.runtime.task import ModelTask
from export.cards import make_card, open_checkpoint
from export.graph import AlphaGraph
from export.half import export_half
from training.networks.unet import UNet, UNetConfig


def export_person(
    checkpoint: Path, name: str, version: str, licence: str, scales: tuple[float, ...] = (1.0,), mirrored: bool = False
) -> bytes:
    """The ONNX file of a checkpoint's best weights in half precision, checked against PyTorch.

    Args:
        checkpoint: file written by ``python -m training person``; its crop size becomes the working size.
        name, version, licence, scales, mirrored: for the card.

    Raises:
        ValueError: the file is no checkpoint of a person training.
        ParityError: the file differs from PyTorch; see `export_half`.
    """
    state = open_checkpoint(checkpoint, ModelTask.PERSON)
    config = UNetConfig.from_dict(state.network)
    network = UNet(config)
    network.load_state_dict(state.best)
    card = make_card(
        checkpoint,
        state,
        network,
        name=name,
        version=version,
        licence=licence,
        halo=0,
        working_size=state.training["crop_size"],
        precision="fp16",
        scales=scales,
        mirrored=mirrored,
        architecture=describe(config),
    )
    return export_half(AlphaGraph, network, card)


def describe(config: UNetConfig) -> str:
    """A U-Net in one line."""
    widths = " ".join(map(str, config.widths))
    folded = config.space_to_depth
    return (
        f"U-Net, widths {widths}, "
        + (f"{folded}x{folded} pixels folded into channels" if folded > 1 else "plain input")
        + (f", features of {config.backbone.title}" if config.backbone else "")
    )
