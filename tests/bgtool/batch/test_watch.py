import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bgtool.batch.history import read
from bgtool.batch.watch import SETTLE_SECONDS, Arrivals
from bgtool.engine.job import Job


def png(path: Path, seed: int = 0) -> bytes:
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (64, 80), dtype=np.uint8)).save(path)
    return path.read_bytes()


def wait_for(condition, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_file_is_taken_when_it_has_stopped_growing(tmp_path):
    path = tmp_path / "a.png"
    job = Job(str(path), str(tmp_path / "out.png"))
    path.write_bytes(b"1")
    clock = path.stat().st_mtime
    arrivals = Arrivals(lambda: clock)
    assert arrivals.take([job]) == []
    assert arrivals.growing
    path.write_bytes(b"12")
    clock += SETTLE_SECONDS
    assert arrivals.take([job]) == [], "it has grown since it was last seen"
    clock += SETTLE_SECONDS
    assert arrivals.take([job]) == [job]
    assert arrivals.take([job]) == [], "what failed as it is now is not tried again"
    path.write_bytes(b"123")
    clock += 100
    assert arrivals.take([job]) == [job]


def test_a_file_that_lay_there_is_taken_at_once_and_one_that_went_is_none(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"1")
    jobs = [Job(str(path), "a"), Job(str(tmp_path / "gone.png"), "b")]
    arrivals = Arrivals(lambda: path.stat().st_mtime + SETTLE_SECONDS + 0.1)
    assert arrivals.take(jobs) == jobs[:1]
    assert not arrivals.growing


@pytest.mark.skipif(sys.platform == "win32", reason="ended by a signal here")
def test_pages_come_out_as_scans_come_in(tmp_path, tiny_model_file):
    pytest.importorskip("watchfiles")
    scans, out = tmp_path / "scans", tmp_path / "out"
    (scans / "deep").mkdir(parents=True)
    whole = png(tmp_path / "large.png")
    command = [sys.executable, "-m", "bgtool", "clean", scans, "-o", out, "--model", tiny_model_file, "--watch"]
    with subprocess.Popen(
        [*command, "--device", "cpu"], stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        png(scans / "first.png")
        wait_for((out / "first.png").exists)
        (scans / "bad.png").write_bytes(b"no image")
        with (scans / "deep" / "slow.png").open("wb", buffering=0) as slow:
            for part in range(4):
                slow.write(whole[part * len(whole) // 4 : (part + 1) * len(whole) // 4])
                time.sleep(SETTLE_SECONDS / 3)
        wait_for((out / "deep" / "slow.png").exists)
        png(scans / "first.png", seed=1)
        stamp = (scans / "first.png").stat()
        wait_for(lambda: read(out).is_done(str(scans / "first.png"), str(out / "first.png"), *key(out)))
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.count("failed") == 1, said
    assert f"done {scans / 'deep' / 'slow.png'} -> {out / 'deep' / 'slow.png'}" in said
    assert (scans / "first.png").stat().st_mtime_ns == stamp.st_mtime_ns


def key(out: Path) -> tuple[str, str]:
    import json

    record = json.loads((out / "bgtool-manifest.jsonl").read_text().splitlines()[-1])
    return record["options"], record["model_sha256"]


def test_watching_wants_folders(tmp_path, tiny_model_file):
    png(tmp_path / "a.png")
    command = [sys.executable, "-m", "bgtool", "clean", tmp_path / "a.png", "-o", tmp_path / "out", "--watch"]
    run = subprocess.run(
        [*command, "--model", tiny_model_file, "--device", "cpu"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "--watch needs an input folder" in run.stderr
    assert not (tmp_path / "out").exists()
