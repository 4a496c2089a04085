"""The programs whose cut-outs are compared: bgtool in this process, others in environments of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.harness.settings import Settings
from benchmarks.peers import segment
from benchmarks.peers.environments import environment
from benchmarks.peers.segment import Job
from bgtool.api import source_of
from bgtool.options import TRANSPARENT
from bgtool.runtime.session import Model, load_model
from bgtool.tasks.person.backgrounds import read_background
from bgtool.tasks.person.cutout import Look, cut_out

MEDIAPIPE = ("mediapipe==0.10.21", "pillow", "numpy<2")
ISNET = ("onnxruntime", "pillow", "numpy")

SLOW = 4
"""Every so many-th photo is shown to a network that takes seconds for each."""

MASK = Look(read_background(TRANSPARENT), mask_only=True)


@dataclass(frozen=True)
class Program:
    """One that cuts people out.

    Attributes:
        name: in tables.
        folder: where its masks lie.
        run: makes the masks of jobs.
        step: it is shown every so many-th photo.
        turned: whether it is shown turned photos too.
    """

    name: str
    folder: Path
    run: Callable[[Sequence[Job]], None]
    step: int = 1
    turned: bool = True


def programs(settings: Settings) -> list[Program]:
    """bgtool; mediapipe's selfie network; and the ISNet of `settings.isnet`, if there is one, on fewer photos."""
    masks = settings.build / "people" / "masks"
    ours = load_model(task="person", device="cpu")
    bgtool = partial(by_bgtool, model=ours)
    own, environments = masks / f"bgtool-{ours.sha256[:8]}", settings.build / "environments"
    mediapipe = partial(by_peer, environments / "mediapipe", MEDIAPIPE, ["mediapipe"])
    found = [
        Program("bgtool cutout", own, bgtool),
        Program("mediapipe selfie", masks / "mediapipe", mediapipe),
    ]
    if settings.isnet:
        isnet = partial(by_peer, environments / "isnet", ISNET, ["isnet", str(settings.isnet.resolve())])
        found += [
            Program("ISNet, every 4th photo", masks / "isnet", isnet, SLOW, turned=False),
            Program("bgtool cutout, the same", own, bgtool, SLOW, turned=False),
        ]
    return found


def by_bgtool(jobs: Sequence[Job], model: Model) -> None:
    """Do jobs with `bgtool cutout`."""
    for job in jobs:
        job.write(cut_out(source_of(job.picture()), model, MASK).pixels)


def by_peer(folder: Path, packages: Sequence[str], arguments: Sequence[str], jobs: Sequence[Job]) -> None:
    """Do jobs with a network of `segment`, in an environment that is made if it is not there. Raises RuntimeError."""
    if not jobs:
        return
    command = [environment(folder, *packages) / "bin" / "python", segment.__file__, *arguments]
    ended = subprocess.run(command, input="\n".join(job.line() for job in jobs), text=True, capture_output=True)
    if ended.returncode:
        raise RuntimeError(f"{arguments[0]} exited with {ended.returncode}: {ended.stderr[-2000:]}")
