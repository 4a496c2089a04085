"""Geometry: angle, crop and split on drawn pages askew on a bed, beside other programs; words before and after.

Pages of the kinds of `fidelity` that are light sheets, single or two as an open book, turned by -10 to 10 degrees.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.harness.measure import emptied
from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import Table, Value
from benchmarks.peers import skew
from benchmarks.peers.environments import environment
from benchmarks.suites.fidelity import KINDS
from benchmarks.suites.fidelity.judge import Reader, share
from bgtool.api import source_of
from bgtool.geometry.straighten import Found, straightened
from bgtool.options import CleanOptions, CropTo, Format, Split
from bgtool.runtime.session import Model, load_model
from bgtool.tasks.document import clean_page, planned
from bgtool.tasks.straight import straight_pages, wish_of
from training.drawing.ground import bed

PAGES, QUICK_PAGES = 200, 8

OTHERS = ("bed", "gutter", "dark", "negative", "blue", "chalk", "slide", "screenshot", "photostat")
"""Kinds of `fidelity` whose names hold one of these bring a ground of their own."""

MOST = 10.0
"""Degrees."""

NEAR = 0.01
"""Share of the sheet's shorter side within which its corners have to be found."""

ALL = CleanOptions(inputs=(), output="", deskew=True, crop=CropTo.PAGE, split=Split.AUTO, format=Format.TIFF)


@dataclass(frozen=True)
class Askew:
    """A scan, and what is true of it.

    Attributes:
        name: of its file.
        scan: RGB.
        degrees: by which it has to be turned clockwise.
        corners: of the sheet on the scan, from the top left one on clockwise, [4, 2].
        double: whether two pages lie beside each other.
        upright: the sheet as it was drawn.
    """

    name: str
    scan: Image.Image
    degrees: float
    corners: NDArray[np.float64]
    double: bool
    upright: Image.Image


def measure(settings: Settings) -> list[Table]:
    """Angles beside other programs, crop and split, words of upright and of turned pages."""
    folder = emptied(settings.build / "geometry" / "scans")
    pages = list(drawn(QUICK_PAGES if settings.quick else PAGES))
    for page in pages:
        page.scan.save(folder / page.name, compress_level=1)
    model = load_model(task="document", device="cpu")
    found = {page.name: straight_pages(source_of(page.scan), ALL, model, None) for page in pages}
    python = environment(settings.build / "environments" / "deskew", "deskew") / "bin" / "python"
    told = subprocess.run([python, Path(skew.__file__), folder], check=True, capture_output=True, text=True).stdout
    angles: dict[str, Mapping[str, float | None]] = {
        "bgtool": {name: None if unsure(one) else one.pages[0].placement.degrees for name, one in found.items()},
        "ImageMagick -deskew 40%": by_name(pages, folder, magick),
        "unpaper, range 15": by_name(pages, folder, unpaper),
        "deskew": json.loads(told),
    }
    return [angle_table(pages, angles), shape_table(pages, found), words_table(pages[::4], model, settings)]


def drawn(count: int) -> Iterator[Askew]:
    """Pages of all kinds in turn, every other one double; the same each time."""
    kinds = [kind for kind in KINDS if not any(word in kind for word in OTHERS)]
    for number in range(count):
        chance = random.Random(f"geometry {number}")
        torch.manual_seed(number)
        yield askew(f"{number:03}.png", kinds[number % len(kinds)], chance, double=number % 2 == 1)


def askew(name: str, kind: str, chance: random.Random, double: bool) -> Askew:
    """A drawn page on its bed."""
    sheets = [KINDS[kind](f"{name} {side}").image.convert("RGB") for side in range(1 + double)]
    upright = book(sheets, chance) if double else sheets[0]
    degrees = chance.uniform(-MOST, MOST)
    lying = upright.convert("RGBA").rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    size = tuple(side + chance.randrange(10, max(side // 8, 11)) for side in lying.size)
    ground = (bed(max(size)).clamp(0, 1).permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    scan = Image.fromarray(ground).crop((0, 0, *size))
    left, top = (chance.randrange(whole - part + 1) for whole, part in zip(size, lying.size, strict=True))
    scan.paste(lying, (left, top), lying)
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    width, height = upright.size
    around = np.array([(0, 0), (width, 0), (width, height), (0, height)]) - [width / 2, height / 2]
    corners = around @ matrix + [left + lying.width / 2, top + lying.height / 2]
    return Askew(name, scan, degrees, corners, double, upright)


def book(sheets: Sequence[Image.Image], chance: random.Random) -> Image.Image:
    """Two sheets beside each other, each higher than wide, with the shadow of the fold between them."""
    height = sheets[0].height
    width = min(sheets[0].width, round(0.8 * height))
    pixels = np.concatenate([np.asarray(sheet.crop((0, 0, width, height))) for sheet in sheets], axis=1).astype(float)
    away = np.abs(np.arange(2 * width) - width + 0.5)
    shadow = 1 - chance.uniform(0.3, 0.95) * np.exp(-away / chance.uniform(3, 30))
    return Image.fromarray((pixels * shadow[None, :, None]).astype(np.uint8))


def unsure(found: Found) -> bool:
    """Whether a page was left as it lay, with a warning."""
    return any("angle" in warning for warning in found.warnings)


def by_name(pages: Sequence[Askew], folder: Path, ask: Callable[[Path], float | None]) -> dict[str, float | None]:
    """What a program says of every page."""
    return {page.name: ask(folder / page.name) for page in pages}


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
    return float(np.rad2deg(_number(line[1]))) if line else None


def _number(text: str) -> float:
    return float(text.strip() or 0)


def angle_table(pages: Sequence[Askew], angles: Mapping[str, Mapping[str, float | None]]) -> Table:
    """Errors of the angle by program."""
    rows: list[dict[str, Value]] = []
    for name, found in angles.items():
        errors = [abs(angle - page.degrees) for page in pages if (angle := found[page.name]) is not None]
        rows.append(
            {
                "program": name,
                "mean error": round(fmean(errors), 3),
                "median": round(median(errors), 3),
                "above 1°": sum(error > 1 for error in errors),
                "left, and said so": len(pages) - len(errors),
            }
        )
    return Table(f"Angle in degrees, {len(pages)} drawn pages", rows, "Errors of the pages that were not left.")


def shape_table(pages: Sequence[Askew], found: Mapping[str, Found]) -> Table:
    """Crop and split."""
    near, warned, doubles, singles = [], 0, [], []
    for page in pages:
        parts = found[page.name].pages
        first, last = parts[0].placement.corners, parts[-1].placement.corners
        corners = np.array([first[0], last[1], last[2], first[3]])
        near.append(np.abs(corners - page.corners).max() <= NEAR * min(page.upright.size))
        warned += bool(found[page.name].warnings) and not near[-1]
        (doubles if page.double else singles).append(len(parts))
    row: dict[str, Value] = {
        "cropped within 1 %": round(fmean(near), 3),
        "others, with a warning": f"{warned} of {len(near) - sum(near)}",
        "double pages parted": round(fmean(count == 2 for count in doubles), 3),
        "single pages parted": sum(count > 1 for count in singles),
    }
    return Table(f"Crop and split, {len(pages)} drawn pages", [row])


def words_table(pages: Sequence[Askew], model: Model, settings: Settings) -> Table:
    """Words of the upright sheet that are read on the results of the sheet, of its scan, and of its scan, deskewed."""
    reader, wish = Reader(settings.build / "geometry" / "read"), CleanOptions(inputs=(), output="", deskew=True)
    kept: dict[str, list[float]] = {"upright": [], "turned": [], "turned, --deskew": []}
    for page in (one for one in pages if not one.double):
        truth = reader.words(page.upright, 2)
        if truth.total() < 20:
            continue
        straight = straightened(source_of(page.scan), wish_of(wish), lambda colours: colours[..., 1]).pages[0]
        sources = source_of(page.upright), source_of(page.scan), straight
        for name, source in zip(kept, sources, strict=True):
            result = clean_page(source, model, wish.style, plan=planned(source, wish, None))
            kept[name].append(share(truth, reader.words(Image.fromarray(result), 2)))
    count = len(kept["upright"])
    row: dict[str, Value] = {name: round(fmean(values), 3) for name, values in kept.items()}
    return Table(f"Words kept, {count} drawn pages", [row], "Of the words that tesseract reads on the upright sheet.")
