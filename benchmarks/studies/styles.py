"""How `gray` and `color` pages look: flat paper, ink and its colours kept, nearness to the clean page.

`python -m benchmarks.studies.styles` measures the validation part of the training sets, the test sets and examples/;
`python -m benchmarks.studies.styles validation` leaves the test sets out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

import click
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from benchmarks.harness.material import EXAMPLES
from benchmarks.harness.measure import ROOT
from benchmarks.harness.tables import Table, Value, markdown
from bgtool.api import clean
from bgtool.runtime.session import Model, load_model
from bgtool.scoring.metrics import Mask
from training.data.pairs import Pair, find_pairs, split_members

DATA = Path(os.environ.get("BGTOOL_DATA", ROOT.parent / "shared" / "data")) / "documents" / "train"

VALIDATION_SHARE = 0.1

CLEAN_PAGES = ("DocShadow_WaterFilling", "Kaggle_DirtyDocs_train", "NoisyOffice_TE")
"""Sets whose truth is a page in grey or colour, not a map of the ink."""

NEAR_INK = 5
"""In pixels: what is no further from ink counts neither as ink nor as paper."""

RED_AT_LEAST = 25
"""The least a* of red ink. The brown inks of old pages stay below it."""

FEW = 500
"""Pixels of red ink below which a page counts as one without."""

Array = NDArray[np.uint8]
Figures = Mapping[str, float]


@click.command()
@click.argument("split", type=click.Choice(["all", "validation"]), default="all")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=DATA,
    help="Training sets, SET/img and SET/gt; the test sets lie beside it in test/.",
)
@click.option("--model", default="document", help="As `bgtool --model`.")
def main(split: Literal["all", "validation"], data_dir: Path, model: str) -> None:
    """Print the tables. Without the data, which are not part of the repository, of examples/ alone."""
    session = load_model(model, device="cpu")
    by_set: dict[str, list[Figures]] = {}
    for pair in [*pairs(data_dir, split), *examples()]:
        by_set.setdefault(pair.set_name, []).append(measure(pair, session))
    print("\n\n".join(markdown(table) for table in tables(by_set) if table.rows))


def pairs(data_dir: Path, split: str) -> list[Pair]:
    """The validation part of the training sets, and the test sets, if they are wanted too."""
    if not data_dir.is_dir():
        print(f"Styles: there is no {data_dir} (set BGTOOL_DATA)\n")
        return []
    validation = split_members(find_pairs(data_dir, "gt"), VALIDATION_SHARE)[1]
    tests = find_pairs(data_dir.with_name("test"), "gt") if split == "all" else []
    return validation + [replace(pair, set_name=f"{pair.set_name} (test)") for pair in tests]


def examples() -> list[Pair]:
    """The scans of examples/ that have one page."""
    truths = sorted((EXAMPLES / "truth").glob("*.png"))
    scans = [next((EXAMPLES / "scans").glob(f"{truth.stem}.*")) for truth in truths]
    return [Pair(scan, truth, "examples") for scan, truth in zip(scans, truths, strict=True)]


def measure(pair: Pair, model: Model) -> dict[str, float]:
    """Figures of one page, by name; those of red ink and of the clean page only where there is one."""
    with Image.open(pair.image) as scan:
        pages = {"scan": rgb(scan), "gray": rgb(clean(scan, model=model, style="gray"))}
        pages["color"] = rgb(clean(scan, model=model, style="color"))
    with Image.open(pair.truth) as image:
        truth, ink = rgb(image), np.asarray(image.convert("L")) < 128
    paper = far_from(ink)
    found = {f"paper {name}": unevenness(page, paper) for name, page in pages.items()}
    found["white"] = whiteness(pages["gray"], paper)
    found["ink kept"] = correlation(pages["scan"], pages["color"], ink)
    red = red_of(pages["scan"], ink)
    if np.count_nonzero(red) >= FEW:
        found["chroma kept"], found["hue off"] = colour_kept(pages["scan"], pages["color"], red)
    if pair.set_name in CLEAN_PAGES:
        for name, page in pages.items():
            found[f"PSNR {name}"], found[f"SSIM {name}"] = psnr(truth, page), ssim(truth, page)
    return found


def rgb(image: Image.Image) -> Array:
    """The pixels of an image, uint8 [h, w, 3]."""
    return np.asarray(image.convert("RGB"))


def far_from(ink: Mask) -> Mask:
    """Where there is no ink within `NEAR_INK` pixels to any side."""
    near = F.max_pool2d(torch.from_numpy(ink)[None].float(), 2 * NEAR_INK + 1, stride=1, padding=NEAR_INK)[0] > 0
    return np.asarray(~near)


def unevenness(page: Array, paper: Mask) -> float:
    """Standard deviation of paper in levels, over the three channels, each around its own mean."""
    return float(np.sqrt(page[paper].var(axis=0, dtype=np.float64).mean())) if paper.any() else np.nan


def whiteness(page: Array, paper: Mask) -> float:
    """Share of the paper that is pure white."""
    return float((page[paper] == 255).all(axis=1).mean()) if paper.any() else np.nan


def correlation(scan: Array, page: Array, ink: Mask) -> float:
    """Pearson's correlation of the levels of a scan's ink, all channels together, with what became of them."""
    before, after = (picture[ink].ravel().astype(np.float64) for picture in (scan, page))
    if not before.size or not before.std() or not after.std():
        return np.nan
    return float(np.corrcoef(before, after)[0, 1])


def red_of(scan: Array, ink: Mask) -> Mask:
    """Which ink is red."""
    red = np.zeros_like(ink)
    red[ink] = lab(scan[ink])[:, 1] >= RED_AT_LEAST
    return red


def colour_kept(scan: Array, page: Array, where: Mask) -> tuple[float, float]:
    """Mean chroma of a page as a share of the scan's, and by how many degrees hues are off, each as its chroma counts.

    Both in CIELAB, over the pixels named.
    """
    before, after = (colours[:, 1] + 1j * colours[:, 2] for colours in (lab(scan[where]), lab(page[where])))
    weight = np.abs(after)
    if not weight.any():
        return 0.0, np.nan
    turned = np.abs(np.angle(after * before.conj(), deg=True))
    return float(weight.mean() / np.abs(before).mean()), float((turned * weight).sum() / weight.sum())


def lab(pixels: Array) -> NDArray[np.float64]:
    """CIELAB of sRGB pixels, uint8 [..., 3], against the white of D65; IEC 61966-2-1, CIE 15."""
    levels = np.arange(256) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)[pixels]
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    share = linear @ (to_xyz / to_xyz.sum(axis=1, keepdims=True)).T
    x, y, z = np.moveaxis(np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def psnr(truth: Array, page: Array) -> float:
    """Peak signal-to-noise ratio in decibels; ``inf`` for equal pages."""
    return float(peak_signal_noise_ratio(batch(page), batch(truth), data_range=255.0))


def ssim(truth: Array, page: Array) -> float:
    """Structural similarity, 1 for equal pages: Wang et al. 2004, Gaussian window of 1.5 pixels, mean over channels."""
    return float(cast(torch.Tensor, structural_similarity_index_measure(batch(page), batch(truth), data_range=255.0)))


def batch(page: Array) -> torch.Tensor:
    """A page as torchmetrics takes it: float [1, 3, h, w]."""
    return torch.tensor(np.moveaxis(page, -1, 0)[None]).float()


def tables(by_set: Mapping[str, Sequence[Figures]]) -> list[Table]:
    """The figures of all sets in three tables, of which any may be empty: a set is in those it has figures for."""
    steps = ("scan", "gray", "color")

    def rows(*names: str) -> list[dict[str, Value]]:
        return [row for name, pages in by_set.items() if (row := row_of(name, pages, names))]

    return [
        Table(
            "Paper and ink",
            rows(*(f"paper {step}" for step in steps), "white", "ink kept"),
            "Paper: standard deviation of its levels (0 to 255). White: share of the paper that is pure white in gray. "
            "Ink kept: correlation of the ink's levels in the scan with those in the color page.",
        ),
        Table(
            "Against the clean page",
            rows(*(f"PSNR {step}" for step in steps), *(f"SSIM {step}" for step in steps)),
        ),
        Table(
            "Red ink in color",
            rows("chroma kept", "hue off"),
            f"Pages with {FEW} pixels of red ink or more; chroma as a share of the scan's, hue in degrees.",
        ),
    ]


def row_of(set_name: str, pages: Sequence[Figures], names: Sequence[str]) -> dict[str, Value] | None:
    """The means over those pages of a set that have these figures; None if none has."""
    having = [page for page in pages if all(name in page for name in names)]
    if not having:
        return None
    means = {name: float(np.nanmean([page[name] for page in having])) for name in names}
    return {"set": set_name, "pages": len(having), **means}


if __name__ == "__main__":
    main()
