"""Documents: `bgtool clean --style bilevel` against classical methods, and its network against its naive export."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean

import numpy as np
from PIL import Image

from benchmarks.harness.material import EXAMPLES
from benchmarks.harness.measure import BGTOOL, ROOT, Usage, emptied, in_turns, median_usage, medians, run
from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import Table
from benchmarks.peers import binarize, variants
from benchmarks.peers.environments import environment
from bgtool.api import ArraySource
from bgtool.options import Style
from bgtool.runtime.catalogue import own_model
from bgtool.runtime.session import load_model
from bgtool.runtime.task import ModelTask
from bgtool.scoring.metrics import drd, f_measure, psnr
from bgtool.tasks.document import clean_page

CLASSICAL = ("doxapy<0.9.3", "scikit-image", "opencv-contrib-python-headless", "pillow")
"""doxapy 0.9.2 is the newest for Python 3.11; its pages are right, only its own DRD is not, which is not used here."""

OPENVINO = ("onnxruntime-openvino", "click", "pillow", "rich")

UNPAPER = (
    *("--layout", "single", "--type", "pbm", "--overwrite", "--quiet"),
    *("--no-deskew", "--no-mask-scan", "--no-mask-center", "--no-border-scan", "--no-border-align"),
)
"""The second line keeps the page in its place, so that it can be compared with the truth."""

FIGURES = {"F-measure": f_measure, "PSNR": psnr, "DRD": drd}

SHIPPED, FLOAT = "as shipped, on 8-bit integers", "in float32"

SIDE = 512
"""Of the window in which the naive export is timed, in pixels."""


def measure(settings: Settings) -> list[Table]:
    """One table a set of pages, and one for the network alone."""
    sets = sorted(path.parent for path in settings.data_dir.glob("*/img")) if settings.data_dir else []
    return [*(compare(folder, settings) for folder in [*sets, EXAMPLES]), network(settings)]


def compare(folder: Path, settings: Settings) -> Table:
    """bgtool and its peers on one set of pages."""
    build = settings.build / "documents"
    scans, truth = pages_of(folder, build / "scans", 3 if settings.quick else 1000)
    sizes = [Image.open(file).size for file in sorted(scans.iterdir())]
    megapixels = sum(width * height for width, height in sizes) / 1e6
    peers = rivals(scans, settings.build)
    outputs = {name: build / "results" / name.replace(" ", "-") for name in peers}
    turns = {name: lambda name=name, peer=peer: peer(emptied(outputs[name])) for name, peer in peers.items()}
    usages = in_turns(turns, settings.rounds)
    bgtool = median_usage(usages["bgtool"])
    rows = []
    for name in peers:
        usage = median_usage(usages[name])
        rows.append(
            {
                "": name,
                "MP/s": megapixels / usage.seconds,
                "× bgtool's time": usage.seconds / bgtool.seconds,
                "CPU s": usage.cpu_seconds,
                "peak MiB": usage.peak_mib,
                **figures(truth, outputs[name]),
            }
        )
    title = f"{len(sizes)} pages of {folder.name}, {megapixels:.1f} MP, whole programs from start to end"
    return Table(title, rows, "Figures are means over the pages; higher is better, of DRD lower.")


def pages_of(folder: Path, scans: Path, most: int) -> tuple[Path, dict[str, Path]]:
    """A copy of a set's scans of one page each in one flat folder, and their truths by stem.

    The set is examples/ (scans/ and truth/) or a folder with img/ and gt/.
    """
    images, truths = (folder / name for name in (("img", "gt") if (folder / "img").is_dir() else ("scans", "truth")))
    emptied(scans)
    truth = {file.stem: file for file in sorted(truths.glob("*.*"))}
    for file in sorted(images.glob("*.*"))[:most]:
        shutil.copy(file, scans)
    return scans, truth


def rivals(scans: Path, build: Path) -> dict[str, Callable[[Path], Usage]]:
    """What is measured, by name: each takes the folder for its results."""
    python = environment(build / "environments" / "classical", *CLASSICAL) / "bin" / "python"
    clean = ["clean", scans, "--style", "bilevel", "--format", "png", "--quiet"]
    script, own = Path(binarize.__file__), own_model(ModelTask.DOCUMENT).name
    peers: dict[str, Callable[[Path], Usage]] = {
        "bgtool": lambda out: run([*BGTOOL, *clean, "--device", "cpu", "-o", out]),
        "bgtool in float32": lambda out: run([*BGTOOL, *clean, "--model", own, "--device", "cpu", "-o", out]),
        "bgtool on OpenVINO": on_openvino([*clean, "--device", "openvino"], build),
    }
    for method in binarize.METHODS:
        peers[method] = partial(lambda method, out: run([python, script, method, scans, out]), method)
    if shutil.which("unpaper"):
        peers["unpaper"] = partial(unpaper, as_pgm(scans, build / "documents" / "pgm"))
    else:
        print("unpaper is not installed (apt-get install unpaper): left out", file=sys.stderr)
    return peers


def on_openvino(arguments: Sequence[str | Path], build: Path) -> Callable[[Path], Usage]:
    """bgtool as it stands here, by a Python that has OpenVINO's onnxruntime."""
    python = environment(build / "environments" / "openvino", *OPENVINO) / "bin" / "python"
    return lambda out: run([python, "-m", "bgtool", *arguments, "-o", out], PYTHONPATH=str(ROOT))


def as_pgm(scans: Path, folder: Path) -> Path:
    """The scans as unpaper reads them: grey, uncompressed. The conversion is not counted."""
    emptied(folder)
    for file in scans.iterdir():
        Image.open(file).convert("L").save(folder / f"{file.stem}.pgm")
    return folder


def unpaper(scans: Path, out: Path) -> Usage:
    """unpaper over a folder, one process a page."""
    usages = [run(["unpaper", *UNPAPER, file, out / f"{file.stem}.pbm"]) for file in sorted(scans.iterdir())]
    return Usage(
        sum(usage.seconds for usage in usages),
        sum(usage.cpu_seconds for usage in usages),
        max(usage.peak_mib for usage in usages),
    )


def figures(truths: dict[str, Path], results: Path) -> dict[str, float]:
    """Mean F-measure, PSNR and DRD of a folder of bilevel results."""
    pairs = [(ink(truths[file.stem]), ink(file)) for file in results.iterdir() if file.suffix in (".png", ".pbm")]
    return {name: fmean(figure(*pair) for pair in pairs) for name, figure in FIGURES.items()}


def ink(file: Path) -> np.ndarray:
    """Where a page has ink, bool [H, W]."""
    return np.asarray(Image.open(file).convert("L")) < 128


def network(settings: Settings) -> Table:
    """The shipped network, on integers and in float32, and its naive export on one window, in one process."""
    file = variants.written(
        variants.naive(variants.shipped(ModelTask.DOCUMENT)), settings.build / "models" / "naive.onnx"
    )
    names = {SHIPPED: None, FLOAT: own_model(ModelTask.DOCUMENT).name, "naive export": str(file)}
    models = {name: load_model(model, device="cpu") for name, model in names.items()}
    scan = np.asarray(Image.open(EXAMPLES / "scans" / "essay.jpg"))[:SIDE, :SIDE]
    calls = {
        name: partial(clean_page, ArraySource(scan), model, Style.GRAY, SIDE + 2 * model.card.halo)
        for name, model in models.items()
    }
    seconds = medians(calls, settings.rounds)
    pages = {name: call().astype(int) for name, call in calls.items()}
    difference = np.abs(pages[FLOAT] - pages["naive export"]).max()
    rows = [
        {"": name, "MP/s": SIDE**2 / 1e6 / value, "× the time as shipped": value / seconds[SHIPPED]}
        for name, value in seconds.items()
    ]
    note = (
        f"Naive: float32, bicubic ×2 as onnxruntime's cubic Resize, at most {difference} of 255 grey levels from the "
        "one in float32."
    )
    return Table(f"The shipped network alone, one window of {SIDE} px", rows, note)
