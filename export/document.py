"""Export of a document checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bgtool.runtime.task import ModelTask
from bgtool.runtime.tiling import round_up
from export.checkpoint import export_checkpoint
from export.graph import PageGraph
from training.loop.checkpoint import Checkpoint
from training.networks.stacked import StackedConfig, StackedUNet, receptive_radius


def export_document(checkpoint: Path, name: str, version: str, licence: str) -> bytes:
    """`export_checkpoint` of a file that ``python -m training document`` wrote."""
    return export_checkpoint(
        checkpoint, ModelTask.DOCUMENT, PageGraph, stacked, name=name, version=version, licence=licence
    )


def stacked(state: Checkpoint) -> tuple[StackedUNet, dict[str, Any]]:
    """The network of a checkpoint, and what its card says of it."""
    config = StackedConfig.from_dict(state.network)
    halo = round_up(receptive_radius(config), config.stride)
    return StackedUNet(config), {"halo": halo, "working_size": 0, "architecture": describe(config)}


def describe(config: StackedConfig) -> str:
    """A stacked network in one line."""
    context = f"dilations {' and '.join(map(str, config.context))} at the bottom, " if config.context else ""
    return (
        f"{len(config.folds)} stacked U-Nets on pixels folded {' and '.join(f'{f}×{f}' for f in config.folds)}, "
        f"{config.levels} levels, width {' and '.join(map(str, config.widths))}, {context}"
        f"{config.upsampling} upsampling, colour input"
    )
