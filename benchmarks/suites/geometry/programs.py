"""The angles that other programs find, in degrees by which a scan has to be turned clockwise."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.harness.settings import Settings
from benchmarks.peers import skew
from benchmarks.peers.environments import environment

NAMES = ("ImageMagick -deskew 40%", "unpaper, range 15", "deskew")


def angles(files: Sequence[Path], settings: Settings) -> list[dict[str, float | None]]:
    """What each program says of every file, None where it finds nothing."""
    python = environment(settings.build / "environments" / "deskew", "deskew") / "bin" / "python"
    told = subprocess.run([python, Path(skew.__file__), *files], check=True, capture_output=True, text=True).stdout
    by_package = json.loads(told)
    return [dict(zip(NAMES, (magick(file), unpaper(file), by_package[file.name]), strict=True)) for file in files]


def magick(file: Path) -> float | None:
    """The angle that ImageMagick finds."""
    command = ["convert", file, "-deskew", "40%", "-format", "%[deskew:angle]", "info:"]
    return _number(subprocess.run(command, capture_output=True, text=True).stdout)


def unpaper(file: Path) -> float | None:
    """The angle that unpaper finds."""
    plain, result = file.with_suffix(".ppm"), file.with_suffix(".out.ppm")
    with Image.open(file) as image:
        image.save(plain)
    command = ["unpaper", "-v", "--overwrite", "--deskew-scan-range", "15", plain, result]
    said = subprocess.run(command, capture_output=True, text=True)
    plain.unlink()
    result.unlink(missing_ok=True)
    line = re.search(r"rotate \([^)]*\): (-?[0-9.]+)", said.stdout + said.stderr)
    return -float(np.rad2deg(_number(line[1]))) if line else None  # it counts counterclockwise


def _number(text: str) -> float:
    return float(text.strip() or 0)
