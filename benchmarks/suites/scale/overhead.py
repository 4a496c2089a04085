"""``python -m benchmarks.suites.scale.overhead [ROUNDS] [PAGES] [WIDTH]``: what a file costs by engine.

Pages are WIDTH pixels wide; unless it is given, so small that little but the way of a file counts. The engines take
turns in one process, with one Ray cluster on this machine. From an early outcome to the last it tells seconds by the
clock and CPU seconds of this process and all below it. For Linux. Prints, as JSON, for each engine both for a file, of
each round.
"""

from __future__ import annotations

import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

import bgtool
from benchmarks.harness.measure import in_turns
from bgtool.batch.observer import Silent

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def cpu_seconds() -> float:
    """Of this process and all below it that are there, with the children that they have waited for."""
    parents, spent = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        pid = int(path.parent.name)
        parents[pid], spent[pid] = int(fields[1]), sum(map(int, fields[11:15])) / TICKS

    def is_ours(pid: int) -> bool:
        while pid > 1:
            if pid == os.getpid():
                return True
            pid = parents.get(pid, 0)
        return False

    return sum(seconds for pid, seconds in spent.items() if is_ours(pid))


class Clock(Silent):
    """Clock and CPU at every outcome."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float]] = []

    def finished(self, outcome: object) -> None:
        self.seen.append((time.monotonic(), cpu_seconds()))

    def a_file(self) -> tuple[float, float]:
        """Seconds of both, for each file after the first few, which are told as they come."""
        first, last = self.seen[4], self.seen[-1]
        return tuple((end - begin) / (len(self.seen) - 5) for begin, end in zip(first, last, strict=True))


def clean(source: Path, **options: object) -> tuple[float, float]:
    """Do all files of a folder; seconds and CPU seconds of one."""
    clock = Clock()
    with TemporaryDirectory() as out:
        summary = bgtool.clean_files(source, output=out, device="cpu", observer=clock, **options)
        assert summary.failed == 0
    return clock.a_file()


def main(rounds: int = 3, pages: int = 60, width: int = 90) -> None:
    """Measure."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    with TemporaryDirectory() as text:
        for number in range(pages):
            pixels = np.random.default_rng(number).integers(150, 250, (width * 4 // 3, width), dtype=np.uint8)
            Image.fromarray(pixels).save(Path(text) / f"{number}.png")
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        of = partial(clean, Path(text))
        rivals = {
            "process": partial(of, jobs=2),
            "ray, 1 worker": partial(of, engine="ray", workers=1, jobs=2),
            "ray, 2 workers": partial(of, engine="ray", workers=2, jobs=1),
        }
        print(json.dumps(in_turns(rivals, rounds)))
        ray.shutdown()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
