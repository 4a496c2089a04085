"""Every example in a docstring, and the Python of README and guides, is run as it stands there."""

import doctest
import re
import shutil
import warnings
from importlib import import_module
from pkgutil import iter_modules

import numpy as np
import pytest
from PIL import Image

import bgtool
from tests.support.places import ROOT

MODULES = [
    "bgtool",
    *(
        f"bgtool.{found.name}"
        for found in iter_modules(bgtool.__path__)
        if found.name != "__main__" and not found.ispkg
    ),
]


GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The files that examples name."""
    monkeypatch.chdir(tmp_path)
    for folder in ("scans", "photos"):
        (tmp_path / folder).mkdir()
    with Image.open(ROOT / "examples" / "scans" / "letter.jpg") as scan:
        part = scan.crop((300, 300, 700, 600))
        for name in ("scan.jpg", "scans/1.jpg", "scans/2.jpg"):
            part.save(name, dpi=(300, 300))
    shutil.copy(ROOT / "bgtool" / "models" / "document-fast.onnx", tmp_path)
    with Image.open(next((ROOT / "examples" / "photos").glob("*.jpg"))) as photo:
        photo.thumbnail((400, 400))
        for name in ("photo.jpg", "photos/1.jpg"):
            photo.save(name)
    Image.new("RGB", (80, 60), "gray").save("photos/empty.png")


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name, request):
    tests = [
        test for test in doctest.DocTestFinder().find(import_module(name), globs={"bgtool": bgtool}) if test.examples
    ]
    if tests:
        request.getfixturevalue("files")
    for test in tests:
        said = []
        with warnings.catch_warnings():
            doctest.DocTestRunner().run(test, out=said.append)
        assert not said, "".join(said)


def blocks_of(path):
    return re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("name", ["README.md", *(f"docs/guides/{path.name}" for path in GUIDES if blocks_of(path))])
def test_the_python_of(name):
    run(name)


def run(name):
    for block in blocks_of(ROOT / name):
        exec(compile(block, name, "exec"), {})


@pytest.mark.usefixtures("files")
def test_the_model_file_runs_in_twenty_lines_without_bgtool():
    (block,) = blocks_of(ROOT / "docs" / "guides" / "onnx.md")
    assert "bgtool" not in block.replace('"bgtool.card"', "")
    assert len([line for line in block.splitlines() if line]) <= 20
    run("docs/guides/onnx.md")
    page, whole = (np.asarray(image, np.int16) for image in (Image.open("page.png"), bgtool.clean("scan.jpg", scale=1)))
    assert page.shape == whole.shape
    assert np.median(page) == 255
    assert ((page < 128) == (whole < 128)).mean() > 0.99
