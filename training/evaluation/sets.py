"""Measures what ships: an exported model, run by bgtool's own API on test sets, scored by bgtool's own metrics."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from bgtool.api import clean_files, cutout_files
from bgtool.batch.summary import Summary
from bgtool.errors import InputError
from bgtool.runtime.task import ModelTask
from bgtool.scoring.files import score
from bgtool.scoring.metrics import mean
from training.evaluation.person import PersonProtocol, set_figures

Figures = Mapping[str, float]


@dataclass(frozen=True)
class SetFigures:
    """What was measured on one set.

    Attributes:
        name: of the set.
        pictures: figures by picture, then by metric.
        whole: figures of the set by metric, rounded to four digits: what goes onto the card.
    """

    name: str
    pictures: Mapping[str, Figures]
    whole: Figures


def evaluate(model: str, task: ModelTask, data: Path, device: str) -> Iterator[SetFigures]:
    """Figures of every set below a folder, or of the one set that the folder is, as they come.

    Args:
        model: name of a shipped model, or file.
        task: documents are written bilevel, people as masks.
        data: holds ``img/`` and ``gt/`` (documents) or ``mask/`` and perhaps ``ignore/`` (people), or such folders.
        device: as ``--device``.

    Raises:
        RuntimeError: a picture could not be processed or scored; figures over the rest would mislead.
    """
    measure = evaluate_pages if task == ModelTask.DOCUMENT else evaluate_photos
    folders = [data] if (data / "img").is_dir() else sorted(path.parent for path in data.glob("*/img"))
    for folder in folders:
        pictures, whole = measure(model, folder, device)
        yield SetFigures(folder.name, pictures, {name: round(value, 4) for name, value in whole.items()})


def evaluate_pages(model: str, folder: Path, device: str) -> tuple[dict[str, Figures], Figures]:
    """Clean the pages of a set as black and white; their figures as `bgtool score` has them, and the mean."""
    with tempfile.TemporaryDirectory() as results:
        refuse_failures(
            clean_files(folder / "img", output=results, model=model, device=device, format="png", style="bilevel")
        )
        scores = list(score(folder / "gt", Path(results), ModelTask.DOCUMENT))
    figures = {}
    for item in scores:
        if isinstance(item.figures, InputError):
            raise RuntimeError(f"{folder}: {item.name} cannot be scored: {item.figures}")
        figures[item.name] = item.figures
    return {name: asdict(value) for name, value in figures.items()}, asdict(mean(list(figures.values())))


def evaluate_photos(model: str, folder: Path, device: str) -> tuple[dict[str, Figures], Figures]:
    """Make the masks of a set; their figures after the protocol for people."""
    protocol = PersonProtocol(model)
    with tempfile.TemporaryDirectory() as results:
        refuse_failures(
            cutout_files(folder / "img", output=results, model=model, device=device, format="png", mask_only=True)
        )
        figures = protocol.measure(folder, Path(results))
    return {name: asdict(value) for name, value in figures.items()}, set_figures(list(figures.values()))


def refuse_failures(summary: Summary) -> None:
    """Raise RuntimeError if a file of a batch failed."""
    for outcome in summary.outcomes:
        if outcome.error:
            raise RuntimeError(f"{outcome.source} failed: {outcome.error}")
