"""deploy/bgtool.spec puts all that the program reads into the bundle, which tests/promises/test_bundle.py tries."""

import subprocess
from pathlib import Path

import pytest

from bgtool.optional import EXTRAS
from tests.support.places import ROOT

pytest.importorskip("PyInstaller", reason="there is no PyInstaller (pip install pyinstaller)")
ELSEWHERE = {"app", "cloud", "native", "ray"}
"""Extras that the program for the command line goes without."""


class Part(dict):
    """What a step of the spec is given, kept."""

    def __getattr__(self, name):
        return self.get(name, [])


def steps():
    made = []

    def step(*parts, **named):
        made.append(Part(named, parts=parts))
        return made[-1]

    text = (ROOT / "deploy" / "bgtool.spec").read_text(encoding="utf-8")
    exec(
        compile(text, "bgtool.spec", "exec"),
        {"SPECPATH": str(ROOT / "deploy"), **dict.fromkeys(("Analysis", "PYZ", "EXE", "COLLECT"), step)},
    )
    return made


def test_every_file_of_the_package_and_every_extra_is_in_the_bundle():
    analysis = steps()[0]
    assert Path(analysis["parts"][0][0]) == ROOT / "bgtool" / "__main__.py"
    data = {Path(source).resolve() for source, _ in analysis["datas"]}
    tracked = subprocess.run(
        ["git", "ls-files", "bgtool"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    files = {ROOT / name for name in tracked if not name.endswith(".py")}
    assert files <= data, files - data
    wanted = {module for name, extra in EXTRAS.items() if name not in ELSEWHERE for module in extra.modules}
    assert wanted <= set(analysis["hiddenimports"])
    assert not wanted & set(analysis["excludes"])
