"""What bgtool costs before it does anything: start-up time and installed size."""

from __future__ import annotations

import sys
from functools import partial
from statistics import median

import numpy as np
from PIL import Image

from benchmarks.harness.measure import BGTOOL, ROOT, in_turns, run
from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import Table
from benchmarks.peers.environments import environment, size_mib, version
from benchmarks.suites.people.speed import REMBG

SIDE = 64
"""Of a page and photo so small that the network takes next to nothing, in pixels."""


def measure(settings: Settings) -> list[Table]:
    """One table for time, one for size."""
    return [time(settings), size(settings)]


def time(settings: Settings) -> Table:
    """CPU and wall seconds of commands that hardly work."""
    tiny = settings.build / "tiny.png"
    tiny.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((SIDE, SIDE, 3), 200, np.uint8)).save(tiny)
    one_file = [tiny, "-o", settings.build / "tiny-out.png", "--device", "cpu", "--quiet"]
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import bgtool": [sys.executable, "-c", "import bgtool"],
        "bgtool --help": [*BGTOOL, "--help"],
        f"bgtool clean, one page of {SIDE} px": [*BGTOOL, "clean", *one_file],
        f"bgtool cutout, one photo of {SIDE} px": [*BGTOOL, "cutout", *one_file],
    }
    turns = {name: partial(run, command) for name, command in commands.items()}
    usages = in_turns(turns, 2 if settings.quick else 7)
    rows = [
        {
            "": name,
            "CPU s": median(usage.cpu_seconds for usage in runs),
            "s": median(usage.seconds for usage in runs),
            "peak MiB": median(usage.peak_mib for usage in runs),
        }
        for name, runs in usages.items()
    ]
    return Table("Start-up: all that is done before the first real tile", rows)


def size(settings: Settings) -> Table:
    """Disk space of fresh environments beyond that of an empty one."""
    environments = settings.build / "environments"
    folders = {
        "bgtool[cpu]": environment(environments / "bgtool", f"{ROOT}[cpu]"),
        REMBG: environment(environments / "rembg", REMBG),
    }
    empty = size_mib(environment(environments / "empty"))
    rows = [
        {
            "": name,
            "version": version(folder, name.partition("[")[0]),
            "MiB beyond an empty environment": size_mib(folder) - empty,
            "without models": size_mib(folder, without=".onnx") - empty,
        }
        for name, folder in folders.items()
    ]
    return Table("Installed size", rows, "Disk space as du counts it; rembg downloads its models later.")
