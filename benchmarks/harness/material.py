"""Pages and photos of any size, made from examples/: enlarged, and with a grain of their own, so that no two are alike.

The same Pillow and numpy give the same pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.harness.settings import A4

EXAMPLES = Path(__file__).parents[2] / "examples"

GRAIN = 4.0
"""Standard deviation of the grain in grey levels; a camera's at ISO 400 or so."""

PAGE_SUFFIXES = (".jpg", ".png", ".tif")


def pages(folder: Path, count: int, size: tuple[int, int]) -> Path:
    """A folder of pages, in turn JPEG, PNG and TIFF."""
    scans = sorted((EXAMPLES / "scans").glob("*.*"))
    return made(folder, scans, size, [f"{number:03}{suffix}" for number, suffix in numbered(count, PAGE_SUFFIXES)])


def photos(folder: Path, count: int, size: tuple[int, int]) -> Path:
    """A folder of JPEG photos; people on most, as in examples/photos."""
    sources = sorted((EXAMPLES / "photos").glob("*.jpg"))
    return made(folder, sources, size, [f"{number:03}.jpg" for number in range(count)])


def page(file: Path, megapixels: float) -> Path:
    """One scan with the proportions of A4, of that many megapixels: enlarged up to A4, then repeated."""
    width = round((megapixels * 1e6 / 2**0.5) ** 0.5)
    size = (width, round(width * 2**0.5))
    if not file.exists():
        scan = Image.open(EXAMPLES / "scans" / "essay.jpg").convert("RGB")
        sheet = scan.resize((min(size[0], A4[0]), min(size[1], A4[1])), Image.Resampling.BICUBIC)
        whole = Image.new("RGB", size)
        for corner in product(range(0, size[0], sheet.width), range(0, size[1], sheet.height)):
            whole.paste(sheet, corner)
        save(whole, file)
    return file


def made(folder: Path, sources: Sequence[Path], size: tuple[int, int], names: Sequence[str]) -> Path:
    """A folder with these files, made from the sources in turn, as far as it does not hold them; others are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for stray in set(folder.iterdir()) - {folder / name for name in names}:
        stray.unlink()
    for number, name in enumerate(names):
        if not (folder / name).exists():
            source = Image.open(sources[number % len(sources)]).convert("RGB")
            save(grained(source.resize(size, Image.Resampling.BICUBIC), number), folder / name)
    return folder


def numbered(count: int, suffixes: Sequence[str]) -> list[tuple[int, str]]:
    """Numbers from 0 with the suffixes in turn."""
    return [(number, suffixes[number % len(suffixes)]) for number in range(count)]


def grained(image: Image.Image, seed: int) -> Image.Image:
    """An image with Gaussian grain."""
    rng = np.random.default_rng(seed)
    grain = rng.normal(0, GRAIN, (image.height, image.width, 1))
    return Image.fromarray(np.rint(np.asarray(image) + grain).clip(0, 255).astype(np.uint8))


def save(image: Image.Image, file: Path) -> None:
    """Write an image so that it appears whole: JPEG at quality 92, PNG at a fast level, TIFF in LZW."""
    file.parent.mkdir(parents=True, exist_ok=True)
    options = {".jpg": {"quality": 92}, ".png": {"compress_level": 1}, ".tif": {"compression": "tiff_lzw"}}
    whole = file.with_name(f"new-{file.name}")
    image.save(whole, dpi=(300, 300), **options[file.suffix])
    whole.replace(file)
