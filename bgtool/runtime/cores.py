"""The cores of the machine that this process may use."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Microseconds of CPU in a period and the period's own, as a container sees them (Linux, control groups version 2)."""

SHARE = "BGTOOL_CORES"
"""Environment variable with the number of cores that a worker of a cluster was given; it may see those of others."""


def usable_cores() -> int:
    """Their number, 1 or more: those of the affinity mask where the system has one, or a container's quota if less."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores = min(cores, int(os.environ.get(SHARE) or cores))
    with suppress(OSError, ValueError):  # none is read as "max", which is no number
        quota, period = map(int, QUOTA.read_text().split())
        return max(1, min(cores, -(-quota // period)))
    return cores
