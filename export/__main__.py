"""``python -m export``: from a checkpoint to a model that bgtool runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from export.document import ParityError, export_document


@click.group(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Turn checkpoints into ONNX models that bgtool runs."""


@cli.command()
@click.argument("checkpoint", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Model file.")
@click.option("--name", help="Name on the card; the stem of the output unless given.")
@click.option("--model-version", default="1", help="Version on the card.")
@click.option("--figures", type=click.File(), help="JSON with measured figures for the card: {set: {metric: number}}.")
def document(checkpoint: Path, output: Path, name: str | None, model_version: str, figures: click.utils.LazyFile) -> None:
    """Export a document checkpoint and check it against PyTorch."""
    try:
        model = export_document(checkpoint, name or output.stem, model_version, json.load(figures) if figures else {})
    except (ValueError, ParityError) as error:
        raise click.ClickException(str(error)) from None
    output.write_bytes(model)
    click.echo(f"{output}: {len(model):,} bytes", err=True)


if __name__ == "__main__":
    cli(prog_name="python -m export")
