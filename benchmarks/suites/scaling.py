"""How time, memory and throughput grow with pages and tiles."""

from __future__ import annotations

from functools import partial

import numpy as np
from PIL import Image

from benchmarks.harness.material import page, pages
from benchmarks.harness.measure import BGTOOL, medians, run
from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import Table
from bgtool.api import ArraySource
from bgtool.options import Style
from bgtool.runtime.session import load_model
from bgtool.tasks.document import clean_page

MEGAPIXELS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
TILES = (384, 512, 768, 1024, 1536, 2048, 2560)
QUICK_MEGAPIXELS = 2
QUICK_TILE = 512


def measure(settings: Settings) -> list[Table]:
    """Two tables."""
    return [by_page_size(settings), by_tile(settings)]


def by_page_size(settings: Settings) -> Table:
    """Seconds and memory of one page, whole program."""
    largest = min(settings.max_megapixels, QUICK_MEGAPIXELS if settings.quick else np.inf)
    out = settings.build / "scaling.png"
    rows = []
    for megapixels in (size for size in MEGAPIXELS if size <= largest):
        scan = page(settings.build / "material" / "sizes" / f"{megapixels}.jpg", megapixels)
        usage = run([*BGTOOL, "clean", scan, "-o", out, "--overwrite", "--device", "cpu", "--quiet"])
        rows.append({"megapixels": megapixels, "s": usage.seconds, "peak MiB": usage.peak_mib})
        out.unlink()
    return Table("One JPEG page to PNG by its size", rows)


def by_tile(settings: Settings) -> Table:
    """Throughput of the network by the largest side of its windows."""
    model = load_model(device="cpu")
    scan = np.asarray(
        Image.open(next(pages(settings.material / "one-page", 1, settings.page_size).iterdir())).convert("RGB")
    )
    source = ArraySource(scan)
    tiles = [tile for tile in TILES if tile > 2 * model.card.halo and (not settings.quick or tile <= QUICK_TILE)]
    calls = {tile: partial(clean_page, source, model, Style.GRAY, tile) for tile in tiles}
    seconds = medians(calls, 1 if settings.quick else 2)
    megapixels = np.prod(source.size) / 1e6
    rows = [{"--tile": tile, "MP/s": megapixels / value} for tile, value in seconds.items()]
    return Table("One A4 page at 300 dpi by --tile", rows, "Network and tiles alone, in one process.")
