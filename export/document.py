"""Export of a document checkpoint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from bgtool.card import Card, ModelTask
from export.graph import PageGraph
from export.lowering import lower
from export.onnx_file import export_graph
from export.verify import MAX_LEVELS, parity_sizes, worst_difference
from training.checkpoint import Checkpoint
from training.networks.stacked import StackedConfig, StackedUNet, receptive_radius


class ParityError(Exception):
    """The exported file and the PyTorch network disagree."""


def export_document(checkpoint: Path, name: str, version: str, figures: Mapping[str, Mapping[str, float]]) -> bytes:
    """The ONNX file of a checkpoint's best weights, checked against PyTorch.

    Args:
        checkpoint: file written by ``python -m training document``.
        name, version: for the card.
        figures: measured figures for the card, by test set and metric.

    Raises:
        ParityError: the file differs from PyTorch by more than one grey level.
    """
    state = Checkpoint.load(checkpoint)
    config = StackedConfig.from_dict(state.network)
    network = StackedUNet(config)
    network.load_state_dict(state.best)
    reference = PageGraph(network).eval()
    card = Card(
        name=name,
        version=version,
        task=ModelTask.DOCUMENT,
        stride=network.stride,
        halo=-(-receptive_radius(config) // network.stride) * network.stride,
        working_size=0,
        precision="fp32",
        architecture=describe(config),
        parameters=sum(p.numel() for p in network.parameters()),
        loss=state.training["loss"],
        training_data=tuple(state.training_sets),
        licence="MIT",
        date=date.today().isoformat(),
        checkpoint_sha256=hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
        figures=figures,
    )
    lowered = StackedUNet(config)
    lowered.load_state_dict(state.best)
    model = export_graph(PageGraph(lower(lowered)), card)
    difference = worst_difference(model, reference, parity_sizes(card.stride))
    if difference > MAX_LEVELS:
        raise ParityError(f"onnxruntime differs from PyTorch by {difference} grey levels; {MAX_LEVELS} is allowed")
    return model


def describe(config: StackedConfig) -> str:
    """A stacked network in one line."""
    return (
        f"{config.num_blocks} stacked U-Nets, {config.levels} levels, width {config.width}, "
        f"{config.upsampling} upsampling, colour input"
    )
