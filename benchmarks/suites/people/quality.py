"""How good cut-outs are: by set, by the size of people, of photos that lie, and of photos without anybody.

Masks are kept below the build folder, and those that are there are not made again: a run that was stopped goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import numpy as np
from PIL import Image

from benchmarks.harness.empty import CROWDED, LEAST_SHARE, empty_part
from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import Table, Value
from benchmarks.peers.segment import Job
from benchmarks.suites.people import peers, pets
from bgtool.scoring.metrics import Mask, jaccard
from training.data.pairs import Pair, find_pairs
from training.data.people import find_backgrounds

SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 1.0)
"""Borders between groups, by how much of the frame people fill."""

TURNS = range(4)
"""Quarters to the left by which photos are turned."""

TURNED_EACH = 3
"""Every so many-th photo is turned."""

SOMETHING = 0.005
"""Share of a frame above which something is cut out of it."""

PERSON = 128
"""Alpha from which on a pixel is called a person's."""

QUICK = 16
"""Every so many-th photo in a smoke run."""

Photos = Mapping[str, Sequence[Job]]
"""Photos without anybody, by kind."""


@dataclass(frozen=True)
class Judged:
    """One photo of people by one program: its set, the share of the frame that they fill, and the Jaccard index."""

    set_name: str
    share: float
    score: float


def measure(settings: Settings, folder: Path) -> list[Table]:
    """Four tables, with a row for each program, of a folder of sets of photos of people.

    Raises:
        FileNotFoundError: there are no photos with masks.
    """
    every = QUICK if settings.quick else 1
    photos = find_pairs(folder, "mask")[::every]
    nobody = {"parts of photos of people": [*empty_parts(photos)], **kinds_of(settings.nobody, every)}
    rows: dict[str, list[dict[str, Value]]] = {name: [] for name in ("set", "size", "turns", "nobody")}
    for program in peers.programs(settings):
        upright = judged(program, photos[:: program.step], 0)
        rows["set"].append({"": program.name, **by_set(upright)})
        rows["size"].append({"": program.name, **by_size(upright)})
        if program.turned:
            turned = photos[::TURNED_EACH]
            scores = {turns: fmean(one.score for one in judged(program, turned, turns)) for turns in TURNS}
            rows["turns"].append({"": program.name, **{f"{90 * turns}°": score for turns, score in scores.items()}})
        rows["nobody"].append({"": program.name, **by_kind(program, nobody)})
    return [Table(title(len(photos)), rows[name], note) for name, (title, note) in TABLES.items()]


TABLES: Mapping[str, tuple[Callable[[int], str], str]] = {
    "set": ("Jaccard index by set, {} photos".format, "Means over photos, masks at the photos' own size."),
    "size": ("Jaccard index by the share of the frame that people fill, {} photos".format,
             "In brackets, how many photos."),
    "turns": ("Jaccard index of photos turned to the left, every third of {} photos".format, "Means over photos."),
    "nobody": ("Photos without anybody: share out of which something is cut, beside {} photos of people".format,
               f"Something is more than {SOMETHING:.1%} of the frame."),
}  # fmt: skip
"""Of each table its title, from the number of photos of people, and its note."""


def judged(program: peers.Program, photos: Sequence[Pair], turns: int) -> list[Judged]:
    """How well a program cuts out photos that were turned by quarters to the left."""
    found = masks(program, [Job(str(one.image), turns=turns) for one in photos])
    results = []
    for pair, turned in zip(photos, found, strict=True):
        with Image.open(pair.truth) as image:
            truth = np.asarray(image.convert("L")) >= PERSON
        score = jaccard(truth, np.rot90(turned, -turns))
        results.append(Judged(pair.set_name, float(truth.mean()), score))
    return results


def masks(program: peers.Program, jobs: Sequence[Job]) -> Iterable[Mask]:
    """What a program finds in photos, made where it is not there yet: bool [H, W] each."""
    files = [program.folder / f"{job.key}.png" for job in jobs]
    program.run([job.into(str(file)) for job, file in zip(jobs, files, strict=True) if not file.exists()])
    for file in files:
        with Image.open(file) as image:
            yield np.asarray(image) >= PERSON


def by_set(photos: Sequence[Judged]) -> dict[str, Value]:
    """Mean Jaccard index of each set and of all photos."""
    names = sorted({one.set_name for one in photos})
    means: dict[str, Value] = {name: fmean(one.score for one in photos if one.set_name == name) for name in names}
    return {**means, "all": fmean(one.score for one in photos)}


def by_size(photos: Sequence[Judged]) -> dict[str, Value]:
    """Mean Jaccard index by how much of the frame people fill, and how many photos are in each group."""
    row: dict[str, Value] = {}
    for low, high in pairwise(SHARES):
        group = [one.score for one in photos if low <= one.share < high]
        row[f"{low:.0%} to {high:.0%}"] = f"{fmean(group):.3f} ({len(group)})" if group else None
    return row


def by_kind(program: peers.Program, nobody: Photos) -> dict[str, Value]:
    """By kind of photo, the share out of which something is cut, and how many photos there are."""
    row: dict[str, Value] = {}
    for kind, jobs in nobody.items():
        found = [mask.mean() > SOMETHING for mask in masks(program, jobs[:: program.step])]
        row[kind] = f"{fmean(found):.1%} ({len(found)})" if found else None
    return row


def kinds_of(folder: Path | None, every: int) -> Photos:
    """The photos of a folder, which show nobody, by whether a pet is in them."""
    if not folder:
        return {}
    files = [one.image for one in find_backgrounds(folder)][::every]
    shown = [pets.shows_pet(file) for file in files]
    named = {"photos with cats or dogs": True, "other photos": False}
    return {
        name: [Job(str(file)) for file, pet in zip(files, shown, strict=True) if pet is wanted]
        for name, wanted in named.items()
    }


def empty_parts(photos: Iterable[Pair]) -> Iterable[Job]:
    """The largest part without people of each photo, where it is large enough and no passers-by are in it."""
    for pair in photos:
        if pair.set_name in CROWDED:
            continue
        with Image.open(pair.truth) as image:
            truth = image.convert("L").point(lambda level: 255 * (level >= PERSON))
        box = empty_part(truth)
        if (box[2] - box[0]) * (box[3] - box[1]) >= LEAST_SHARE * truth.width * truth.height:
            yield Job(str(pair.image), box=box)
