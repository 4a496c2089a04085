"""How throughput grows with the cores that bgtool may use."""

from __future__ import annotations

import os
from functools import partial

from benchmarks.harness.material import pages
from benchmarks.harness.measure import BGTOOL, Usage, emptied, in_turns, median_usage, run
from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import Table

PAGES = 8
ROUNDS = 3


def measure(settings: Settings) -> list[Table]:
    """Pages a second of a folder by the cores of the affinity mask: powers of two, and all."""
    count = 1 if settings.quick else PAGES
    folder = pages(settings.material / "few-pages", count, settings.page_size)
    out = settings.build / "cores"
    available = sorted(os.sched_getaffinity(0))
    numbers = sorted({len(available), *(2**power for power in range(8) if 2**power <= len(available))})

    def turn(cores: int) -> Usage:
        return run([*BGTOOL, "clean", folder, "-o", emptied(out), "--device", "cpu", "--quiet"], available[:cores])

    usages = in_turns({cores: partial(turn, cores) for cores in numbers}, 1 if settings.quick else ROUNDS)
    usual = {cores: median_usage(runs) for cores, runs in usages.items()}
    rows = [
        {
            "cores": cores,
            "pages/s": count / usage.seconds,
            "% of linear": 100 * usual[1].seconds / (cores * usage.seconds),
            "cores busy": usage.cores_busy,
        }
        for cores, usage in usual.items()
    ]
    return [Table(f"{count} A4 pages at 300 dpi, whole program", rows)]
