"""The program that `make bundle` builds, run where no Python is to be found: ``make bundle-test``."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image

from bgtool.runtime.catalogue import shipped_models
from tests.support.pdfs import scan_file
from tests.support.places import ROOT

FOLDER = os.environ.get("BGTOOL_BUNDLE")
pytestmark = pytest.mark.skipif(not FOLDER, reason="there is no bundle (make bundle-test makes and tries one)")
SCANS, PHOTOS = ROOT / "examples" / "scans", ROOT / "examples" / "photos"


@pytest.fixture(params=["bgtool", "bgtool-folder/bgtool"])
def program(request):
    return Path(FOLDER or "").resolve() / request.param


@pytest.fixture
def nowhere(tmp_path):
    """An environment in which no program and no Python is found."""
    empty = tmp_path / "empty"
    empty.mkdir()
    return {"PATH": str(empty), "HOME": str(empty), "PYTHONHOME": str(empty), "PYTHONPATH": str(empty)}


@pytest.fixture
def run(program, nowhere, tmp_path):
    def run(*words, **more):
        command = [program, *map(str, words)]
        return subprocess.run(command, env=nowhere, cwd=tmp_path, capture_output=True, check=False, **more)

    return run


def levels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.int16)


def test_pages_and_photos_come_out_as_those_of_the_package(run, tmp_path):
    jobs = (["clean", SCANS / "index-card.png"], ["cutout", PHOTOS / "astronaut.jpg", "--background", "white"])
    for words in jobs:
        done = run(*words, "-o", "frozen", "--device", "cpu")
        assert done.returncode == 0, done.stderr
        command = [sys.executable, "-m", "bgtool", *words, "-o", tmp_path / "package", "--device", "cpu"]
        subprocess.run(command, check=True, capture_output=True)
    for name in ("index-card.png", "astronaut.jpg"):
        assert abs(levels(tmp_path / "frozen" / name) - levels(tmp_path / "package" / name)).max() <= 1


def test_a_pdf_and_its_review_page(run, tmp_path):
    pixels = levels(SCANS / "index-card.png").astype(np.uint8)
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "card.pdf").write_bytes(scan_file(pixels).getvalue())
    done = run("clean", "scans", "-o", "out", "--style", "bilevel", "--report", "out/review.html")
    assert done.returncode == 0, done.stderr
    with pikepdf.open(tmp_path / "out" / "card.pdf") as pdf:
        assert len(pdf.pages) == 1
    assert "card.pdf" in (tmp_path / "out" / "review.html").read_text(encoding="utf-8")


def test_models_and_extras_are_inside(run):
    assert all(model.name in run("models").stdout.decode() for model in shipped_models())
    told = run("doctor").stdout.decode()
    for extra in ("bag", "fast", "heif", "pdf", "report", "vips", "watch"):
        assert f"ok  extra {extra} " in told, told
    assert run("clean", "a", "-o", "s3://bucket/b").returncode == 2


def test_streams(run):
    page = run("clean", "-", "-o", "-", "--format", "png", input=(SCANS / "index-card.png").read_bytes())
    assert page.stdout.startswith(b"\x89PNG"), page.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
def test_a_request_to_end_ends_it_and_leaves_nothing(program, nowhere, tmp_path):
    nowhere["TMPDIR"] = nowhere["HOME"]
    process = subprocess.Popen(
        [program, "clean", SCANS, "-o", tmp_path / "out"], env=nowhere, stderr=subprocess.PIPE, cwd=tmp_path
    )
    while not (tmp_path / "out" / "bgtool-manifest.jsonl").exists():
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert b"interrupted" in process.communicate()[1]
    assert process.returncode == 130
    assert not [path.name for path in (tmp_path / "out").rglob("*") if path.name.startswith(".")]
    assert not list(Path(nowhere["TMPDIR"]).glob("_MEI*")), "what it unpacked is gone"
