"""Environments of their own for the programs that bgtool is compared with, made once with pip."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def environment(folder: Path, *requirements: str) -> Path:
    """The folder of a virtual environment that holds `requirements`; made if it is not there yet.

    Raises:
        subprocess.CalledProcessError: pip could not install them.
    """
    ready = folder / "ready"
    if not ready.exists() or ready.read_text().split("\n") != list(requirements):
        print(f"installing {' '.join(requirements) or 'nothing'} into {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        if requirements:
            pip = [folder / "bin" / "python", "-I", "-m", "pip", "install", "--quiet", "--quiet"]
            subprocess.run([*pip, *requirements], check=True)
        ready.write_text("\n".join(requirements))
    return folder


def version(folder: Path, package: str) -> str:
    """The version of a package in an environment."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run(
        [folder / "bin" / "python", "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def size_mib(folder: Path, without: str = "") -> float:
    """Disk space of the files below a folder, as ``du`` counts it, but for those whose name ends in `without`."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_blocks * 512 for path in files if not (without and path.name.endswith(without))) / 2**20
