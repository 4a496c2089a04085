"""Fair timing of rivals in one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def medians(rivals: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each rival over rounds in which all take turns, after one round to warm up."""
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for turn in range(rounds + 1):
        for name, run in rivals.items():
            start = time.perf_counter()
            run()
            if turn:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def print_table(title: str, seconds: Mapping[str, float], unit: str, amount: float) -> None:
    """One line a rival: amount per second, and how many times as fast as the slowest it is."""
    slowest = max(seconds.values())
    print(title)
    for name, value in seconds.items():
        print(f"  {name:<28} {value * 1000:10.1f} ms  {amount / value:10.3f} {unit}/s  {slowest / value:6.1f} ×")
