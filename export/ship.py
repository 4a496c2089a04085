"""Puts a model into the package: figures on its card, file and sha256 into the catalogue."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import onnx

from bgtool.runtime.catalogue import ShippedModel
from export.onnx_file import card_of, drop_traces, put_card

MODELS = Path(__file__).parent.parent / "bgtool" / "models"


def ship(
    model_file: Path, figures: Mapping[str, Mapping[str, float]], summary: str, folder: Path = MODELS
) -> ShippedModel:
    """Write the measured figures into a copy of the model inside the package, and its line into the catalogue.

    A model of the same name is replaced in its place; the order of the catalogue and its integer model stay.

    Args:
        model_file: as ``python -m export`` writes it.
        figures: by test set and metric, as ``python -m training evaluate --json`` writes them.
        summary: when to use the model, one sentence.
        folder: where shipped models live.
    """
    model = onnx.load(model_file)
    card = replace(card_of(model), figures=figures)
    put_card(model, card)
    drop_traces(model)
    data = model.SerializeToString()
    catalogue = folder / "catalogue.json"
    lines = {line["name"]: line for line in json.loads(catalogue.read_text(encoding="utf-8"))}
    entry = ShippedModel(
        name=card.name,
        task=card.task,
        file=f"{card.name}.onnx",
        sha256=hashlib.sha256(data).hexdigest(),
        licence=card.licence,
        summary=summary,
        int8=lines.get(card.name, {}).get("int8", ""),
    )
    (folder / entry.file).write_bytes(data)
    lines[entry.name] = asdict(entry)
    catalogue.write_text(json.dumps(list(lines.values()), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return entry
