"""Whether a scan is better turned before the network sees it, or its result.

Measured by `python -m benchmarks.suites.geometry.turning`.

Pages whose truth is known are turned by some degrees and straightened again by the same angle, so that the truth still
fits; only what lies well within both is compared.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.harness.measure import ROOT
from benchmarks.harness.tables import Table, Value, markdown
from benchmarks.suites.fidelity.judge import Reader, share
from bgtool.api import source_of
from bgtool.geometry.placement import Placement
from bgtool.geometry.small import made_small
from bgtool.geometry.turn import Straight
from bgtool.imaging.source import Source
from bgtool.options import CleanOptions
from bgtool.runtime.session import Model, load_model
from bgtool.scoring.metrics import f_measure
from bgtool.tasks.document import clean_page, planned

DATA = Path(os.environ.get("BGTOOL_DATA", ROOT.parent / "shared" / "data")) / "documents" / "train"

ANGLES = (-7.3, 3.1)

LARGEST = 1.5e6
"""Pixels of a page that is taken."""

WAYS = ("upright", "scan turned", "result turned")


@click.command()
@click.option("--data-dir", type=click.Path(exists=True, file_okay=False, path_type=Path), default=DATA)
@click.option("--set", "sets", multiple=True, default=("HDIBCO2010", "DIBCO2011", "HDIBCO2012", "HDIBCO2014"))
@click.option("--each", default=3, help="Pages of every set.")
@click.option("--build", type=click.Path(file_okay=False, path_type=Path), default="build/turning")
def main(data_dir: Path, sets: Sequence[str], each: int, build: Path) -> None:
    """Compare both by F-measure and by the words that tesseract reads on the truth."""
    model, reader = load_model(task="document", device="cpu"), Reader(build)
    pages = [page for name in sets for page in small_pages(data_dir / name)[:each]]
    found = [compared(page, degrees, model, reader) for page in pages for degrees in ANGLES]
    for figure in ("F-measure", "words"):
        kept = [one[figure] for one in found if figure in one]
        if kept:
            row: dict[str, Value] = {way: fmean(one[way] for one in kept) for way in WAYS}
            print(markdown(Table(f"{figure}, {len(kept)} pages", [row])))


def small_pages(folder: Path) -> list[Path]:
    """Scans of a set that are small enough."""
    found = []
    for file in sorted((folder / "img").iterdir()):
        with Image.open(file) as image:
            if image.width * image.height <= LARGEST:
                found.append(file)
    return found


def compared(file: Path, degrees: float, model: Model, reader: Reader) -> dict[str, dict[str, float]]:
    """Figures of both ways, and of the page as it stood."""
    scan = Image.open(file).convert("RGB")
    truth = Image.open(next((file.parents[1] / "gt").glob(f"{file.stem}.*"))).convert("L")
    lying = Straight(source_of(scan), Placement.whole(scan.size, -degrees), made_small(source_of(scan)))
    askew = Image.fromarray(lying.window(0, 0, *lying.size))
    results = {
        "upright": cleaned(source_of(scan), model),
        "scan turned": cleaned(back(askew, degrees, scan.size), model),
        "result turned": grey(
            back(Image.fromarray(cleaned(source_of(askew), model)).convert("RGB"), degrees, scan.size)
        ),
    }
    inner = tuple(slice(side // 12, side - side // 12) for side in scan.size[::-1])
    ink = np.asarray(truth)[inner] < 128
    found = {"F-measure": {way: f_measure(ink, page[inner] < 128) for way, page in results.items()}}
    words = reader.words(Image.fromarray(np.asarray(truth)[inner]))
    if words.total() >= 20:
        found["words"] = {w: share(words, reader.words(Image.fromarray(page[inner]))) for w, page in results.items()}
    print(file.parts[-3], file.stem, degrees, found, flush=True)
    return found


def back(askew: Image.Image, degrees: float, size: tuple[int, int]) -> Straight:
    """The page as it stood, from the scan on which it lies askew."""
    whole = Placement.whole(askew.size, degrees)
    left, top = ((a - b) // 2 for a, b in zip(whole.size, size, strict=True))
    return Straight(
        source_of(askew), whole.cut((left, top, left + size[0], top + size[1])), made_small(source_of(askew))
    )


def grey(source: Source) -> NDArray[np.uint8]:
    """All of a page in grey."""
    return np.asarray(Image.fromarray(source.window(0, 0, *source.size)).convert("L"))


def cleaned(source: Source, model: Model) -> NDArray[np.uint8]:
    """The cleaned page."""
    options = CleanOptions(inputs=(), output="")
    return np.asarray(clean_page(source, model, options.style, plan=planned(source, options, None)))


if __name__ == "__main__":
    main()
