"""The command line: the group of all commands."""

from __future__ import annotations

import click

from training.cli.document import document
from training.cli.evaluate import evaluate
from training.cli.label import label
from training.cli.pages import draw, typeset
from training.cli.person import person
from training.cli.rebuild import rebuild
from training.cli.upright import upright
from training.cli.weights import average, predict


@click.group(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Train the networks that bgtool runs."""


for command in (document, person, rebuild, typeset, draw, average, upright, label, predict, evaluate):
    cli.add_command(command)
