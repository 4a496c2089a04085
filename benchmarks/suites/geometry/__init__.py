"""Geometry: angle, crop and split on drawn pages askew on a bed, beside other programs; words before and after.

Pages of the kinds of `fidelity` that are light sheets, single or two as an open book, turned by -10 to 10 degrees. What
was found stands in a file line by line, so that a run that was stopped goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import Table, Value
from benchmarks.suites.fidelity.judge import Reader, share
from benchmarks.suites.geometry import known, programs
from benchmarks.suites.geometry.askew import EDGES, Askew, drawn
from bgtool.api import source_of
from bgtool.geometry.placement import Placement
from bgtool.geometry.small import made_small
from bgtool.geometry.straighten import Found
from bgtool.geometry.turn import Straight
from bgtool.imaging.source import Source
from bgtool.options import CleanOptions, CropTo, Format, Split
from bgtool.runtime.session import Model, load_model
from bgtool.tasks.document import clean_page, planned
from bgtool.tasks.straight import straight_pages

PAGES, QUICK_PAGES = 200, 8

COMPARED, QUICK_COMPARED = 60, 4
"""Of the pages, the first so many are shown to other programs, too."""

MORE, QUICK_MORE = 80, 4
"""Pages with other edges."""

EXAMPLES, QUICK_EXAMPLES = 6, 1
"""Example scans that are turned by known angles."""

READ, QUICK_READ = 60, 4
"""Of the pages, the single ones of the first so many are read."""

CHUNK = 10
"""Pages that are drawn and measured at a time."""

NEAR = 0.01
"""Share of the sheet's shorter side within which its corners and its fold have to be found."""

ALL = CleanOptions(inputs=(), output="", deskew=True, crop=CropTo.PAGE, split=Split.AUTO, format=Format.TIFF)
LEVEL = CleanOptions(inputs=(), output="", deskew=True)
CROPPED = CleanOptions(inputs=(), output="", deskew=True, crop=CropTo.PAGE)

Facts = dict[str, Any]


def measure(settings: Settings) -> list[Table]:
    """Angles beside other programs, crop and split, words of upright and of turned pages."""
    folder = settings.build / "geometry"
    folder.mkdir(parents=True, exist_ok=True)
    model = load_model(task="document", device="cpu")
    few = settings.quick

    def ours(pages: Sequence[Askew]) -> Iterator[Facts]:
        return (shape(page, straight_pages(source_of(page.scan), ALL, model, None)) for page in pages)

    def theirs(pages: Sequence[Askew]) -> Iterator[Facts]:
        files = [folder / page.name for page in pages]
        for page, file in zip(pages, files, strict=True):
            page.scan.save(file, compress_level=1)
        return iter(programs.angles(files, settings))

    def of_files(files: Sequence[Path]) -> list[known.Angles]:
        own = [straight_pages(source_of(Image.open(file)), LEVEL, model, None) for file in files]
        others = programs.angles(files, settings)
        return [{"bgtool": angle_of(one)} | other for one, other in zip(own, others, strict=True)]

    def edged(count: int, first: int) -> Iterator[Askew]:
        return drawn(count, first, EDGES)

    reader = Reader(folder / "read")
    found = list(remembered(folder / "pages.jsonl", QUICK_PAGES if few else PAGES, drawn, ours))
    edges = list(remembered(folder / "edges.jsonl", QUICK_MORE if few else MORE, edged, ours))
    others = list(remembered(folder / "others.jsonl", QUICK_COMPARED if few else COMPARED, drawn, theirs))
    words = list(
        remembered(
            folder / "words.jsonl", QUICK_READ if few else READ, drawn, lambda pages: readings(pages, model, reader)
        )
    )
    both = [page | {"angles": {"bgtool": page["turned"]} | more} for page, more in zip(found, others, strict=False)]
    examples = known.measure(folder, of_files, QUICK_EXAMPLES if few else EXAMPLES)
    tables = [angle_table(both), examples, shape_table(found, "a bed"), *edge_tables(edges), words_table(words)]
    return [angle_table([page | {"angles": {"bgtool": page["turned"]}} for page in found]), *tables]


def remembered(
    file: Path,
    count: int,
    pages: Callable[[int, int], Iterable[Askew]],
    facts: Callable[[Sequence[Askew]], Iterable[Facts]],
) -> Iterator[Facts]:
    """The facts of so many pages: those that a file has, then what is found of the others, which it takes in."""
    lines = file.read_text(encoding="utf-8").splitlines()[:count] if file.exists() else []
    yield from map(json.loads, lines)
    left = iter(pages(count, len(lines)))
    while chunk := list(islice(left, CHUNK)):
        for one in facts(chunk):
            with file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(one) + "\n")
            yield one


def shape(page: Askew, found: Found) -> Facts:
    """How far what was found of a page is from the truth."""
    first, last = found.pages[0].placement, found.pages[-1].placement
    fold = np.array(first.corners[1:3])
    rows, columns = np.nonzero(page.ink)
    inside = np.zeros(len(rows), np.bool_)
    for part in (first, last):
        x, y = part.from_scan((columns + 0.5, rows + 0.5))
        inside |= (x >= 0) & (y >= 0) & (x <= part.size[0]) & (y <= part.size[1])
    return {
        "name": page.name,
        "edge": page.edge,
        "double": page.double,
        "degrees": page.degrees,
        "turned": angle_of(found),
        "crop": off_side(page, found) / min(page.upright.size),
        "lost": float(1 - inside.mean()) if len(rows) else 0.0,
        "parts": len(found.pages),
        "fold": float(np.abs(fold - page.fold).max() / page.upright.width) if len(found.pages) > 1 else None,
        "warnings": found.warnings,
    }


def angle_of(found: Found) -> float | None:
    """Degrees by which a scan was turned; None where it was left, with a warning."""
    unsure = any("angle" in warning for warning in found.warnings)
    return None if unsure else found.pages[0].placement.degrees


def off_side(page: Askew, found: Found) -> float:
    """Pixels by which a side of the result is off at a corner of the sheet; a side beyond the scan is not asked for."""
    first, last = found.pages[0].placement, found.pages[-1].placement
    (left, top), (right, bottom) = first.box[:2], last.box[2:]
    from_first = np.array([first.from_scan((x, y)) for x, y in page.corners]) + first.box[:2]
    off = np.abs(from_first[:, 1] - [top, top, bottom, bottom]), np.abs(from_first[1:3, 0] - right)
    beyond = [] if page.edge == "beyond the scan" else [np.abs(from_first[[0, 3], 0] - left)]
    return float(np.concatenate([*off, *beyond]).max())


def angle_table(pages: Sequence[Facts]) -> Table:
    """Errors of the angle by program."""
    rows: list[dict[str, Value]] = []
    for name in pages[0]["angles"]:
        errors = [abs(page["angles"][name] - page["degrees"]) for page in pages if page["angles"][name] is not None]
        rows.append(
            {
                "program": name,
                "mean error": round(fmean(errors), 3),
                "median": round(median(errors), 3),
                "above 0.1°": sum(error > 0.1 for error in errors),
                "above 1°": sum(error > 1 for error in errors),
                "left, and said so": len(pages) - len(errors),
            }
        )
    return Table(f"Angle in degrees, {len(pages)} drawn pages", rows, "Errors of the pages that were not left.")


def shape_table(pages: Sequence[Facts], edge: str) -> Table:
    """Crop and split."""
    far = [page for page in pages if page["crop"] > NEAR]
    doubles = [page for page in pages if page["double"]]
    parted = [page for page in pages if page["parts"] > 1 and not page["double"]]
    right = [page["fold"] is not None and page["fold"] <= NEAR for page in doubles]
    row: dict[str, Value] = {
        "cropped within 1 %": round(1 - len(far) / len(pages), 3),
        "others, with a warning": f"{sum(bool(page['warnings']) for page in far)} of {len(far)}",
        "pages that lost 0.1 % of their ink": sum(page["lost"] > 0.001 for page in pages),
        "double pages parted within 1 %": f"{sum(right)} of {len(doubles)}",
        "single pages parted": f"{len(parted)} of {len(pages) - len(doubles)}",
    }
    return Table(f"Crop and split, {len(pages)} drawn pages: {edge}", [row])


def edge_tables(pages: Sequence[Facts]) -> list[Table]:
    """The same by edge."""
    return [shape_table([page for page in pages if page["edge"] == edge], edge) for edge in EDGES]


def readings(pages: Sequence[Askew], model: Model, reader: Reader) -> Iterator[Facts]:
    """Words of the upright sheet that are read on results of the sheet, of its scan, and of its scan, made straight.

    A control is made of the scan, turned back and cut exactly by what is true of it: what it has lost was lost by the
    turn that laid it askew, by the one back, and by reading once more.
    """
    for page in pages:
        truth = reader.words(page.upright, 2) if not page.double else {}
        if sum(truth.values()) < 20:
            yield {}
            continue
        scan = source_of(page.scan)
        level, cropped = (straight_pages(scan, options, model, None).pages[0] for options in (LEVEL, CROPPED))
        sources = {"upright": source_of(page.upright), "turned": scan, "turned back exactly": turned_back(page)}
        sources |= {"--deskew": level, "--deskew --crop page": cropped}
        yield {name: share(truth, read(source, model, reader)) for name, source in sources.items()}


def turned_back(page: Askew) -> Source:
    """The sheet of a scan by what is true of it."""
    scan, whole = source_of(page.scan), Placement.whole(page.scan.size, page.degrees)
    corners = np.array([whole.from_scan((x, y)) for x, y in page.corners]).round().astype(int)
    (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return Straight(scan, whole.cut((left, top, right, bottom)), made_small(scan))


def read(source: Source, model: Model, reader: Reader) -> Any:
    """The words on a result."""
    result = clean_page(source, model, LEVEL.style, plan=planned(source, LEVEL, None))
    return reader.words(Image.fromarray(result), 2)


def words_table(pages: Sequence[Mapping[str, float]]) -> Table:
    """Means of what was read."""
    kept = [page for page in pages if page]
    rows: list[dict[str, Value]] = [
        {
            "result of": name,
            "mean": round(fmean(page[name] for page in kept), 3),
            "median": round(median(page[name] for page in kept), 3),
            "pages that lose more than 2 points to the upright one": sum(
                page["upright"] - page[name] > 0.02 for page in kept
            ),
        }
        for name in kept[0]
    ]
    note = "Of the words that tesseract reads on the upright sheet before it is cleaned."
    return Table(f"Words kept, {len(kept)} drawn pages", rows, note)
