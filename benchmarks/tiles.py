"""Throughput of the shipped document model against the side of its windows, on one A4 page at 300 dpi."""

from __future__ import annotations

import numpy as np

from benchmarks.side_by_side import medians, print_table
from bgtool.api import ArraySource
from bgtool.document import clean_page
from bgtool.options import Style
from bgtool.runtime import load_model

PAGE = (3508, 2480)
TILES = (256, 512, 768, 1024, 1536, 2048, 4096)


def main() -> dict[str, float]:
    """Print the table; returns seconds by side."""
    model = load_model(device="cpu")
    source = ArraySource(np.random.default_rng(0).integers(0, 256, (*PAGE, 3), dtype=np.uint8))
    rivals = {
        f"--tile {tile}": (lambda tile=tile: clean_page(source, model, Style.GRAY, tile))
        for tile in TILES
        if tile > 2 * model.card.halo
    }
    seconds = medians(rivals, rounds=3)
    print_table("One A4 page at 300 dpi, by --tile", seconds, "MP", PAGE[0] * PAGE[1] / 1e6)
    return seconds
