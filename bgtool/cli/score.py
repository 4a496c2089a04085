"""``bgtool score``."""

from __future__ import annotations

import sys
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import click

from bgtool.cli.parameters import word_option
from bgtool.errors import InputError
from bgtool.runtime.task import ModelTask


@click.command()
@click.argument("truth", type=click.Path(exists=True, path_type=Path))
@click.argument("result", type=click.Path(exists=True, path_type=Path))
@word_option("--task", ModelTask.DOCUMENT,
             help="What the images show: pages (DIBCO metrics) or masks of people (Jaccard index).")  # fmt: skip
def score(truth: Path, result: Path, task: str) -> None:
    """Measure results against their truth, file by file and on average.

    Documents: F-measure, pseudo-F-measure (percent), PSNR (dB), DRD. People: Jaccard index, boundary F-measure.
    TRUTH and RESULT are files, or folders whose files are matched by name without suffix.
    """
    from bgtool.scoring.files import score as scores_of
    from bgtool.scoring.metrics import mean

    scores = list(scores_of(truth, result, ModelTask(task)))
    measured = [item.figures for item in scores if not isinstance(item.figures, InputError)]
    names = [field.name for field in fields(measured[0])] if measured else []
    click.echo("\t".join(["name", *names]))
    for item in scores:
        if isinstance(item.figures, InputError):
            click.echo(f"failed {item.name}: {item.figures}", err=True)
        else:
            click.echo(row(item.name, item.figures))
    if measured:
        click.echo(row("mean", mean(measured)))
    sys.exit(1 if len(measured) < len(scores) else 0)


def row(name: str, figures: Any) -> str:
    """One line of figures, separated by tabs."""
    return "\t".join([name, *(f"{value:.4f}" for value in astuple(figures))])
