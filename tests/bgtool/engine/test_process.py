"""The working process dies, is killed, or loses its parent: what is lost is one file at most."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bgtool.batch.history import read
from bgtool.storage.file_journal import FILE_NAME

CRASH = """
import os, signal
from PIL import Image
open_image = Image.open

def open(file, *arguments, **options):
    if os.path.basename(str(getattr(file, "name", ""))).startswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    return open_image(file, *arguments, **options)

Image.open = open
"""
"""A decoder that crashes the process over files with a certain name, put into every Python by sitecustomize."""

HOLD = """
import ctypes, os
from pathlib import Path
from PIL import Image

def open(file, *arguments, **options):
    Path(os.environ["HELD"]).touch()
    while True:
        ctypes.PyDLL(None).pause()

Image.open = open
"""
"""A decoder that keeps Python's lock for ever, so that no other thread of its process runs."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are killed by signals here")


@pytest.fixture
def scans(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(12):
        Image.fromarray(rng.integers(0, 256, (90, 120), dtype=np.uint8)).save(folder / f"page{number:02}.png")
    return folder


def command(model: Path, *arguments: object) -> list[str]:
    return [sys.executable, "-m", "bgtool", "clean", "--model", str(model), "--device", "cpu", *map(str, arguments)]


def child_of(process: subprocess.Popen) -> int:
    """The working process, once it is there."""
    while True:
        found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        if found:
            return int(found[0])
        time.sleep(0.01)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_a_crashing_decoder_costs_its_file_alone(scans, tmp_path, tiny_model_file):
    (tmp_path / "sitecustomize.py").write_text(CRASH)
    for name in ("crash-a.png", "crash-b.png"):
        (scans / name).write_bytes((scans / "page00.png").read_bytes())
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    out = tmp_path / "out"
    arguments = command(tiny_model_file, scans, "-o", out, "--jobs", "4")
    run = subprocess.run(arguments, capture_output=True, text=True, env=environment, check=False)
    assert run.returncode == 1, run.stderr
    assert "12 done, 2 failed" in run.stderr
    assert run.stderr.count("SIGSEGV") == 2
    assert {path.name for path in out.glob("*.png")} == {path.name for path in scans.glob("page*.png")}
    assert not list(out.glob(".bgtool-*"))
    lines = (out / FILE_NAME).read_text().splitlines()
    assert len(lines) == 14, "nothing is recorded twice"


def test_a_killed_worker_is_replaced(scans, tmp_path, tiny_model_file):
    out = tmp_path / "out"
    with subprocess.Popen(command(tiny_model_file, scans, "-o", out), stderr=subprocess.PIPE, text=True) as process:
        child = child_of(process)
        while not (out / FILE_NAME).exists():
            time.sleep(0.01)
        os.kill(child, signal.SIGKILL)
        _, said = process.communicate()
    assert process.returncode == 0, said
    assert len(list(out.glob("*.png"))) == 12


def test_a_worker_ends_with_its_parent(scans, tmp_path, tiny_model_file):
    large = Image.fromarray(np.random.default_rng(1).integers(0, 256, (6000, 6000), dtype=np.uint8))
    large.save(scans / "large.tif")
    out = tmp_path / "out"
    with subprocess.Popen(command(tiny_model_file, scans / "large.tif", "-o", out)) as process:
        child = child_of(process)
        while not (out / FILE_NAME).exists():
            time.sleep(0.01)
        process.kill()
    deadline = time.monotonic() + 60
    while runs(child):
        assert time.monotonic() < deadline, "the worker outlives its parent"
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems kill no process for its parent")
def test_a_worker_that_keeps_pythons_lock_ends_with_its_parent(scans, tmp_path, tiny_model_file):
    (tmp_path / "sitecustomize.py").write_text(HOLD)
    places = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": places, "HELD": str(tmp_path / "held")}
    arguments = command(tiny_model_file, scans, "-o", tmp_path / "out")
    with subprocess.Popen(arguments, env=environment) as process:
        child = child_of(process)
        while not (tmp_path / "held").exists():
            time.sleep(0.01)
        process.kill()
    deadline = time.monotonic() + 60
    while runs(child):
        assert time.monotonic() < deadline, "the worker outlives its parent"
        time.sleep(0.05)


def test_what_decoders_print_does_not_reach_the_terminal(tmp_path, tiny_model_file):
    """libtiff complains on stderr by itself."""
    page = Image.fromarray(np.random.default_rng(0).integers(0, 256, (400, 400), dtype=np.uint8))
    page.save(tmp_path / "cut.tif", compression="tiff_lzw")
    data = (tmp_path / "cut.tif").read_bytes()
    (tmp_path / "cut.tif").write_bytes(data[:8000] + bytes(4000) + data[12000:])
    arguments = command(tiny_model_file, tmp_path / "cut.tif", "-o", tmp_path / "out")
    run = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert all(line.startswith(("1 to do", "failed", "0 done")) for line in run.stderr.splitlines()), run.stderr


def test_a_model_that_does_not_load_is_told_by_the_parent(scans, tmp_path):
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    run = subprocess.run(
        command(tmp_path / "junk.onnx", scans, "-o", tmp_path / "out"), capture_output=True, text=True, check=False
    )
    assert run.returncode == 3
    assert "Traceback" not in run.stderr


def test_the_record_has_the_digests_of_what_was_read_and_written(scans, tmp_path, tiny_model_file):
    import hashlib
    import json

    out = tmp_path / "out"
    subprocess.run(command(tiny_model_file, scans, "-o", out, "--quiet"), check=True)
    for line in (out / FILE_NAME).read_text().splitlines():
        record = json.loads(line)
        source, target = Path(record["root"], record["input"]), out / record["output"]
        assert record["input_sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
        assert record["output_sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert read(out).names
