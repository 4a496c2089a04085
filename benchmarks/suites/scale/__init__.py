"""How bgtool grows beyond one machine: memory and time of the driver, Ray's share, requests, cost, failures."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from statistics import median
from typing import Any

import numpy as np

from benchmarks.harness.material import page
from benchmarks.harness.measure import BGTOOL, ROOT, run
from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import Table
from benchmarks.suites.scale.simulation import Cluster, play

ENTRIES = (1_000, 10_000, 100_000, 1_000_000)
FITTED, CHECKED = (1, 2, 5), 3
"""Megapixels of the pages that the cost is fitted on, and of one that is not among them."""

FAILURES = (0.0, 0.01, 0.1, 1.0)
"""Of a worker in an hour."""


def measure(settings: Settings) -> list[Table]:
    """One table for each question."""
    return [driver(settings), *engines(settings), cost(settings), failures(settings)]


def driver(settings: Settings) -> Table:
    """CPU seconds and memory of a run that finds everything done."""
    rows = []
    for count in ENTRIES[: 2 if settings.quick else None]:
        told = printed("entries", count)
        rows.append({
            "objects": count, "reading the manifest, s": told["read"], "planning, s": told["plan"],
            "finding what is left, s": told["due"], "peak MiB": told["peak"],
        })  # fmt: skip
    return Table("A run that finds all objects of a store done", rows, "CPU seconds of one core; no requests.")


def engines(settings: Settings) -> Iterator[Table]:
    """What a file costs by a process of its own and by one and two workers of a Ray cluster on this machine."""
    for pages, width in ((20, 90),) if settings.quick else ((60, 90), (40, 600)):
        rounds = printed("overhead", settings.rounds, pages, width)
        of_process = median(seconds for seconds, _ in rounds["process"])
        rows = []
        for name, taken in rounds.items():
            seconds, cpu = (median(each) for each in zip(*taken, strict=True))
            pace = of_process / seconds
            rows.append({"engine": name, "s a file": seconds, "pace to process": pace, "CPU s a file": cpu})
        title = f"{pages} pages of {width * width * 4 / 3e6:.2f} megapixels by engine"
        yield Table(title, rows, f"Medians of {settings.rounds} rounds in turns.")


def printed(module: str, *arguments: int) -> Any:
    """What a module beside this one prints."""
    command = [sys.executable, "-m", f"{__name__}.{module}", *map(str, arguments)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, cwd=ROOT, check=True).stdout)


def cost(settings: Settings) -> Table:
    """CPU seconds of a page by its size, fitted on three sizes and checked on a fourth."""
    folder = settings.build / "material" / "sizes"
    rounds = 1 if settings.quick else 3

    def spent(megapixels: float) -> float:
        out = settings.build / "scale.png"
        command = [*BGTOOL, "clean", page(folder / f"{megapixels}.jpg", megapixels), "-o", out, "--overwrite"]
        usages = [run([*command, "--device", "cpu", "--quiet"]) for _ in range(rounds)]
        out.unlink()
        return median(usage.cpu_seconds for usage in usages)

    taken = {size: spent(size) for size in (*FITTED, CHECKED)}
    slope, start = np.polyfit(FITTED, [taken[size] for size in FITTED], 1)
    rows = [
        {"megapixels": size, "CPU s": seconds, "CPU s by the model": float(start + slope * size),
         "off, %": float(100 * (start + slope * size) / seconds - 100)}
        for size, seconds in taken.items()
    ]  # fmt: skip
    note = f"Fitted on {FITTED} MP: {start:.2f} s for the start of a run and {slope:.2f} s a megapixel."
    return Table("CPU of one page by its size", rows, note)


def failures(settings: Settings) -> Table:
    """Time that failures of workers cost, played through."""
    files = 100_000 if settings.quick else 10_000_000
    rows = []
    for rate in FAILURES:
        clean, failing = (play(Cluster(1000, 4.0, each), files) for each in (0.0, rate))
        rows.append({
            "failures of a worker an hour": rate, "hours": failing.seconds / 3600, "failures": failing.failures,
            "files done again": failing.again, "time lost, %": 100 * (failing.seconds / clean.seconds - 1),
        })  # fmt: skip
    note = "A simulation; a failed worker is replaced after 60 s."
    return Table(f"{files:,} files of 4 s on 1,000 workers that fail", rows, note)
