"""How bgtool grows beyond one machine: memory and time of the driver, Ray's share, requests, cost, failures."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.harness.material import page, pages
from benchmarks.harness.measure import BGTOOL, ROOT, emptied, in_turns, run
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
    return [driver(settings), engines(settings), cost(settings), failures(settings)]


def driver(settings: Settings) -> Table:
    """CPU seconds and memory of a run that finds everything done."""
    rows = []
    for count in ENTRIES[: 2 if settings.quick else None]:
        command = [sys.executable, "-m", "benchmarks.suites.scale.entries", str(count)]
        usage = run(command)
        told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, cwd=ROOT, check=True).stdout)
        rows.append({
            "objects": count, "reading the manifest, s": told["read"], "planning, s": told["plan"],
            "finding what is left, s": told["due"], "peak MiB": usage.peak_mib,
        })  # fmt: skip
    return Table("A run that finds all objects of a store done", rows, "CPU seconds of one core; no requests.")


def engines(settings: Settings) -> Table:
    """The same folder by a process of its own and by one and two workers of a Ray cluster on this machine."""
    folder = pages(settings.build / "material" / "scale", settings.pages, settings.page_size)
    out = settings.build / "scale-out"

    def clean(*more: str) -> float:
        emptied(out)
        run([*BGTOOL, "clean", folder, "-o", out, "--device", "cpu", "--quiet", *more])
        lines = (out / "bgtool-manifest.jsonl").read_text().splitlines()
        assert all(json.loads(line)["status"] == "done" for line in lines)
        return busy_seconds(out)

    ray = ["--engine", "ray", "--ray-address", "local"]
    rivals = {
        "process": partial(clean, "--jobs", "2"),
        "ray, 1 worker": partial(clean, *ray, "--workers", "1", "--jobs", "2"),
        "ray, 2 workers": partial(clean, *ray, "--workers", "2", "--jobs", "1"),
    }
    seconds = {name: median(taken) for name, taken in in_turns(rivals, settings.rounds).items()}
    rows = [
        {"engine": name, "s": taken, "files/s": settings.pages / taken, "times the process": seconds["process"] / taken}
        for name, taken in seconds.items()
    ]
    return Table(f"{settings.pages} pages by engine", rows, "From the first output to the last.")


def busy_seconds(folder: Path) -> float:
    """From the first output to the last, without the start of a cluster; what one file takes is added for the first."""
    times = sorted(path.stat().st_mtime for path in folder.iterdir() if not path.name.startswith("bgtool-"))
    return (times[-1] - times[0]) * len(times) / max(1, len(times) - 1)


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
