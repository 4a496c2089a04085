"""The example scans, turned by known angles: what a program finds of one has to differ by as much.

By how much a scan lies askew itself is not known, so two turns of it are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from benchmarks.harness.measure import ROOT
from benchmarks.harness.tables import Table, Value

SCANS = ROOT / "examples" / "scans"

TURNS = (2.7, -6.4)
"""Degrees counterclockwise."""

CLOSE, FAR = 0.1, 1.0
"""Degrees by which the difference may be off."""

Angles = Mapping[str, float | None]
"""By program the degrees by which a scan is to be turned clockwise; None where it is left."""


def measure(folder: Path, angles: Callable[[Sequence[Path]], Sequence[Angles]], most: int) -> Table:
    """Turn so many examples, and ask for their angles.

    Args:
        folder: for the turned scans.
        angles: gives the angles of files.
        most: examples that are taken.
    """
    files = [turned(scan, degrees, folder) for scan in single_pages()[:most] for degrees in TURNS]
    found = angles(files)
    return known_table(list(zip(found[::2], found[1::2], strict=True)))


def single_pages() -> list[Path]:
    """The examples that are one picture each."""
    return sorted(file for file in SCANS.iterdir() if file.suffix in (".png", ".jpg"))


def turned(scan: Path, degrees: float, folder: Path) -> Path:
    """A turned example; the bed goes on around it in the colour of its corner."""
    file = folder / f"{scan.stem}{degrees:+}.png"
    with Image.open(scan) as image:
        page = image.convert("RGB")
    corner = page.resize((1, 1), box=(0, 0, 8, 8)).getpixel((0, 0))
    page.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=corner).save(file, compress_level=1)
    return file


def known_table(pairs: Sequence[tuple[Angles, Angles]]) -> Table:
    """How many of the differences are right, by program."""
    rows: list[dict[str, Value]] = []
    for name in pairs[0][0]:
        both = [(one[name], other[name]) for one, other in pairs]
        off = [abs(one - other - (TURNS[0] - TURNS[1])) for one, other in both if one is not None and other is not None]
        rows.append(
            {
                "program": name,
                f"within {CLOSE}°": sum(error <= CLOSE for error in off),
                f"within {FAR:.0f}°": sum(error <= FAR for error in off),
                "left, and said so": len(both) - len(off),
            }
        )
    return Table(f"{len(pairs)} example scans, turned by {TURNS[0]} and by {TURNS[1]} degrees", rows)
