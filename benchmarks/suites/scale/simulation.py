"""A run over ten million files on machines that fail, played through: how much time the failures cost.

Files go to workers in batches, as `bgtool.engine.ray` gives them out. A worker that fails loses what it has under way;
these files are done again one by one, and another worker takes its place after a while. Nothing is measured here:
seconds per file and rates of failure are given.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from bgtool.engine.ray import BATCH_SECONDS, CALLS, LARGEST_BATCH


@dataclass(frozen=True)
class Cluster:
    """What is played through.

    Attributes:
        workers: their number.
        seconds: that a file takes a worker, in the mean; single ones vary by a log-normal of `spread`.
        failures: of a worker in an hour.
        replaced: seconds until another has loaded the model.
    """

    workers: int
    seconds: float
    failures: float
    replaced: float = 60.0
    spread: float = 0.5


@dataclass(frozen=True)
class Played:
    """What came out: seconds until the last file, failures, files that were begun more than once."""

    seconds: float
    failures: int
    again: int


def play(cluster: Cluster, files: int, seed: int = 0) -> Played:
    """One run."""
    rng = np.random.default_rng(seed)
    batch = int(np.clip(BATCH_SECONDS / cluster.seconds, 1, LARGEST_BATCH))
    sizes = np.full(-(-files // batch), batch)
    sizes[-1] -= sizes.sum() - files
    sigma = cluster.spread / batch**0.5
    times = cluster.seconds * sizes * rng.lognormal(-(sigma**2) / 2, sigma, len(sizes))
    rate = cluster.failures / 3600
    free = [(0.0, worker) for worker in range(cluster.workers)]
    next_failure = rng.exponential(1 / rate, cluster.workers) if rate else np.full(cluster.workers, np.inf)
    failures = again = 0
    end = 0.0
    for size, seconds in zip(sizes, times, strict=True):
        now, worker = heapq.heappop(free)
        while now + seconds > next_failure[worker]:
            lost = min(int(size) * CALLS, files)
            failures, again = failures + 1, again + lost
            now = next_failure[worker] + cluster.replaced + lost * cluster.seconds  # what it had, one by one
            next_failure[worker] = now + rng.exponential(1 / rate)
        now += seconds
        end = max(end, now)
        heapq.heappush(free, (now, worker))
    return Played(float(end), failures, again)
