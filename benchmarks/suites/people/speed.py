"""People: `bgtool cutout` against `rembg p`, on the same folder of photos with the same network weights."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.harness.material import photos
from benchmarks.harness.measure import BGTOOL, Usage, emptied, run
from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import Table
from benchmarks.peers import variants
from benchmarks.peers.environments import environment, version
from bgtool.runtime.session import load_model
from bgtool.runtime.task import ModelTask

REMBG = "rembg[cpu,cli]"

ONE_VIEW = "bgtool cutout, one view"


def measure(settings: Settings) -> list[Table]:
    """One table: programs, and the bare network as the limit."""
    folder = photos(settings.material / "photos", settings.photos, settings.photo_size)
    build, count = settings.build / "people", settings.photos
    programs = rivals(folder, settings.build)
    if not settings.full:
        del programs["rembg p -dc"]
    outputs = {name: build / name.replace(" ", "-") for name in programs}
    usages = {name: program(emptied(outputs[name])) for name, program in programs.items()}
    rows = [
        {
            "": name,
            "photos/s": count / usage.seconds,
            "× bgtool's time": usage.seconds / usages["bgtool cutout"].seconds,
            "CPU s a photo": usage.cpu_seconds / count,
            "cores busy": usage.cores_busy,
            "peak MiB": usage.peak_mib,
            "outputs": len(list(outputs[name].glob("*.png"))),
            "MB written": sum(file.stat().st_size for file in outputs[name].glob("*.png")) / 1e6,
        }
        for name, usage in usages.items()
    ]
    bare = bare_loop(folder, settings.build)
    megapixels = settings.photo_size[0] * settings.photo_size[1] / 1e6
    rows.append(dict.fromkeys(rows[0]) | {"": "the bare network", "photos/s": bare})
    rembg = version(settings.build / "environments" / "rembg", "rembg")
    note = (
        f"The shipped person network in all rows: rembg {rembg} squeezes photos to {variants.REMBG_SIZE} px square; "
        f"{ONE_VIEW} sees them once as well, at {variants.REMBG_SIZE} px on the longer side, bgtool cutout as often as "
        "the model's card says. `rembg p` leaves the colours of edges as they are; with -dc (measured by --full) it "
        "frees them of the old background, as bgtool always does."
    )
    return [Table(f"{count} JPEG photos of {megapixels:.3g} MP to transparent PNG", rows, note)]


def rivals(folder: Path, build: Path) -> dict[str, Callable[[Path], Usage]]:
    """The programs by name; each takes the folder for its results."""
    rembg = environment(build / "environments" / "rembg", REMBG) / "bin" / "rembg"
    model = variants.written(variants.for_rembg(variants.shipped(ModelTask.PERSON)), build / "models" / "rembg.onnx")
    extras = json.dumps({"model_path": str(model.resolve())})
    home = str(model.parent.resolve())
    custom = [rembg, "p", "-m", "u2net_custom", "-x", extras]
    cutout = [*BGTOOL, "cutout", folder, "--format", "png", "--device", "cpu", "--quiet"]
    return {
        "bgtool cutout": lambda out: run([*cutout, "-o", out]),
        ONE_VIEW: lambda out: run([*cutout, "--model", like_rembg(build), "-o", out]),
        "rembg p": lambda out: run([*custom, folder, out], REMBG_HOME=home),
        "rembg p -dc": lambda out: run([*custom, "-dc", folder, out], REMBG_HOME=home),
    }


def like_rembg(build: Path) -> Path:
    """The shipped person model, seeing photos once and at the size that rembg insists on."""
    model = variants.one_view(variants.shipped(ModelTask.PERSON), variants.REMBG_SIZE)
    return variants.written(model, build / "models" / "person.onnx")


def bare_loop(folder: Path, build: Path) -> float:
    """Photos a second of the network alone, over photos that were decoded and made small beforehand."""
    model = load_model(str(like_rembg(build)), task="person", device="cpu")
    stride = model.card.stride
    small = []
    for file in sorted(folder.iterdir())[:8]:
        photo = Image.open(file)
        height = variants.REMBG_SIZE * photo.height // photo.width // stride * stride
        small.append(np.asarray(photo.convert("RGB").resize((variants.REMBG_SIZE, height)))[None])
    model.run(small[0])
    start = time.perf_counter()
    for picture in small:
        model.run(picture)
    return len(small) / (time.perf_counter() - start)
