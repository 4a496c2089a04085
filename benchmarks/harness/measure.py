"""Fair measuring: rivals take turns, and of every command time, work and memory are known."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks.harness import timed

BGTOOL = [sys.executable, "-m", "bgtool"]
ROOT = Path(__file__).parents[2]

T = TypeVar("T")


@dataclass(frozen=True)
class Usage:
    """What one command took.

    Attributes:
        seconds: from start to end.
        cpu_seconds: of all its threads and children.
        peak_mib: largest resident set of one process.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float

    @property
    def cores_busy(self) -> float:
        """Mean number of cores at work."""
        return self.cpu_seconds / self.seconds


def run(command: Sequence[str | Path], cores: Iterable[int] = (), **variables: str) -> Usage:
    """Run a command to its end, with these environment variables, on some cores only if they are named.

    Raises:
        RuntimeError: it did not exit with 0; with the end of what it printed.
    """
    if command[0] == sys.executable:
        variables["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        launcher = [sys.executable, "-I", "-S", timed.__file__, report, ",".join(map(str, cores))]
        environment = os.environ | variables
        ended = subprocess.run([*launcher, *command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if ended.returncode:
            printed = ended.stdout[-2000:].decode(errors="replace")
            raise RuntimeError(f"{command} exited with {ended.returncode}: {printed}")
        return Usage(**json.loads(report.read_text()))


def emptied(folder: Path) -> Path:
    """The folder, there and empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def in_turns(rivals: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """What each rival gives over rounds in which all take turns."""
    results: dict[str, list[T]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, rival in rivals.items():
            results[name].append(rival())
    return results


def median_usage(usages: Sequence[Usage]) -> Usage:
    """The run whose time is the (upper) median."""
    return sorted(usages, key=lambda usage: usage.seconds)[len(usages) // 2]


def medians(rivals: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of functions that take turns, after one turn to warm up."""

    def timed(call: Callable[[], object]) -> Callable[[], float]:
        def turn() -> float:
            start = time.perf_counter()
            call()
            return time.perf_counter() - start

        return turn

    seconds = in_turns({name: timed(call) for name, call in rivals.items()}, rounds + 1)
    return {name: statistics.median(values[1:]) for name, values in seconds.items()}
