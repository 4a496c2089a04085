"""A real Ray cluster of two nodes does what the process engine does, whatever is lost on the way."""

import json
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from pathlib import Path

import pytest

import bgtool
from bgtool.batch.observer import Silent
from bgtool.engine import ray as engine
from bgtool.engine.job import Job, Outcome, Status
from bgtool.engine.ray_worker import RayWorker, fingerprints
from bgtool.errors import DeviceError, OutputError, UsageError
from bgtool.options import CleanOptions
from bgtool.storage.file_journal import FILE_NAME as MANIFEST
from bgtool.storage.stores import store_of
from bgtool.tasks.order import order_for
from tests.support.object_store import object_store
from tests.support.pages import tree, write_pages
from tests.support.places import ROOT

ray = pytest.importorskip("ray")
pytest.importorskip("moto")
pytest.importorskip("s3fs")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a cluster of several nodes on one machine")

PAGES, REMOVALS, TRIES = 60, 5, 4

POISON = """
import os, signal, time
from PIL import Image
open_image = Image.open

def open(file, *arguments, **options):
    name = os.path.basename(str(getattr(file, "name", "")))
    if name.startswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if name.startswith("poison"):
        os.kill(os.getppid(), signal.SIGKILL)  # the actor
    while name.startswith("held") and os.path.exists(os.path.join(os.path.dirname(file.name), "..", "gate")):
        time.sleep(0.1)
    return open_image(file, *arguments, **options)

Image.open = open
"""
"""A decoder that some files crash, others make end the worker, and a third kind hold as long as there is a gate; put
into every Python of the cluster."""


class TwoNodes:
    """A head and a second node, which can be taken away and brought back."""

    def __init__(self):
        from ray.cluster_utils import Cluster

        for attempt in range(TRIES):
            self._cluster = Cluster()
            try:
                self._add()
                break
            except Exception:  # a head ends itself where its agents take more than 15 s, as on a busy machine
                self._cluster.shutdown()
                if attempt + 1 == TRIES:
                    raise
        self._cluster._shutdown_at_exit = False  # of nodes to come: signals are heard in the main thread only
        self.second, self.added = None, 0
        self.replace_second()
        self.address = self._cluster.address

    def _add(self):
        return self._cluster.add_node(num_cpus=1, object_store_memory=200 << 20, include_dashboard=False)

    def replace_second(self):
        if self.second:
            self._cluster.remove_node(self.second)
        self.second = None
        for _ in range(TRIES):
            try:
                self.second = self._add()
                self.added += 1
                return
            except Exception:  # as above; the next call tries again
                continue

    def shutdown(self):
        self._cluster.shutdown()


@pytest.fixture(scope="module")
def server():
    with object_store() as proxy:
        for bucket in ("scans", "clean"):
            store_of("s3://").fs.call_s3("create_bucket", Bucket=bucket)
        yield proxy


@pytest.fixture(scope="module")
def nodes(server, tmp_path_factory):
    """The cluster, whose workers know the server."""
    poison = tmp_path_factory.mktemp("poison")
    (poison / "sitecustomize.py").write_text(POISON)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(poison), str(ROOT)]), prepend=os.pathsep)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_agent_register_timeout_ms", "120000")  # of a node, where other programs are at work, too
        cluster = TwoNodes()
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        try:
            yield cluster
        finally:
            ray.shutdown()
            cluster.shutdown()


@pytest.fixture(scope="module")
def pages(tmp_path_factory, tiny_model_file):
    """Pages on a disk, and what the process engine makes of them."""
    folder = tmp_path_factory.mktemp("pages")
    write_pages(folder / "in", PAGES)
    assert bgtool.clean_files(folder / "in", output=folder / "out", model=tiny_model_file, device="cpu").done == PAGES
    return folder


class Watching(Silent):
    """Calls something after some outcomes, once at a time, and keeps what is said."""

    def __init__(self, after=(), call=lambda: None):
        self._after, self._call, self.outcomes, self.notes = set(after), call, [], []
        self._turns, self._calls = threading.Lock(), []

    def finished(self, outcome):
        self.outcomes.append(outcome)
        if len(self.outcomes) in self._after:
            self._calls.append(threading.Thread(target=self._in_turn))
            self._calls[-1].start()

    def _in_turn(self):
        with self._turns:
            self._call()

    def wait(self):
        """Until all is called: the next test wants the cluster whole."""
        for call in self._calls:
            call.join()

    def note(self, text):
        self.notes.append(text)


def clean(model, source, output, observer=None):
    return bgtool.clean_files(
        source, output=output, model=model, device="cpu", engine="ray", workers=2, observer=observer
    )


def lines(folder):
    return [json.loads(line) for line in (folder / MANIFEST).read_text().splitlines()]


def test_the_bytes_are_those_of_the_process_engine(nodes, pages, tiny_model_file, tmp_path, monkeypatch):
    monkeypatch.chdir(pages)  # workers have another current folder
    watching = Watching()
    summary = clean(tiny_model_file, "in", tmp_path / "out", watching)
    assert (summary.done, summary.failed) == (PAGES, 0)
    assert tree(tmp_path / "out") == tree(pages / "out")
    kept = ("input", "root", "size", "mtime_ns", "input_sha256", "output", "output_sha256", "options", "model_sha256")
    expected = sorted([line[key] for key in kept] for line in lines(pages / "out"))
    assert sorted([line[key] for key in kept] for line in lines(tmp_path / "out")) == expected
    assert {Path(outcome.source).parts[0] for outcome in watching.outcomes} == {"in"}, "as the user named them"
    said = [note for note in watching.notes if note.startswith("files by worker:")]
    assert len(said) == 1
    assert said[0].count("/s)") in (1, 2), "one may be slow to load the model"
    assert clean(tiny_model_file, "in", tmp_path / "out").skipped == PAGES


def test_nodes_that_go_and_come_lose_nothing_and_do_nothing_twice(nodes, pages, tiny_model_file, tmp_path):
    before = nodes.added
    moments = sorted(random.Random(5).sample(range(2, PAGES - 5), REMOVALS))
    watching = Watching(moments, nodes.replace_second)
    summary = clean(tiny_model_file, pages / "in", tmp_path / "out", watching)
    watching.wait()
    assert nodes.added > before, "a busy machine may fail at some"
    assert (summary.done, summary.failed) == (PAGES, 0)
    assert tree(tmp_path / "out") == tree(pages / "out")
    outputs = [line["output"] for line in lines(tmp_path / "out")]
    assert len(outputs) == len(set(outputs)) == PAGES


def test_files_that_crash_a_decoder_or_kill_a_worker_cost_themselves_alone(nodes, tiny_model_file, tmp_path):
    write_pages(tmp_path / "in", 8)
    page = (tmp_path / "in" / "b" / "c" / "page 0.png").read_bytes()
    for name in ("crash.png", "poison.png"):
        (tmp_path / "in" / name).write_bytes(page)
    summary = clean(tiny_model_file, tmp_path / "in", tmp_path / "out")
    errors = {Path(outcome.source).name: outcome.error for outcome in summary.outcomes if outcome.error}
    assert summary.done == 8
    assert "SIGSEGV" in errors.pop("crash.png")
    assert "killed twice" in errors.pop("poison.png")
    assert not errors
    assert not list((tmp_path / "out").rglob(".bgtool-[0-9]*"))


def test_from_bucket_to_bucket_with_a_node_lost_on_the_way(nodes, pages, tiny_model_file):
    fs = store_of("s3://").fs
    for name, content in tree(pages / "in").items():
        fs.pipe_file(f"s3://scans/{name}", content)
    watching = Watching([9], nodes.replace_second)
    summary = clean(tiny_model_file, "s3://scans/", "s3://clean/", watching)
    watching.wait()
    assert (summary.done, summary.failed) == (PAGES, 0)
    found = {path.removeprefix("clean/"): fs.cat_file(path) for path in fs.find("clean") if MANIFEST not in path}
    assert found == tree(pages / "out")
    assert clean(tiny_model_file, "s3://scans/", "s3://clean/").skipped == PAGES


def test_a_run_that_is_interrupted_or_killed_is_taken_up(nodes, pages, tiny_model_file, tmp_path):
    shutil.copytree(pages / "in", tmp_path / "in")
    held, out = tmp_path / "in" / "held.png", tmp_path / "out"
    held.write_bytes((pages / "in" / "b" / "c" / "page 0.png").read_bytes())
    (tmp_path / "gate").touch()  # no run comes to its end before it is ended
    command = [sys.executable, "-m", "bgtool", "clean", tmp_path / "in", "-o", out, "--model", tiny_model_file]
    command += ["--device", "cpu", "--engine", "ray", "--ray-address", nodes.address, "--workers", "2"]
    for number in (signal.SIGINT, signal.SIGKILL):
        before = len(lines(out)) if out.exists() else 0
        run = subprocess.Popen(
            list(map(str, command)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # which background jobs ignore
        )
        while not (out / MANIFEST).exists() or len((out / MANIFEST).read_text().splitlines()) < before + 5:
            assert run.poll() is None, run.stderr.read()
            time.sleep(0.05)
        run.send_signal(number)
        said, errors = run.communicate()
        assert said == ""
        assert run.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL), errors
    (tmp_path / "gate").unlink()
    summary = clean(tiny_model_file, tmp_path / "in", out)
    assert summary.failed == 0
    assert summary.skipped >= 10
    made = tree(out)
    assert made.pop("held.png") == made["b/c/page 0.png"]
    assert made == tree(pages / "out")
    assert len({line["output"] for line in lines(out)}) == PAGES + 1


def test_a_node_that_is_not_like_the_others_is_named(nodes, pages, tiny_model_file, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(engine, "__version__", "0.0.1")
        with pytest.raises(DeviceError, match=r"node .+ has bgtool .+, this machine 0\.0\.1"):
            clean(tiny_model_file, pages / "in", tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr(engine, "digest_of", lambda path: "0" * 64)
        with pytest.raises(DeviceError, match="runs another model"):
            clean(tiny_model_file, pages / "in", tmp_path / "out")
    monkeypatch.setattr(engine, "fingerprints", lambda paths: dict.fromkeys(fingerprints(paths), (True, 1)))
    with pytest.raises(UsageError, match=r"node .+ does not see .+ as this machine does"):
        clean(tiny_model_file, pages / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_files_that_are_finished_when_a_run_must_stop_are_told(tmp_path):
    first, second, third = (Job(f"{name}.png", f"out/{name}.png") for name in "abc")
    worker, batches = RayWorker(order_for(CleanOptions(inputs=(), output="")), 1), queue.SimpleQueue()
    threading.Thread(target=lambda: batches.put(worker.do([first, second])), daemon=True).start()
    while len(worker._futures) < 2:
        time.sleep(0.01)
    outcome = Outcome(first.source, first.target, Status.DONE)
    worker._futures[second].set_exception(OutputError("the disk is full"))
    worker._futures[first].set_result(outcome)
    batch = batches.get()
    assert batch.outcomes == (outcome, None)
    assert batch.error.reason == "the disk is full"
    driver = engine.RayEngine.__new__(engine.RayEngine)  # without a cluster
    driver._ray, driver._calls, driver._workers, driver._left = ray, {}, [], set()
    driver._losses, driver._news = Counter(), deque([(third, outcome)])
    driver._settle(engine._Call(engine._Worker(None), [first, second]), batch)
    assert [event.settled[0] for event in driver.stop()] == [third, first]


def test_paths_are_compared_and_urls_are_not(tmp_path):
    (tmp_path / "in").mkdir()
    seen = fingerprints([str(tmp_path / "in"), str(tmp_path / "none"), "s3://scans"])
    assert list(seen) == [str(tmp_path / "in"), str(tmp_path / "none")]
    worker = RayWorker(order_for(CleanOptions(inputs=(), output="")), 1)
    assert worker.unseen(seen) == ""
    (tmp_path / "in").rename(tmp_path / "other")
    (tmp_path / "in").mkdir()
    assert worker.unseen(seen) == str(tmp_path / "in")


def test_without_a_cluster_a_run_says_so(tiny_model_file, tmp_path):
    write_pages(tmp_path / "in", 1)
    command = [sys.executable, "-m", "bgtool", "clean", tmp_path / "in", "-o", tmp_path / "out", "--engine", "ray"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    arguments = list(map(str, [*command, "--ray-address", "127.0.0.1:1"]))
    run = subprocess.run(arguments, capture_output=True, text=True, env=alone, check=False)
    assert run.returncode == 2
    assert "no Ray cluster at '127.0.0.1:1': " in run.stderr
    assert "Traceback" not in run.stderr
