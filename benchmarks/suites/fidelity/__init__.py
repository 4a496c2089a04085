"""Fidelity: what is kept of every kind of page, by bgtool in three styles and by classical thresholds.

Drawn pages of many kinds, whose words, ink, codes and pictures are known, and real scans if a folder of them is given.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import fmean

from PIL import Image

from benchmarks.harness.measure import BGTOOL, emptied, run
from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import Table, Value
from benchmarks.peers import binarize
from benchmarks.peers.environments import environment
from benchmarks.suites.fidelity import grounds, judge, marks, strokes, writing
from benchmarks.suites.fidelity.sheet import Scan
from bgtool.runtime.cores import usable_cores
from bgtool.storage.file_journal import FILE_NAME

KINDS: dict[str, Callable[[str], Scan]] = {**writing.KINDS, **marks.KINDS, **strokes.KINDS, **grounds.KINDS}

PAGES, QUICK_PAGES = 10, 2

STYLES = ("gray", "bilevel", "color")

CLASSICAL = {"Otsu": "doxapy Otsu", "Sauvola": "doxapy Sauvola"}
PEERS = ("doxapy<0.9.3", "numpy", "pillow")

FIGURES = {
    "words": ("Words kept", "Share of the words drawn that tesseract reads."),
    "codes": ("Codes read", "Share of the bar codes and matrix codes drawn that zxing-cpp reads."),
    "ink": ("Ink kept", "Share of the ink's pixels that have ink of the result within a pixel."),
    "paper": ("Paper white", "Share of the paper, from five pixels beside ink and pictures on, that is white (230)."),
    "pictures": ("Pictures kept", "Structural similarity (SSIM) of the picture with the scan's."),
    "warned": ("Warned of", "Share of the pages that bgtool finished with a warning."),
}
"""By name: title and note of its table."""

Found = dict[str, dict[str, float]]
"""Of one page: by rival, figures by name."""


def measure(settings: Settings) -> list[Table]:
    """One table a figure by kind, and one a folder of real scans."""
    build = settings.build / "fidelity"
    reader = judge.Reader(build / "read")
    pages = [(kind, number) for kind in chosen(settings) for number in range(QUICK_PAGES if settings.quick else PAGES)]
    scans = emptied(build / "scans")
    with ProcessPoolExecutor(usable_cores()) as pool:
        list(pool.map(partial(save, folder=scans), pages, chunksize=4))
        results = {"scan": scans, **rivals(scans, build / "results", settings)}
        found = list(pool.map(partial(judged, results=results, reader=reader), pages, chunksize=4))
    keep_pages(build / "pages.json", pages, found)
    by_kind = {kind: [page for (one, _), page in zip(pages, found, strict=True) if one == kind] for kind, _ in pages}
    tables = [table(name, by_kind) for name in FIGURES]
    real = sorted(path for path in settings.readable.iterdir() if path.is_dir()) if settings.readable else []
    return [*filter(lambda one: one.rows, tables), *(real_table(folder, build, reader, settings) for folder in real)]


def chosen(settings: Settings) -> list[str]:
    """The kinds that are drawn: those whose name holds one of the words asked for; all without any."""
    return [kind for kind in KINDS if not settings.kinds or any(word in kind for word in settings.kinds)]


def file_name(kind: str, number: int) -> str:
    """The name of a drawn page's files."""
    return f"{kind.replace(' ', '_').replace(',', '')}-{number:02}.png"


def save(page: tuple[str, int], folder: Path) -> None:
    """Draw a page into a folder."""
    kind, number = page
    KINDS[kind](f"{kind} {number}").image.save(folder / file_name(kind, number), compress_level=1)


def rivals(scans: Path, out: Path, settings: Settings) -> dict[str, Path]:
    """The folders of results by rival, made from a folder of scans."""
    python = environment(settings.build / "environments" / "thresholds", *PEERS) / "bin" / "python"
    folders = {name: emptied(out / name) for name in (*CLASSICAL, *STYLES)}
    for name, method in CLASSICAL.items():
        run([python, Path(binarize.__file__), method, scans, folders[name]])
    model = ["--model", str(settings.model.resolve())] if settings.model else []
    for style in STYLES:
        options = ["--style", style, "--format", "png", "--device", "cpu", "--quiet", *model]
        run([*BGTOOL, "clean", scans, "-o", folders[style], *options])
    return folders


def judged(page: tuple[str, int], results: Mapping[str, Path], reader: judge.Reader) -> Found:
    """What every rival kept of a drawn page."""
    kind, number = page
    scan, name = KINDS[kind](f"{kind} {number}"), file_name(kind, number)
    found = {}
    for rival, folder in results.items():
        with Image.open(folder / name) as image:
            found[rival] = judge.figures(scan, image, reader)
        if rival in STYLES:
            found[rival]["warned"] = float(bool(warnings(folder).get(name)))
    found["scan"] = {key: value for key, value in found["scan"].items() if key in ("words", "codes")}
    return found


def warnings(folder: Path) -> dict[str, list[str]]:
    """By output, what bgtool's manifest says of it."""
    lines = (folder / FILE_NAME).read_text(encoding="utf-8").splitlines()
    return {record["output"]: record["warnings"] for record in map(json.loads, lines)}


def keep_pages(file: Path, pages: list[tuple[str, int]], found: list[Found]) -> None:
    """Write down the figures of every page."""
    values = {file_name(*page): figures for page, figures in zip(pages, found, strict=True)}
    file.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def table(figure: str, by_kind: Mapping[str, list[Found]]) -> Table:
    """One figure of all kinds that have it, and its means."""
    title, note = FIGURES[figure]
    rows: list[dict[str, Value]] = []
    for kind, pages in by_kind.items():
        means = {rival: mean_of([page[rival] for page in pages], figure) for rival in pages[0]}
        if any(mean is not None for mean in means.values()):
            rows.append({"kind": kind, **means})
    if rows:
        columns = {rival: [row[rival] for row in rows] for rival in rows[0] if rival != "kind"}
        rows.append({"kind": "mean", **{name: mean(values) for name, values in columns.items()}})
    return Table(f"{title}, {sum(map(len, by_kind.values()))} drawn pages", rows, note)


def mean_of(found: list[dict[str, float]], name: str) -> float | None:
    """Mean of one figure over the pages that have it; None where none has."""
    return mean([page.get(name) for page in found])


def mean(values: list[float | None]) -> float | None:
    """Mean of those that are there; None where none is."""
    there = [value for value in values if value is not None]
    return fmean(there) if there else None


def real_table(folder: Path, build: Path, reader: judge.Reader, settings: Settings) -> Table:
    """The words kept of real scans, by rival."""
    real = judge.RealPages(folder, reader)
    scans = emptied(build / "real" / folder.name / "scans")
    for file in real.files:
        with Image.open(file) as image:
            image.save(scans / f"{file.stem}.png", compress_level=1)
    results = rivals(scans, build / "real" / folder.name / "results", settings)
    with ThreadPoolExecutor(usable_cores()) as pool:
        kept = {
            "scan": list(pool.map(real.kept_in_scan, real.files)),
            "scan, a trace of blur": list(pool.map(real.kept_in_blur, real.files)),
            **{name: list(pool.map(partial(real.kept, folder=out), real.files)) for name, out in results.items()},
        }
    rows = [row(name, values, kept["scan"]) for name, values in kept.items()]
    words = sum(real.truth(file).total() for file in real.files)
    return Table(f"Words kept of {len(real.files)} real scans: {folder.name}, {words} words", rows, judge.REAL_NOTE)


def row(name: str, kept: list[float], before: list[float]) -> dict[str, Value]:
    """One rival's line about real scans."""
    worse = sum(one < first - 0.02 for one, first in zip(kept, before, strict=True))
    return {
        "": name,
        "words kept": fmean(kept),
        "worst page": min(kept),
        "pages 2 points worse than the scan": str(worse),
    }
