"""Measure an exported model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("model")
@click.option("--task", type=click.Choice(["document", "person"]), required=True, help="What the model is for.")
@click.option("--data-dir", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
              help="Folder of test sets, each with img/ and gt/ (documents) or mask/ (people).")  # fmt: skip
@click.option("--device", default="auto", help="As `bgtool --device`.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the figures of the sets to this file, as `python -m export ship` takes them.")  # fmt: skip
def evaluate(model: str, task: Any, data_dir: Path, device: str, json_file: Path | None) -> None:
    """Measure an exported MODEL (file, or name of a shipped one) through bgtool on test sets."""
    from training.evaluation.sets import evaluate as measure

    figures = {}
    for measured in measure(model, task, data_dir, device):
        for picture, values in measured.pictures.items():
            click.echo(f"{measured.name}\t{picture}\t" + "\t".join(f"{value:.4f}" for value in values.values()))
        click.echo(f"{measured.name}\tall\t" + "\t".join(f"{name} {value}" for name, value in measured.whole.items()))
        figures[measured.name] = measured.whole
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")
