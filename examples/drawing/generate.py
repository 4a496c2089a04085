"""Make the example scans and their clean truths: `python examples/drawing/generate.py OUTDIR`.

OUTDIR gets `scans/` and `truth/`. The same numpy, Pillow and fonts give the same pixels. Needs only numpy, Pillow and
the fonts named in press.py; the committed pictures need neither.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pages
import ruled
from icc import grey_profile, srgb_profile
from PIL import Image

SCANS: dict[str, tuple[Callable[[np.random.Generator], pages.Page], ...]] = {
    "essay.jpg": (pages.essay,),
    "letter.jpg": (pages.letter,),
    "carbon-copy.jpg": (pages.carbon,),
    "office-photo.jpg": (pages.office,),
    "ledger.jpg": (ruled.ledger,),
    "index-card.png": (ruled.card,),
    "register/lights.tif": (ruled.register, pages.gazette),
}


def save(name: str, made: list[pages.Page], out: Path) -> None:
    """Write a scan and its truth: 1-bit, 0 = ink, as PNG, or as TIFF where the scan has several pages."""
    images = [Image.fromarray(page.scan) for page in made]
    truths = [
        Image.fromarray(np.where(page.ink, 0, 255).astype(np.uint8)).convert("1", dither=Image.Dither.NONE)
        for page in made
    ]
    scan, truth = out / "scans" / name, (out / "truth" / name)
    truth = truth if len(made) > 1 else truth.with_suffix(".png")
    for path in (scan, truth):
        path.parent.mkdir(parents=True, exist_ok=True)
    dpi = (made[0].dpi, made[0].dpi)
    if len(made) > 1:
        for image in images:
            image.info["icc_profile"] = srgb_profile() if image.mode == "RGB" else grey_profile()
        images[0].save(scan, dpi=dpi, save_all=True, append_images=images[1:], compression="jpeg", quality=88)
        truths[0].save(truth, dpi=dpi, save_all=True, append_images=truths[1:], compression="group4")
    else:
        images[0].save(scan, dpi=dpi, quality=89, optimize=True)
        truths[0].save(truth, dpi=dpi, optimize=True)
    print(f"{name}: {' + '.join('x'.join(map(str, image.size)) for image in images)}, {scan.stat().st_size:,} bytes")


def main() -> None:
    """Make all scans, or those named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("outdir", type=Path)
    parser.add_argument("--only", nargs="*", choices=list(SCANS), default=list(SCANS), metavar="NAME")
    options = parser.parse_args()
    for seed, (name, makers) in enumerate(SCANS.items()):
        if name in options.only:
            rngs = [np.random.default_rng([1625, seed, number]) for number in range(len(makers))]
            save(name, [make(rng) for make, rng in zip(makers, rngs, strict=True)], options.outdir)


if __name__ == "__main__":
    main()
