"""Export of a person checkpoint."""

from __future__ import annotations

import copy
from pathlib import Path

from bgtool.card import ModelTask
from export.cards import make_card, open_checkpoint
from export.graph import AlphaGraph
from export.lowering import fold_batch_norm, lower
from export.onnx_file import export_graph
from export.quantize import halve_weights, round_weights
from export.verify import check_parity
from training.networks.unet import UNet, UNetConfig

ROUNDING_LEVELS = 8
"""Grey levels by which rounding the weights to float16 may move a pixel of a soft edge."""


def export_person(
    checkpoint: Path, name: str, version: str, licence: str, scales: tuple[float, ...] = (1.0,), mirrored: bool = False
) -> bytes:
    """The ONNX file of a checkpoint's best weights, stored as float16 and checked against PyTorch.

    Args:
        checkpoint: file written by ``python -m training person``; its crop size becomes the working size.
        name, version, licence, scales, mirrored: for the card.

    Raises:
        ValueError: the file is no checkpoint of a person training.
        ParityError: the file differs from PyTorch with the rounded weights by more than one grey level, or from the
            checkpoint itself by more than `ROUNDING_LEVELS`.
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
    exact = AlphaGraph(network).eval()
    rounded = AlphaGraph(round_weights(fold_batch_norm(lower(copy.deepcopy(network).eval()))))
    model = halve_weights(export_graph(rounded, card))
    check_parity(model, rounded, card.stride)
    check_parity(model, exact, card.stride, ROUNDING_LEVELS)
    return model


def describe(config: UNetConfig) -> str:
    """A U-Net in one line."""
    widths = " ".join(map(str, config.widths))
    folded = config.space_to_depth
    return (
        f"U-Net, widths {widths}, "
        + (f"{folded}x{folded} pixels folded into channels" if folded > 1 else "plain input")
        + (f", refined by a second U-Net of width {config.refiner}" if config.refiner else "")
    )
