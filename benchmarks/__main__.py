"""``python -m benchmarks [NAME...]``: measure, print, and keep the results; ``report`` writes docs from them."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click
from rich.console import Console

from benchmarks.harness import report
from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import keep, section, show
from bgtool.runtime.cores import usable_cores

BENCHMARKS = ("documents", "people", "pipeline", "scaling", "cores", "startup", "bicubic")
"""Modules of `benchmarks.suites`, each with a function `measure`; imported when needed, to keep this process small."""

ON_REQUEST = ("fidelity", "confidence", "scale", "geometry")
"""Those that only run when they are named: they need what pip does not bring, or take long."""

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([*BENCHMARKS, *ON_REQUEST, "report"]))
@click.option("--quick", is_flag=True, help="A smoke run of about a minute; its figures mean little.")
@click.option("--full", is_flag=True, help="All styles and formats.")
@click.option("--photos", type=click.IntRange(min=0), help="Photos of 12 megapixels. [default: 40; quick: 2]")
@click.option(
    "--data-dir",
    type=FOLDER,
    help="Sets of pages with truth, SET/img and SET/gt, to measure documents on beside examples/.",
)
@click.option(
    "--max", "max_megapixels", type=float, default=100, show_default=True, help="Largest page of scaling, MP."
)
@click.option(
    "--readable",
    type=FOLDER,
    help="Folders of real scans, with their words as STEM.txt or without, to measure fidelity on beside drawn pages.",
)
@click.option(
    "--model",
    type=FILE,
    help="Document model that fidelity measures. [default: the shipped one]",
)
@click.option(
    "--people",
    type=FOLDER,
    help="Sets of photos of people, SET/img and SET/mask, on which people measures cut-outs; --photos 0: nothing else.",
)
@click.option(
    "--nobody",
    type=FOLDER,
    help="Photos without anybody, for people.",
)
@click.option(
    "--isnet",
    type=FILE,
    help="An ISNet in ONNX, which people shows every 4th photo.",
)
@click.option("--kind", "kinds", multiple=True, help="Draw only kinds of pages whose name holds this, for fidelity.")
@click.option("--build", type=click.Path(file_okay=False, path_type=Path), default="build/benchmarks",
              show_default=True, help="Folder for material, results and the environments of peers.")  # fmt: skip
def main(names: tuple[str, ...], photos: int | None, **options: object) -> None:
    """Measure NAMES, or all but fidelity, confidence, scale, geometry; other results are kept.

    `report` writes docs/ from them.

    fidelity needs apt-get install tesseract-ocr fonts-dejavu-core fonts-dejavu-extra fonts-freefont-ttf
    fonts-liberation.
    """
    settings = Settings(photos=(2 if options["quick"] else 40) if photos is None else photos, **options)
    results = settings.build / ("quick.json" if settings.quick else "results.json")
    console = Console(width=None if sys.stdout.isatty() else 120)
    for name in names or BENCHMARKS:
        if name == "report":
            report.write(results)
            continue
        tables = import_module(f"benchmarks.suites.{name}").measure(settings)
        keep(results, name, section(command(name), tables, usable_cores()))
        for table in tables:
            show(console, table)


def command(name: str) -> str:
    """What was typed, as far as it concerns one benchmark."""
    options = [argument for argument in sys.argv[1:] if argument not in (*BENCHMARKS, *ON_REQUEST)]
    return " ".join(["python -m benchmarks", name, *options])


if __name__ == "__main__":
    main()
