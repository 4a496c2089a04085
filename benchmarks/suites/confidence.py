"""Does confidence order results by their true error? Pages and photos that no network and no constant was chosen on.

Pages: the test sets of the DIBCO contests, and those that `fidelity` draws; photos: the test sets of people.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import Table, Value
from benchmarks.suites.fidelity import KINDS
from benchmarks.suites.fidelity.judge import grown
from bgtool.api import source_of
from bgtool.options import TRANSPARENT, CleanOptions, Style
from bgtool.runtime.session import Model, load_model
from bgtool.scoring.metrics import f_measure, jaccard
from bgtool.tasks.assessment import of_page
from bgtool.tasks.confidence import Confidence
from bgtool.tasks.document import INK_BELOW, clean_page, planned
from bgtool.tasks.guard import Guard
from bgtool.tasks.person.backgrounds import read_background
from bgtool.tasks.person.cutout import Look, cut_out
from training.data.pairs import Pair, find_pairs

DATA = Path(os.environ.get("BGTOOL_DATA", Path(__file__).parents[3] / "shared" / "data"))
PAGES, PHOTOS = DATA / "documents" / "test", DATA / "person" / "test"

DRAWN = 1
"""Drawn pages of a kind."""

NEAR = "drawn, within a pixel"
"""The set of these: ink within a pixel of ink is right, since a scan makes strokes wider by about that."""

MASK = Look(read_background(TRANSPARENT), mask_only=True)


@dataclass(frozen=True)
class Judged:
    """One result: how sure it was said to be, and its error, 0 to 1: 1 - F-measure, or 1 - Jaccard index."""

    set_name: str
    name: str
    confidence: float
    reasons: tuple[str, ...]
    error: float


Read = tuple[Image.Image, NDArray[np.bool_], NDArray[np.bool_] | None]
"""A picture, RGB; where ink or a person is, bool [h, w]; and what of it does not count."""


@dataclass(frozen=True)
class Case:
    """One picture with its truth, both read when they are asked for."""

    set_name: str
    name: str
    read: Callable[[], Read]


def measure(settings: Settings) -> list[Table]:
    """Tables of scans, drawn pages and photos, by set and all together. What is judged is kept for the next time."""
    kept = settings.build / ("confidence-quick.jsonl" if settings.quick else "confidence.jsonl")
    kept.parent.mkdir(parents=True, exist_ok=True)
    known = {(one.set_name, one.name): one for one in read(kept)}
    tables = []
    for what, error, cases, judge in (
        ("scanned pages", "1 - F-measure", list(scans()), judge_page),
        ("drawn pages", "1 - F-measure, ink within a pixel of ink being right", list(drawn()), judge_page),
        ("photos", "1 - Jaccard index", list(photos()), judge_photo),
    ):
        model = load_model(task="person" if judge is judge_photo else "document", device="cpu")
        found = []
        for case in cases[:: 40 if settings.quick else 1]:
            one = known.get((case.set_name, case.name)) or judged(case, model, judge)
            if one and (case.set_name, case.name) not in known:
                with kept.open("a") as file:
                    file.write(json.dumps(asdict(one)) + "\n")
            found += [one] if one else []
        if found:
            tables.append(Table(f"Confidence and error of {len(found)} {what}", rows(found), f"Error: {error}. {NOTE}"))
    return tables


NOTE = (
    "rank correlation: Spearman's, of doubt (1 - confidence) with the error. tenth: share of the whole error that the "
    "least sure tenth of the results holds; best tenth: that of the tenth with the largest errors."
)


def read(file: Path) -> Iterator[Judged]:
    """What was judged before."""
    for line in file.read_text().splitlines() if file.exists() else ():
        values = json.loads(line)
        yield Judged(**values | {"reasons": tuple(values["reasons"])})


def scans() -> Iterator[Case]:
    """The pages of the contests; none without the data, which is not part of the repository."""
    for pair in find_pairs(PAGES, "gt") if PAGES.is_dir() else ():
        yield Case(pair.set_name, pair.image.stem, partial(page_pair, pair))


def drawn() -> Iterator[Case]:
    """Drawn pages that have ink; what pictures are on them does not count."""

    def draw(kind: str, name: str) -> Read:
        scan = KINDS[kind](name)
        return scan.image.convert("RGB"), scan.ink, scan.pictures

    for kind in KINDS:
        for number in range(DRAWN):
            name = f"{kind} {number}"
            yield Case(NEAR, name, partial(draw, kind, name))


def photos() -> Iterator[Case]:
    """The photos of people; none without the data."""
    for pair in find_pairs(PHOTOS, "mask") if PHOTOS.is_dir() else ():
        yield Case(pair.set_name, pair.image.stem, partial(photo_pair, pair))


def page_pair(pair: Pair) -> Read:
    """A scan and where its truth has ink."""
    return opened(pair.image), grey(pair.truth) < 128, None


def photo_pair(pair: Pair) -> Read:
    """A photo and where its truth has a person."""
    return opened(pair.image), grey(pair.truth) >= 128, None


def opened(path: Path) -> Image.Image:
    """A picture, RGB."""
    with Image.open(path) as image:
        return image.convert("RGB")


def grey(path: Path) -> NDArray[np.uint8]:
    """A picture's grey levels."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


Judge = Callable[[Image.Image, Model], tuple[NDArray[np.bool_], Confidence]]


def judged(case: Case, model: Model, judge: Judge) -> Judged | None:
    """One picture worked and compared with its truth; None where the truth is empty, for which no error is defined."""
    image, truth, beside = case.read()
    result, confidence = judge(image, model)
    counts = np.ones_like(truth) if beside is None else ~beside
    if not (truth & counts).any():
        return None
    score = jaccard if judge is judge_photo else near if case.set_name == NEAR else lambda *both: f_measure(*both) / 100
    error = 1 - float(score(truth & counts, result & counts))
    return Judged(case.set_name, case.name, confidence.value, tuple(confidence.reasons), error)


def near(truth: NDArray[np.bool_], result: NDArray[np.bool_]) -> float:
    """F-measure, 0..1, of two masks of ink [h, w] of which ink within a pixel of the other's is right."""
    right = (result & grown(truth, 3)).sum() / max(1, result.sum())
    found = (truth & grown(result, 3)).sum() / truth.sum()
    return float(2 * right * found / max(right + found, 1e-12))


def judge_page(image: Image.Image, model: Model) -> tuple[NDArray[np.bool_], Confidence]:
    """Where the cleaned page has ink, and how sure it is."""
    source = source_of(image)
    guard = Guard(source.size)
    plan = planned(source, CleanOptions(inputs=(), output=""), source.metadata.resolution)
    page = clean_page(source, model, Style.GRAY, plan=plan, guard=guard)
    return page < INK_BELOW, of_page(guard.levels, guard.findings())


def judge_photo(image: Image.Image, model: Model) -> tuple[NDArray[np.bool_], Confidence]:
    """Where the mask has a person, and how sure it is."""
    result = cut_out(source_of(image), model, MASK)
    return result.pixels >= 128, result.confidence


def rows(found: Sequence[Judged]) -> list[dict[str, Value]]:
    """One row a set, and one of all."""
    sets = {name: [one for one in found if one.set_name == name] for name in dict.fromkeys(o.set_name for o in found)}
    return [row(name, ones) for name, ones in {**sets, "all": list(found)}.items()]


def row(name: str, found: Sequence[Judged]) -> dict[str, Value]:
    """How well confidence orders some results."""
    doubt = np.array([1 - one.confidence for one in found])
    error = np.array([one.error for one in found])
    return {
        "set": name,
        "results": str(len(found)),
        "mean error": float(error.mean()),
        "rank correlation": spearman(doubt, error) if len(found) > 2 else None,
        "tenth": share_of_tenth(doubt, error),
        "best tenth": share_of_tenth(error, error),
    }


def spearman(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Rank correlation, -1..1; equal values share their mean rank."""
    return float(np.corrcoef(ranks(first), ranks(second))[0, 1])


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The place of each value in order, equal ones at their mean place."""
    _, which, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[which]


def share_of_tenth(order: NDArray[np.float64], error: NDArray[np.float64]) -> float:
    """Share of the whole error that the tenth with the highest `order` holds, 0..1."""
    chosen = np.argsort(-order, kind="stable")[: max(1, round(len(order) / 10))]
    return float(error[chosen].sum() / max(error.sum(), 1e-12))
