"""Export of a document checkpoint."""

from __future__ import annotations

from pathlib import Path

from bgtool.runtime.task import ModelTask
from bgtool.runtime.tiling import round_up
from export.cards import make_card, open_checkpoint
from export.graph import PageGraph
from export.half import export_half
from training.networks.stacked import StackedConfig, StackedUNet, receptive_radius


def export_document(checkpoint: Path, name: str, version: str, licence: str) -> bytes:
    """The ONNX file of a checkpoint's best weights in half precision, checked against PyTorch.

    Args:
        checkpoint: file written by ``python -m training document``.
        name, version, licence: for the card.

    Raises:
        ValueError: the file is no checkpoint of a document training.
        ParityError: the file differs from PyTorch; see `export_half`.
    """
    state = open_checkpoint(checkpoint, ModelTask.DOCUMENT)
    config = StackedConfig.from_dict(state.network)
    network = StackedUNet(config)
    network.load_state_dict(state.best)
    card = make_card(
        checkpoint,
        state,
        network,
        name=name,
        version=version,
        licence=licence,
        halo=round_up(receptive_radius(config), network.stride),
        working_size=0,
        precision="fp16",
        architecture=describe(config),
    )
    return export_half(PageGraph, network, card)


def describe(config: StackedConfig) -> str:
    """A stacked network in one line."""
    context = f"dilations {' and '.join(map(str, config.context))} at the bottom, " if config.context else ""
    return (
        f"{len(config.folds)} stacked U-Nets on pixels folded {' and '.join(f'{f}×{f}' for f in config.folds)}, "
        f"{config.levels} levels, width {' and '.join(map(str, config.widths))}, {context}"
        f"{config.upsampling} upsampling, colour input"
    )
