"""Kills and interruptions: whatever the moment, nothing is lost, nothing half-written, nothing done twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PAGES, KILLS = 40, 50
SUFFIXES = (".png", ".jpg", ".tif", ".webp", ".bmp", ".pgm", ".jp2", ".tiff")
MANIFEST = "bgtool-manifest.jsonl"

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes as Linux shows them")


def write_pages(folder):
    """40 pages of mixed formats in two folders; the .tiff ones have two pages each."""
    for index in range(PAGES):
        rng = np.random.default_rng(index)
        pixels = rng.integers(150, 250, (420, 300 + index), dtype=np.uint8)
        pixels[20:400:9, 20:-20] = rng.integers(0, 80)
        path = folder / ("a" if index % 2 else "b/c") / f"page {index}{SUFFIXES[index % len(SUFFIXES)]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        image, options = Image.fromarray(pixels), {}
        if path.suffix == ".tiff":
            options = {"save_all": True, "append_images": [image.rotate(180)]}
        image.save(path, **options)


def hear_signals():
    """A background job and nohup hand down "ignore"."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Run:
    """A `bgtool clean` in a process group of its own, as a terminal would start it."""

    def __init__(self, source, out, model):
        command = [sys.executable, "-m", "bgtool", "clean", source, "-o", out, "--model", model, "--device", "cpu"]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=hear_signals,
        )

    def wait_for_work(self):
        """Return when the first page is about to begin."""
        assert any(" to do" in line for line in self.process.stderr)

    def kill(self, *, whole_group):
        if whole_group:
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.stderr.close()
        self.process.wait()

    def finish(self):
        text = self.process.communicate(timeout=240)[1]
        return self.process.returncode, text

    def survivors(self):
        """Processes of the group that still run."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, group = stat.read_text().rsplit(")", 1)[1].split()[:3]
            except OSError:  # it ended meanwhile
                continue
            if int(group) == self.process.pid and state not in "ZX":
                found.append(int(stat.parent.name))
        return found


@pytest.fixture(scope="module")
def pages(tmp_path_factory, tiny_model_file):
    """Starts runs over the 40 pages; what an undisturbed one makes, and its seconds before and during the work."""
    home = tmp_path_factory.mktemp("pages")
    write_pages(home / "in")
    start = time.monotonic()
    run = Run(home / "in", home / "undisturbed", tiny_model_file)
    run.wait_for_work()
    ready = time.monotonic()
    code, text = run.finish()
    assert code == 0, text
    seconds = ready - start, time.monotonic() - ready
    return lambda out: Run(home / "in", out, tiny_model_file), outputs(home / "undisturbed"), seconds


def outputs(folder):
    """Content of every file a user sees in there, but for the manifest."""
    visible = (path for path in folder.rglob("[!.]*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder): path.read_bytes() for path in visible}


def temporaries(folder):
    return list(folder.rglob(".bgtool-*"))


def done(folder):
    """How often the manifest calls each output done; only a last line may be torn, and only until the next run."""
    lines = (folder / MANIFEST).read_text().split("\n") if (folder / MANIFEST).exists() else []
    records = [json.loads(line) for line in lines[:-1]]
    assert all(record["status"] == "done" for record in records)
    return Counter(Path(record["output"]) for record in records)


def assert_nothing_is_broken(out, reference):
    """What holds after any end of a run."""
    found, recorded = outputs(out), done(out)
    assert found.items() <= reference.items()
    assert set(recorded) <= set(found)
    assert set(recorded.values()) <= {1}


def assert_complete(out, reference):
    assert outputs(out) == reference
    assert done(out) == dict.fromkeys(reference, 1)
    assert not temporaries(out)


def start_and_see_a_page(start, out):
    run = start(out)
    run.wait_for_work()
    while not done(out):
        time.sleep(0.01)
    return run


def test_fifty_kills_lose_nothing_and_repeat_nothing(pages, tmp_path):
    start, reference, (before_work, work) = pages
    out, rng = tmp_path / "out", random.Random(4)
    progress = []
    for number in range(KILLS):
        run = start(out)
        if number % 5 == 0:  # while it starts
            time.sleep(rng.uniform(0, before_work))
        else:
            run.wait_for_work()
            time.sleep(rng.uniform(0, work / 10))
        run.kill(whole_group=True)
        assert_nothing_is_broken(out, reference)
        progress.append(len(done(out)))
    assert sum(left < PAGES for left in progress) > KILLS / 2, "the kills hit runs with work to do"
    code, text = start(out).finish()
    assert code == 0, text
    assert f"{PAGES - progress[-1]} done" in text
    assert_complete(out, reference)


def test_no_process_outlives_the_one_that_was_killed(pages, tmp_path):
    start, reference, (_, work) = pages
    out, rng = tmp_path / "out", random.Random(5)
    for _ in range(5):
        run = start(out)
        run.wait_for_work()
        time.sleep(rng.uniform(0, work / 10))
        run.kill(whole_group=False)
        for _ in range(300):
            if not run.survivors():
                break
            time.sleep(0.1)
        assert not run.survivors()
        assert_nothing_is_broken(out, reference)
    code, text = start(out).finish()
    assert code == 0, text
    assert_complete(out, reference)


@pytest.mark.parametrize(
    ("number", "whole_group"),
    [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGHUP, True)],
)
def test_an_interruption_ends_soon_with_130_and_says_how_to_go_on(pages, tmp_path, number, whole_group):
    start, reference, _ = pages
    out = tmp_path / "out"
    run = start_and_see_a_page(start, out)
    if whole_group:  # as Ctrl-C does
        os.killpg(run.process.pid, number)
    else:
        run.process.send_signal(number)
    text = run.process.communicate(timeout=30)[1]
    assert run.process.returncode == 130, text
    assert "the same command again goes on where it stopped" in text
    assert "Traceback" not in text
    assert "failed" not in text
    assert not run.survivors()
    assert not temporaries(out)
    assert_nothing_is_broken(out, reference)
    assert set(done(out)) == set(outputs(out)), "what was written is recorded"
    assert 0 < len(done(out)) < PAGES
    code, text = start(out).finish()
    assert code == 0, text
    assert_complete(out, reference)


def test_a_working_process_that_is_killed_costs_no_page(pages, tmp_path):
    """As the system does when memory runs out; only the process that records must live."""
    start, reference, _ = pages
    out = tmp_path / "out"
    run = start_and_see_a_page(start, out)
    workers = [pid for pid in run.survivors() if pid != run.process.pid]
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    code, text = run.finish()
    assert code == 0, text
    assert_complete(out, reference)
