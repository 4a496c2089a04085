"""The commands of docs/guides/ocr.md are run as they stand there, on two of the examples, and the words counted."""

import io
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from tests.support.pdfs import assert_is_pdfa, images_of, pikepdf, texts
from tests.support.places import ROOT

pytestmark = pytest.mark.skipif(
    not (shutil.which("tesseract") and shutil.which("bash")), reason="there is no tesseract, or no bash"
)

NAMES = ("index-card.png", "letter.jpg")


def words(text):
    """Of three letters and more, in lower case."""
    return Counter(word for word in re.findall(r"[^\W_]+", text.lower()) if len(word) > 2)


def read(path):
    """The words that tesseract reads on a picture."""
    with Image.open(path) as image:
        file = io.BytesIO()
        image.convert("L").save(file, "PNG")
    command = ["tesseract", "stdin", "stdout", "--dpi", "200"]
    return words(subprocess.run(command, input=file.getvalue(), capture_output=True, check=True).stdout.decode())


@pytest.fixture(scope="module")
def truth():
    """The words of each page, for who made the scans knows their ink."""
    return [read((ROOT / "examples" / "truth" / name).with_suffix(".png")) for name in NAMES]


@pytest.fixture(scope="module")
def before(truth):
    """How many of them are read on the scans."""
    scans = [read(ROOT / "examples" / "scans" / name) for name in NAMES]
    return sum((wanted & found).total() for wanted, found in zip(truth, scans, strict=True))


@pytest.fixture
def run(tmp_path):
    """Runs the commands of a section of the guide in a folder with scans."""
    (tmp_path / "scans").mkdir()
    for name in NAMES:
        shutil.copy(ROOT / "examples" / "scans" / name, tmp_path / "scans")
    (tmp_path / "bin").mkdir()
    for module in ("bgtool", "ocrmypdf"):
        program = tmp_path / "bin" / module
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        program.chmod(0o755)
    there = os.environ | {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def section(title):
        text = (ROOT / "docs" / "guides" / "ocr.md").read_text(encoding="utf-8")
        (commands,) = re.findall(rf"^## {title}\n.*?```sh\n(.*?)```", text, re.DOTALL | re.MULTILINE)
        done = subprocess.run(["bash", "-ec", commands], cwd=tmp_path, env=there, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return tmp_path

    return section


def count(truth, pages):
    return sum((wanted & words(found)).total() for wanted, found in zip(truth, pages, strict=True))


def pictures(path):
    with pikepdf.open(path) as pdf:
        return [image.read_raw_bytes() for page in pdf.pages for image in images_of(page)]


def test_in_one_go(run, truth, before):
    file = run("In one go") / "clean" / "scans.pdf"
    assert count(truth, texts(file)) > 1.4 * before
    assert_is_pdfa(file)


def test_ocrmypdf(run, truth, before):
    pytest.importorskip("ocrmypdf", reason="there is no OCRmyPDF (pip install ocrmypdf)")
    place = run("OCRmyPDF")
    assert count(truth, texts(place / "searchable.pdf")) > 1.4 * before
    assert pictures(place / "searchable.pdf") == pictures(place / "plain" / "scans.pdf")


def test_tesseract(run, truth, before):
    place = run("tesseract")
    files = [(place / "pages" / Path(name).stem).with_suffix(".txt") for name in NAMES]
    assert count(truth, [file.read_text(encoding="utf-8") for file in files]) > 1.4 * before
    assert b"<alto" in files[0].with_suffix(".xml").read_bytes()
