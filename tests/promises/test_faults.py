"""Disks that are full or read-only, folders and inputs that vanish, and two runs at once."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

MANIFEST = "bgtool-manifest.jsonl"
PAGES = 12


@pytest.fixture
def source(tmp_path):
    """Twelve pages of noise, which does not compress."""
    (tmp_path / "in").mkdir()
    for index in range(PAGES):
        pixels = np.random.default_rng(index).integers(0, 256, (500, 500, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in" / f"{index:02}.png")
    return tmp_path / "in"


@pytest.fixture
def clean(source, tiny_model_file):
    """Starts `bgtool clean` on the pages."""

    def start(out, *options):
        command = [sys.executable, "-m", "bgtool", "clean", source, "-o", out, "--model", tiny_model_file, *options]
        return subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True)

    return start


def ended(process):
    text = process.communicate(timeout=240)[1]
    assert "Traceback" not in text
    return process.returncode, text


def wait_for_an_output(process, out):
    while not list(out.glob("*.png")):
        assert process.poll() is None
        time.sleep(0.01)


@contextmanager
def mounted(folder, *options):
    """A file system of its own in a folder; skips where this user may not mount."""
    folder.mkdir(exist_ok=True)
    command = ["mount", *map(str, options), str(folder)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting takes root's rights")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def records(folder):
    return [json.loads(line) for line in (folder / MANIFEST).read_text().splitlines()]


def assert_all_done_so_far_stays(out):
    """Outputs and manifest agree, every output is whole, and no temporary file is left."""
    outputs = {path.name for path in out.glob("*.png")}
    assert {record["output"] for record in records(out)} == outputs
    for name in outputs:
        with Image.open(out / name) as image:
            image.load()
    assert not list(out.glob(".bgtool-*"))
    return outputs


def test_a_full_disk_stops_the_run_and_room_lets_it_go_on(clean, tmp_path):
    with mounted(tmp_path / "out", "-t", "tmpfs", "-o", "size=3m", "tmpfs") as out:
        code, text = ended(clean(out, "--style", "color"))
        assert code == 4
        assert text.splitlines()[-1].endswith("the disk is full")
        assert 0 < len(assert_all_done_so_far_stays(out)) < PAGES
        subprocess.run(["mount", "-o", "remount,size=30m", out], check=True)
        code, text = ended(clean(out, "--style", "color"))
        assert code == 0, text
        assert "already done" in text
        assert len(assert_all_done_so_far_stays(out)) == PAGES


def test_a_disk_without_room_for_the_manifest_ends_alike(clean, tmp_path):
    with mounted(tmp_path / "out", "-t", "tmpfs", "-o", "size=8k", "tmpfs") as out:
        (out / "filler").write_bytes(bytes(4096))
        code, text = ended(clean(out))
        assert code == 4
        assert text.splitlines()[-1].endswith("the disk is full")
        assert not list(out.glob("*.png"))


def test_a_file_that_outgrows_a_limit_costs_that_file(source, tiny_model_file, tmp_path):
    """RLIMIT_FSIZE stands for a file system with small files: it is one output's trouble, not the disk's."""
    import resource

    Image.new("L", (60, 40), "white").save(source / "small.png")
    command = [sys.executable, "-m", "bgtool", "clean", source, "-o", tmp_path / "out", "--model", tiny_model_file]
    limited = subprocess.Popen(
        [*map(str, command), "--style", "color"],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    code, text = ended(limited)
    assert code == 1
    assert text.count("its output is larger than the file system allows") == PAGES
    assert [path.name for path in (tmp_path / "out").glob("*.png")] == ["small.png"]


def test_a_read_only_output_folder_ends_with_4(clean, tmp_path):
    with mounted(tmp_path / "out", "-t", "tmpfs", "-o", "ro", "tmpfs") as out:
        code, text = ended(clean(out))
        assert code == 4
        assert text.splitlines()[-1].endswith("the file system is read-only")
        assert not list(out.iterdir())


def test_a_folder_without_permission_ends_with_4(clean, tmp_path):
    (tmp_path / "out").mkdir(mode=0o500)
    if os.access(tmp_path / "out", os.W_OK):
        pytest.skip("root may write anywhere")
    code, text = ended(clean(tmp_path / "out"))
    assert code == 4
    assert text.splitlines()[-1].endswith("permission to write was denied")


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_stands_where_a_subfolder_belongs_costs_one_line(clean, source, tmp_path, kind):
    (source / "z" / "deep").mkdir(parents=True)
    for name in ("00.png", "01.png"):
        (source / name).rename(source / "z" / "deep" / name)
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "elsewhere").mkdir()
    if kind == "file":
        (out / "z").write_text("in the place of a folder")
    else:
        (out / "z").symlink_to(tmp_path / "elsewhere")
    for _ in range(2):
        code, text = ended(clean(out))
        assert code == 1
        failed = [line for line in text.splitlines() if line.startswith("failed ")]
        assert len(failed) == 1
        assert f"{out / 'z'}: a {kind} is in the place of a folder of outputs" in failed[0]
        assert failed[0].endswith("not done: 2")
        assert "2 failed" in text
    assert len(assert_all_done_so_far_stays(out)) == PAGES - 2
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_manifest_that_cannot_grow_ends_the_run_with_4(source, tiny_model_file, tmp_path):
    import resource

    for path in source.iterdir():
        path.unlink()
    for index in range(9):
        Image.new("L", (40, 30), 200).save(source / f"{index}.png")
    command = [sys.executable, "-m", "bgtool", "clean", source, "-o", tmp_path / "out", "--model", tiny_model_file]
    limited = subprocess.Popen(
        list(map(str, command)),
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)),
    )
    code, text = ended(limited)
    assert code == 4
    assert MANIFEST in text.splitlines()[-1]
    again = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert len(list((tmp_path / "out").glob("*.png"))) == 9


def test_an_output_folder_that_vanishes_midway_is_told(clean, tmp_path):
    out = tmp_path / "out"
    run = clean(out)
    wait_for_an_output(run, out)
    out.rename(tmp_path / "elsewhere")
    code, text = ended(run)
    assert code == 4, text
    assert text.splitlines()[-1].startswith("bgtool: cannot write ")
    code, text = ended(clean(out))
    assert code == 0, text
    assert len(assert_all_done_so_far_stays(out)) == PAGES


def test_inputs_that_vanish_midway_cost_a_line_each(clean, source, tmp_path):
    run = clean(tmp_path / "out")
    wait_for_an_output(run, tmp_path / "out")
    gone = sorted(source.iterdir())[-3:]
    for path in gone:
        path.unlink()
    code, text = ended(run)
    assert code == 1, text
    failed = [line for line in text.splitlines() if line.startswith("failed ")]
    assert failed == [f"failed {path}: the file does not exist" for path in gone]
    assert f"{PAGES - 3} done, 3 failed" in text


def test_an_input_folder_that_vanishes_midway_costs_what_is_left(clean, source, tmp_path):
    run = clean(tmp_path / "out")
    wait_for_an_output(run, tmp_path / "out")
    source.rename(tmp_path / "elsewhere")
    code, text = ended(run)
    assert code == 1, text
    done = len(list((tmp_path / "out").glob("*.png")))
    assert f"{done} done, {PAGES - done} failed" in text


def test_of_two_runs_on_one_folder_the_second_is_refused(clean, tmp_path):
    out = tmp_path / "out"
    first = clean(out)
    wait_for_an_output(first, out)
    first.send_signal(signal.SIGSTOP)
    code, text = ended(clean(out))
    first.send_signal(signal.SIGCONT)
    assert code == 4
    assert "another run of bgtool is writing into the output folder" in text
    assert ended(first)[0] == 0
    assert len(assert_all_done_so_far_stays(out)) == PAGES
    assert len(records(out)) == PAGES


def test_of_runs_that_start_together_one_does_the_work(clean, tmp_path):
    runs = [clean(tmp_path / "out") for _ in range(3)]
    codes = sorted(ended(run)[0] for run in runs)
    assert codes[0] == 0
    assert set(codes) <= {0, 4}
    assert len(assert_all_done_so_far_stays(tmp_path / "out")) == PAGES
    assert len(records(tmp_path / "out")) == PAGES
