"""What `python -m benchmarks scale` plays through, and the run of made-up objects that it measures."""

import json
import subprocess
import sys

import pytest

from benchmarks.suites.scale.simulation import Cluster, play
from tests.support.places import ROOT


def test_without_failures_the_workers_share_the_work():
    played = play(Cluster(workers=50, seconds=0.5, failures=0.0), 100_000)
    assert played.seconds == pytest.approx(100_000 * 0.5 / 50, rel=0.05)
    assert (played.failures, played.again) == (0, 0)


def test_failures_cost_what_was_under_way_and_the_time_of_a_replacement():
    never, often = (play(Cluster(50, 0.5, rate, replaced=100.0), 100_000) for rate in (0.0, 2.0))
    expected = 2.0 / 3600 * 50 * often.seconds
    assert often.failures == pytest.approx(expected, rel=0.3)
    lost = often.failures * 100.0 / 50
    assert never.seconds + 0.8 * lost < often.seconds < never.seconds + 2 * lost
    assert often.again >= often.failures


def test_a_run_over_objects_that_are_all_done_leaves_nothing_and_grows_little_with_their_number():
    pytest.importorskip("fsspec")
    few, many = (entries(count) for count in (2_500, 40_000))
    assert few["left"] == many["left"] == 0
    assert many["peak"] - few["peak"] < 20, "MiB: the plan, the record and the listings lie on the disk"


def entries(count):
    command = [sys.executable, "-m", "benchmarks.suites.scale.entries", str(count)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, cwd=ROOT, check=True).stdout)
