"""The cores that a run may use are the ones it uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bgtool.runtime import cores

ON_ONE_CORE = """
import os, pathlib
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from bgtool.runtime.session import load_model
import numpy as np
model = load_model(device="cpu")
model.run(np.zeros((1, 64, 64, 3), np.uint8))
threads = [int(path.name) for path in pathlib.Path("/proc/self/task").iterdir()]
print(len(set().union(*map(os.sched_getaffinity, threads))))
"""


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system has no affinity mask")
def test_no_thread_of_the_network_leaves_the_affinity_mask() -> None:
    done = subprocess.run([sys.executable, "-c", ON_ONE_CORE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1"], done.stderr


@pytest.mark.parametrize(
    ("quota", "most"), [("50000 100000", 1), ("100000 100000", 1), ("150000 100000", 2), ("max 100000", 10**6)]
)
def test_a_container_has_the_cores_of_its_quota(
    quota: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = cores.usable_cores()
    (tmp_path / "cpu.max").write_text(quota + "\n")
    monkeypatch.setattr(cores, "QUOTA", tmp_path / "cpu.max")
    assert cores.usable_cores() == min(without, most)
