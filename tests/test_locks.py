"""The versions that `make demo` and `make test` install: all of them are locked, and a changed lock is installed."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.places import ROOT

LOCKS = ROOT / "requirements"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ONE_MACHINE = ("bag", "fast", "heif", "pdf", "report", "vips", "watch")
BASE = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["cpu"]]
GROUPS = PROJECT["dependency-groups"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
ALL = [*PROJECT["project"]["dependencies"], *(each for name in ONE_MACHINE for each in EXTRAS[name])]
ASKED = {
    "install": GROUPS["install"],
    "demo": BASE,
    "dev": [*BASE, *(each for name in ("dev", "train", "export", "docs", "bundle") for each in GROUPS[name])],
    "program": [*ALL, *EXTRAS["cpu"], *GROUPS["bundle"]],
    "gpu": [*ALL, *EXTRAS["gpu"]],
}


def pins(lock, python):
    """Version by package name on x86-64 Linux; exactly one of each."""
    where = {
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
        "os_name": "posix",
    }
    where |= {
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    lines = [line for line in (LOCKS / f"{lock}.txt").read_text().splitlines() if not line.startswith("#")]
    found = {}
    for line in map(Requirement, lines):
        if line.marker is None or line.marker.evaluate(where):
            (pin,) = line.specifier
            assert pin.operator == "=="
            assert line.name not in found
            found[line.name] = Version(pin.version)
    return found


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("lock", [*sorted(ASKED)])
def test_all_that_is_asked_for_is_locked_within_its_range(lock, python):
    if lock == "gpu" and python != "3.11":
        pytest.skip("made for the image of deploy/Dockerfile.cuda, which has 3.11")
    locked = pins(lock, python)
    for requirement in map(Requirement, ASKED[lock]):
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), requirement


@pytest.mark.parametrize("lock", ["demo", "dev", "program"])
def test_what_those_packages_need_in_turn_is_locked_too(lock):
    locked = pins(lock, f"{sys.version_info.major}.{sys.version_info.minor}")
    pending, seen = [Requirement(text) for text in ASKED[lock]], set()
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        assert name in locked, name
        for text in metadata.requires(name) or ():
            needed = Requirement(text)
            wanted = [needed.marker is None or needed.marker.evaluate({"extra": e}) for e in ("", *requirement.extras)]
            if any(wanted) and (needed.name, *sorted(needed.extras)) not in seen:
                seen.add((needed.name, *sorted(needed.extras)))
                pending.append(needed)


def test_the_demo_goes_without_pytorch():
    assert not {"torch", "torchvision", "onnx"} & set(pins("demo", "3.11"))


def test_no_lock_names_where_packages_come_from():
    for lock in LOCKS.glob("*.txt"):
        assert not re.search(r"://|^ *-|/", lock.read_text(), re.MULTILINE), lock.name


@pytest.mark.parametrize(
    ("place", "lock"),
    [
        (".venv", "demo.txt"),
        (".venv", "install.txt"),
        (".venv-dev", "dev.txt"),
        (".venv-dev", "install.txt"),
        (".venv-bundle", "program.txt"),
        (".venv-bundle", "install.txt"),
    ],
)
def test_an_environment_is_made_anew_when_its_lock_changes(place, lock, tmp_path):
    for name in ("Makefile", "pyproject.toml", "setup.cfg"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(LOCKS, tmp_path / "requirements")
    ready = tmp_path / place / "ready"
    ready.parent.mkdir()
    ready.touch()
    asked = ["make", "--question", "--directory", tmp_path, f"{place}/ready"]
    assert subprocess.run(asked, check=False, capture_output=True).returncode == 0
    later = ready.stat().st_mtime + 10
    os.utime(tmp_path / "requirements" / lock, (later, later))
    assert subprocess.run(asked, check=False, capture_output=True).returncode == 1
