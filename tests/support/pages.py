"""Small pages of many formats in a tree of folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

SUFFIXES = (".png", ".jpg", ".tif", ".webp", ".bmp", ".tiff")


def write_pages(folder: Path, count: int) -> None:
    """Pages in two folders; names that share a stem, a two-page TIFF among them."""
    for index in range(count):
        rng = np.random.default_rng(index)
        pixels = rng.integers(150, 250, (120, 90 + index), dtype=np.uint8)
        pixels[20:100:9, 20:-20] = rng.integers(0, 80)
        suffix = SUFFIXES[index % len(SUFFIXES)]
        path = folder / ("a" if index % 2 else "b/c") / f"page {index // 4}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        more = {"save_all": True, "append_images": [Image.fromarray(pixels.T)]} if suffix == ".tiff" else {}
        Image.fromarray(pixels).save(path, **more)


def tree(folder: Path) -> dict[str, bytes]:
    """Contents by path below a folder, what begins with ``bgtool-`` left out."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("bgtool-")
    }
