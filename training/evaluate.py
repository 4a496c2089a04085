"""Measures what ships: an exported model, run by bgtool's own API on test sets, scored by bgtool's own metrics."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from bgtool.api import clean_files, cutout_files
from bgtool.errors import InputError
from bgtool.metrics import DocumentFigures, PersonFigures, mean
from bgtool.scoring import FileScore, Task, score

Figures = DocumentFigures | PersonFigures

TRUTH_FOLDERS: dict[Task, str] = {"document": "gt", "person": "mask"}


def evaluate_set(model: str, task: Task, folder: Path, device: str) -> list[FileScore]:
    """Run a model on one set and score every picture of it.

    Args:
        model: name of a shipped model, or file.
        task: documents are written bilevel, people as masks.
        folder: holds ``img/`` and ``gt/`` (documents) or ``mask/`` (people).
        device: as ``--device``.

    Raises:
        RuntimeError: a picture could not be processed or scored; figures over the rest would mislead.
    """
    with tempfile.TemporaryDirectory() as results:
        common = {"output": results, "model": model, "device": device, "format": "png"}
        if task == "document":
            summary = clean_files(folder / "img", style="bilevel", **common)
        else:
            summary = cutout_files(folder / "img", mask_only=True, **common)
        if summary.failed:
            raise RuntimeError(f"{folder}: {summary.outcomes[0].source} failed: {summary.outcomes[0].error}")
        scores = list(score(folder / TRUTH_FOLDERS[task], Path(results), task))
    for item in scores:
        if isinstance(item.figures, InputError):
            raise RuntimeError(f"{folder}: {item.name} cannot be scored: {item.figures}")
    return scores


def evaluate(model: str, task: Task, data: Path, device: str) -> Iterator[tuple[str, list[FileScore]]]:
    """Scores of every set below a folder, or of the one set that the folder is, as they come."""
    folders = [data] if (data / "img").is_dir() else sorted(path.parent for path in data.glob("*/img"))
    for folder in folders:
        yield folder.name, evaluate_set(model, task, folder, device)


def mean_figures(scores: list[FileScore]) -> dict[str, float]:
    """Mean of every figure over the pictures of a set, rounded to four digits, by the figure's name."""
    figures = mean([item.figures for item in scores if not isinstance(item.figures, InputError)])
    return {name: round(value, 4) for name, value in asdict(figures).items()}
