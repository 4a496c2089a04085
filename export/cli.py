"""The commands of ``python -m export``."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import click

from bgtool.errors import ModelError
from export.document import export_document
from export.person import export_person
from export.ship import ship
from export.verify import ParityError
from training.cli.errors import one_line


@click.group(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Turn checkpoints into ONNX models that bgtool runs."""
    log = logging.getLogger("export")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.handlers = [Progress()]


class Progress(logging.Handler):
    """Says each step on standard error as it begins."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        click.echo(record.getMessage(), err=True)


Exporter = Callable[..., bytes]
"""From a checkpoint, name, version and licence for the card, and options of its own to the bytes of a model file."""

Command = Callable[..., None]


def write(output: Path, make: Callable[[], bytes]) -> None:
    """Write the model that `make` gives."""
    with one_line(ModelError, ParityError):
        output.parent.mkdir(parents=True, exist_ok=True)
        model = make()
    output.write_bytes(model)
    click.echo(f"{output}: {len(model):,} bytes", err=True)


def export_command(export: Exporter, summary: str, *own: Callable[[Command], Command]) -> Command:
    """The body of a command that runs `export` and writes the file; `own` are the options only it has."""

    @click.argument("checkpoint", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Model file.")
    @click.option("--name", help="Name on the card; the stem of the output unless given.")
    @click.option("--model-version", default="1", help="Version on the card.")
    @click.option("--licence", default="not stated", help="Licence of the weights, on the card.")
    def run(checkpoint: Path, output: Path, name: str | None, model_version: str, licence: str, **more: Any) -> None:
        write(output, lambda: export(checkpoint, name or output.stem, model_version, licence, **more))

    run.__doc__ = summary
    for option in reversed(own):
        run = option(run)
    return run


cli.command("document")(export_command(export_document, "Export a document checkpoint and check it against PyTorch."))
cli.command("person")(
    export_command(
        export_person,
        "Export a person checkpoint and check it against PyTorch.",
        click.option("--scale", "scales", type=click.FloatRange(0, min_open=True), multiple=True, default=(1.0,),
                     help="Size at which photos are seen, in crop sizes of the training; repeat it: the mean counts."),
        click.option("--mirrored", is_flag=True, help="See photos mirrored as well, at each size."),
        click.option("--second-look", type=click.FloatRange(0, 1), default=0.0,
                     help="How much a second, closer look at small people counts against the first; 0: none is taken."),
    )
)  # fmt: skip


@cli.command("int8")
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data-dir", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
              help="Folder of img/ and gt/, or of several such folders, to calibrate on.")  # fmt: skip
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Model file.")
def int8(model: Path, data_dir: Path, output: Path) -> None:
    """Make a document MODEL smaller and faster on CPUs: 8-bit weights and activations. OUTPUT's stem is its name."""
    from export.int8 import to_int8

    write(output, lambda: to_int8(model.read_bytes(), data_dir, output.stem))


@cli.command("recover")
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data-dir", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
              help="Training sets of the model's task.")  # fmt: skip
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Checkpoint.")
def recover_checkpoint(model: Path, data_dir: Path, output: Path) -> None:
    """Make a checkpoint of an exported MODEL, to --load in a training that goes on from it."""
    from export.recover import recover

    with one_line(ModelError, ParityError):
        recover(model, data_dir).save(output)


@cli.command("ship")
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--figures", type=click.File(), required=True, help="JSON of `python -m training evaluate --json`.")
@click.option("--summary", required=True, help="When to use the model, one sentence.")
def ship_model(model: Path, figures: TextIO, summary: str) -> None:
    """Put a model into the package, with its measured figures on the card."""
    entry = ship(model, json.load(figures), summary)
    click.echo(f"{entry.file}: sha256 {entry.sha256}", err=True)
