"""What hangs is given up and costs its own line; what is merely held up is waited for."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bgtool.engine.job import Job, Outcome, Status
from bgtool.engine.messages import Admitted, Advanced, Assignment, Settled, Waiting
from bgtool.engine.process import ProcessEngine
from bgtool.engine.vitals import Vitals, of_ps, vitals
from bgtool.engine.watchdog import Patience, Watchdog, disks_answer
from bgtool.options import CleanOptions
from bgtool.runtime.card import METADATA_KEY
from bgtool.tasks.order import order_for
from tests.support.networks import TINY, tiny_card

STUCK = """
import ctypes, os, threading
from PIL import Image
open_image = Image.open

def open(file, *arguments, **options):
    name = os.path.basename(str(getattr(file, "name", "")))
    if name.startswith("wait"):
        threading.Event().wait()
    if name.startswith("hold"):
        while True:
            ctypes.PyDLL(None).pause()
    while name.startswith("spin"):
        pass
    return open_image(file, *arguments, **options)

Image.open = open
"""
"""A decoder that does not come back over files of certain names, put into every Python by sitecustomize: one waits,
one does so without letting go of Python's lock, so that nothing else in its process runs, and one computes."""

unix = pytest.mark.skipif(sys.platform == "win32", reason="processes are stopped by signals here")


class Clock:
    """Seconds that pass when they are told to, in steps that a run would take."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds

    def pass_in(self, watchdog, seconds):
        """The first verdict in so many seconds; empty if there is none."""
        for _ in range(round(2 * seconds)):
            self.seconds += 0.5
            if why := watchdog.verdict():
                return why
        return ""


@pytest.fixture
def start():
    """Starts a Python that runs some code, and returns when that begins."""
    started = []

    def start(code):
        command = [sys.executable, "-c", f"print('begun', flush=True)\n{code}"]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        started[-1].stdout.readline()
        return started[-1].pid

    yield start
    for process in started:
        process.kill()
        process.communicate()


def watch(look, path, patience=None, **kinds):
    clock = Clock()
    watchdog = Watchdog(look, patience or Patience(), now=clock, **kinds)
    watchdog.begun(Assignment(1, Job(str(path), str(path.parent / "out" / "a.png"))))
    return watchdog, clock


@pytest.fixture
def scan(tmp_path):
    path = tmp_path / "a.png"
    Image.new("L", (40, 30)).save(path)
    return path


def test_a_process_that_waits_for_ever_is_given_up_after_its_minute(start, scan):
    watchdog, clock = watch(partial(vitals, start("import time; time.sleep(1e6)")), scan)
    assert clock.pass_in(watchdog, 59) == ""
    assert "neither answered nor used the CPU for 60 s" in clock.pass_in(watchdog, 70)


def test_one_that_computes_is_not(start, scan):
    pid = start("while True: pass")
    watchdog, clock = watch(partial(vitals, pid), scan)
    for _ in range(5):
        before = vitals(pid)
        while (
            vitals(pid).used_since(before) < 0.7
        ):  # as on a machine that leaves it little more than a hundredth of a core
            time.sleep(0.01)
        assert clock.pass_in(watchdog, 55) == ""


def test_one_that_answers_is_not(start, scan):
    watchdog, clock = watch(partial(vitals, start("import time; time.sleep(1e6)")), scan)
    for _ in range(100):
        watchdog.heard(Advanced(1, 1000))
        assert clock.pass_in(watchdog, 50) == ""


@unix
def test_one_that_was_stopped_is_waited_for(start, scan):
    pid = start("import time; time.sleep(1e6)")
    watchdog, clock = watch(partial(vitals, pid), scan)
    os.kill(pid, signal.SIGSTOP)
    while not vitals(pid).held:
        time.sleep(0.01)
    assert clock.pass_in(watchdog, 3600) == ""
    os.kill(pid, signal.SIGCONT)
    assert "neither answered" in clock.pass_in(watchdog, 80)


def test_a_computer_that_sleeps_is_no_reason(start, scan):
    watchdog, clock = watch(partial(vitals, start("import time; time.sleep(1e6)")), scan)
    for _ in range(40):
        clock.seconds += 8 * 3600
        assert watchdog.verdict() == ""


def test_a_disk_that_does_not_answer_is_waited_for(scan):
    answers = False
    watchdog, clock = watch(lambda: Vitals({0: 1.0}, held=False), scan, disks=lambda jobs: answers)
    assert clock.pass_in(watchdog, 3600) == ""
    answers = True
    assert "neither answered" in clock.pass_in(watchdog, 80)


def test_where_the_system_tells_nothing_only_the_limit_by_size_holds(scan):
    watchdog, clock = watch(lambda: None, scan)
    assert clock.pass_in(watchdog, 590) == ""
    assert "no headway" in clock.pass_in(watchdog, 20)


def test_the_limit_grows_with_what_is_under_way_and_starts_anew_with_all_headway(scan):
    patience = Patience(silent=100, per_megabyte=10, per_megapixel=1)
    clock_of_cpu = Clock()
    watchdog, clock = watch(lambda: Vitals({0: clock_of_cpu.seconds}, held=False), scan, patience)

    def passed(seconds):
        clock_of_cpu.seconds += 100
        return clock.pass_in(watchdog, seconds)

    large = scan.parent / "large.tif"
    with large.open("wb") as file:
        file.truncate(5_000_000)
    watchdog.begun(Assignment(2, Job(str(large), str(scan.parent / "b.tif"))))
    watchdog.heard(Waiting(2))
    watchdog.heard(Admitted(1, 20_000_000))
    assert passed(59) == passed(59) == passed(50) == ""  # of 100 + 50 + 20
    watchdog.heard(Advanced(1, 5))
    assert passed(59) == passed(59) == passed(50) == "", "one that waits for memory is no culprit"
    watchdog.heard(Admitted(2, 1_000_000))
    assert watchdog.by_headway() == [2, 1]
    watchdog.heard(Settled(2, Outcome("", "", Status.DONE)))
    assert "no headway in 120 s" in passed(5)


def test_disks_answer_also_about_what_is_missing_or_a_pipe(scan, tmp_path):
    jobs = [Job(str(scan), "nowhere/a.png"), Job(str(tmp_path / "missing.png"), str(scan))]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        jobs.append(Job(str(tmp_path / "pipe.png"), str(scan)))
    assert disks_answer([*jobs, Job("-", "-")])


@unix
def test_ps_tells_what_the_system_does(start):
    pid = start("import time\nwhile time.process_time() < 1.5: pass\ntime.sleep(1e6)")
    while vitals(pid).used_since(None) < 1:
        time.sleep(0.05)
    shown = of_ps(pid)
    assert shown.used_since(None) == pytest.approx(vitals(pid).used_since(None), abs=1.5)
    assert not shown.held
    os.kill(pid, signal.SIGSTOP)
    while not vitals(pid).held:
        time.sleep(0.01)
    assert of_ps(pid).held


def test_a_process_that_is_gone_tells_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert vitals(process.pid) is None


def run_engine(folder, names, model, patience):
    """What becomes of pages of these names, and of nothing else that lies there."""
    jobs = []
    for number, name in enumerate(names):
        rng = np.random.default_rng(number)
        Image.fromarray(rng.integers(0, 256, (60, 80), dtype=np.uint8)).save(folder / name)
        jobs.append(Job(str(folder / name), str(folder / "out" / name)))
    options = CleanOptions(inputs=(), output="", model=str(model), device="cpu", jobs=3)
    with ProcessEngine(order_for(options), patience) as engine:
        settled = [event.settled for event in engine.do(jobs) if event.settled]
    assert len(settled) == len(jobs)
    assert not list((folder / "out").glob(".bgtool-*"))
    written = {path.name for path in (folder / "out").iterdir()}
    assert written == {job.output.name for job, outcome in settled if not outcome.error}
    return {job.input.name: outcome.error for job, outcome in settled}


@unix
def test_files_that_hang_cost_their_own_lines(tmp_path, tiny_model_file, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(STUCK)
    monkeypatch.syspath_prepend(tmp_path)
    names = ["a.png", "hold.png", "b.png", "c.png", "wait.png", "d.png", "e.png"]
    errors = run_engine(tmp_path, names, tiny_model_file, Patience(idle=3))
    assert {name for name, error in errors.items() if error} == {"hold.png", "wait.png"}
    assert errors["hold.png"] == ("the process that read it neither answered nor used the CPU for 3 s, and was ended")


@unix
def test_a_file_that_comes_to_no_end_costs_its_own_line(tmp_path, tiny_model_file, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(STUCK)
    monkeypatch.syspath_prepend(tmp_path)
    errors = run_engine(tmp_path, ["spin.png", "a.png", "b.png", "c.png"], tiny_model_file, Patience(silent=8))
    assert {name for name, error in errors.items() if error} == {"spin.png"}
    assert "made no headway in 8 s" in errors["spin.png"]


@pytest.fixture(scope="module")
def endless_model_file(tmp_path_factory):
    """A document model that loops for ever, in native code, over its first page."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto as Kind
    from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor, make_tensor_value_info

    info, whole, page = make_tensor_value_info, ["n", "h", "w", 3], ["n", "h", "w"]
    body = make_graph(
        [make_node("Identity", ["go"], ["on"]), make_node("Identity", ["x"], ["y"])],
        "body",
        [info("i", Kind.INT64, []), info("go", Kind.BOOL, []), info("x", Kind.UINT8, None)],
        [info("on", Kind.BOOL, []), info("y", Kind.UINT8, None)],
    )
    graph = make_graph(
        [
            make_node("Gather", ["image", "zero"], ["grey"], axis=3),
            make_node("Loop", ["", "true", "grey"], ["page"], body=body),
        ],
        "endless",
        [info("image", Kind.UINT8, whole)],
        [info("page", Kind.UINT8, page)],
        [make_tensor("zero", Kind.INT64, [], [0]), make_tensor("true", Kind.BOOL, [], [True])],
    )
    model = make_model(graph, opset_imports=[make_opsetid("", 17)], ir_version=8)
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, tiny_card(TINY).to_json()
    path = tmp_path_factory.mktemp("model") / "endless.onnx"
    onnx.save(model, path)
    return path


@unix
@pytest.mark.parametrize("source", ["folder", "-"])
def test_one_ctrl_c_ends_a_run_that_is_stuck_in_native_code(source, scan, tmp_path, endless_model_file):
    named = [scan.parent, "-o", tmp_path / "out"] if source == "folder" else ["-", "-o", tmp_path / "out.png"]
    command = [sys.executable, "-m", "bgtool", "clean", *named, "--model", endless_model_file, "--device", "cpu"]
    with (
        scan.open("rb") as page,
        subprocess.Popen(
            command,
            stdin=page,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job hands down "ignore"
        ) as process,
    ):
        assert any("1 to do" in line for line in process.stderr)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        workers = [int(pid) for pid in children.read_text().split()] if children.exists() else []
        time.sleep(1)  # until it loops
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=25)
    assert process.returncode == 130, said
    assert "goes on where it stopped" in said
    assert "Traceback" not in said
    assert not any(vitals(pid) for pid in workers)
