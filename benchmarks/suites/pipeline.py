"""Efficiency: how near the whole program comes to the bare network on the same tiles, and how busy the cores are."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.harness.material import pages, photos
from benchmarks.harness.measure import BGTOOL, Usage, emptied, run
from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import Table, Value
from bgtool.api import ArraySource
from bgtool.runtime.cores import usable_cores
from bgtool.runtime.session import Model, load_model
from bgtool.tasks.document import clean_bands, default_tile

BARE_PAGES = 6
"""Pages over which the bare network runs, half of them before the whole program and half after it."""

STYLES = ("gray", "bilevel", "color")
OUTPUTS = (("--format", "png"), ("--format", "webp"), ("--background", "white"))
"""Of `clean` and `cutout`; the first of each alone unless the run is a full one."""


def measure(settings: Settings) -> list[Table]:
    """One table for pages, one for photos."""
    return [documents(settings), people(settings)]


def documents(settings: Settings) -> Table:
    """`bgtool clean` in each style over a folder of A4 pages, and the network alone on the same windows."""
    folder = pages(settings.material / "pages", settings.pages, settings.page_size)
    megapixels = settings.page_size[0] * settings.page_size[1] / 1e6
    model = load_model(device="cpu")
    sample = [np.asarray(Image.open(file).convert("RGB")) for file in sorted(folder.iterdir())[:BARE_PAGES]]
    bare_loop(model, sample[:1])
    bare, rows = list[float](), list[dict[str, Value]]()
    for style in STYLES if settings.full else STYLES[:1]:
        bare += bare_loop(model, sample[: len(sample) // 2])
        usage = whole("clean", folder, settings.build / "pipeline", "--style", style)
        bare += bare_loop(model, sample[len(sample) // 2 :])
        rows.append(row(f"bgtool clean --style {style}", settings.pages / usage.seconds, usage))
    limit = 1 / float(np.median(bare))
    rows.append(row("the bare network", limit))
    for line in rows:
        line["MP/s"] = line["per second"] * megapixels
        line["% of bare"] = 100 * line["per second"] / limit
    title = f"{settings.pages} pages of {megapixels:.1f} MP (A4 at 300 dpi), a third each JPEG, PNG and TIFF"
    note = "Whole program: start, decoding, tiles, network, encoding, manifest. Bare: onnxruntime on the same windows."
    return Table(title, rows, note)


def people(settings: Settings) -> Table:
    """`bgtool cutout` over a folder of photos, by output."""
    folder = photos(settings.material / "photos", settings.photos, settings.photo_size)
    rows = []
    for arguments in OUTPUTS if settings.full else OUTPUTS[:1]:
        usage = whole("cutout", folder, settings.build / "pipeline", *arguments)
        rows.append(row(f"bgtool cutout {' '.join(arguments)}", settings.photos / usage.seconds, usage))
    title = f"{settings.photos} photos of {settings.photo_size[0] * settings.photo_size[1] / 1e6:.3g} MP"
    note = (
        f"The network sees a small copy; the rest is decoding, edges and encoding. {usable_cores()} cores can be used."
    )
    return Table(title, rows, note)


def row(name: str, per_second: float, usage: Usage | None = None) -> dict[str, Value]:
    """One line of either table."""
    return {
        "": name,
        "per second": per_second,
        "cores busy": usage and usage.cores_busy,
        "peak MiB": usage and usage.peak_mib,
    }


def whole(command: str, folder: Path, out: Path, *arguments: str) -> Usage:
    """A run of bgtool over a folder, into an empty one."""
    return run([*BGTOOL, command, folder, "-o", emptied(out), "--device", "cpu", "--quiet", *arguments])


def bare_loop(model: Model, scans: list[np.ndarray]) -> list[float]:
    """Seconds a page of the network on decoded pages, in the windows of the program."""
    seconds = []
    for scan in scans:
        start = time.perf_counter()
        for _ in clean_bands(ArraySource(scan), model, default_tile(model.card), lambda pixels: None):
            pass
        seconds.append(time.perf_counter() - start)
    return seconds
