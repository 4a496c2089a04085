"""The rules of the house hold, and what breaks one is found."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT

TREES = ("bgtool", "training", "export", "benchmarks")
LONGEST_FILE = 350
LONGEST_FUNCTION = 45


@pytest.mark.parametrize("tree", TREES)
def test_a_file_is_one_idea_and_a_function_fits_a_screen(tree):
    for path in sorted((ROOT / tree).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= LONGEST_FILE, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < LONGEST_FUNCTION, f"{path}: {node.name}"


@pytest.mark.parametrize(
    ("module", "line", "found"),
    [
        ("bgtool/imaging/icc.py", "from bgtool.api import clean", "bgtool.imaging.icc -> bgtool.api"),
        ("training/data/pictures.py", "import training.loop.train", "training.data.pictures -> training.loop.train"),
        ("training/losses.py", "import export.graph", "training.losses -> export.graph"),
        ("bgtool/tasks/base.py", "def later(): import torch", "bgtool.tasks.base -> torch"),
    ],
)
def test_an_import_from_above_is_found(tmp_path, module, line, found):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for tree in TREES:
        shutil.copytree(ROOT / tree, tmp_path / tree, ignore=lambda _, names: [n for n in names if n.endswith(".onnx")])
    with (tmp_path / module).open("a", encoding="utf-8") as file:
        file.write(f"\n\n{line}\n")
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 1, result.stderr
    assert found in result.stdout


def test_no_module_of_ours_is_imported_by_a_string():
    """Such an import is seen by no rule; the public names alone are found that way, when they are first asked for."""
    for path in sorted((ROOT / "bgtool").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(("import_module", "__import__")):
                ours = "bgtool" in ast.unparse(call) or "'." in ast.unparse(call)
                assert not ours or path == ROOT / "bgtool" / "__init__.py", f"{path}: {ast.unparse(call)}"
