"""Show where cleaned pages are furthest from their truth: `python examples/pictures/compose_failures.py --help`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from compose import FRAME, save
from PIL import Image, ImageDraw

GAP = 8


def ink(page: Image.Image) -> np.ndarray:
    """Where a page has ink, bool [H, W]."""
    return np.asarray(page.convert("L")) < 128


def worst_window(wrong: np.ndarray, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the window of a bool [H, W] page that holds the most of what is true in it."""
    width, height = min(width, wrong.shape[1]), min(height, wrong.shape[0])
    sums = np.pad(wrong.cumsum(0, np.int64).cumsum(1), ((1, 0), (1, 0)))
    counts = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    top, left = np.unravel_index(counts.argmax(), counts.shape)
    return int(left), int(top), int(left) + width, int(top) + height


def row(scan: Image.Image, result: Image.Image, truth: Image.Image, width: int, height: int) -> Image.Image:
    """Scan, result and truth side by side, where result and truth differ most."""
    box = worst_window(ink(result) != ink(truth), width, height)
    picture = Image.new("RGB", (3 * width + 2 * GAP, height), "white")
    for number, page in enumerate((scan, result, truth)):
        panel = page.convert("RGB").crop(box)
        ImageDraw.Draw(panel).rectangle((0, 0, panel.width - 1, panel.height - 1), outline=FRAME)
        picture.paste(panel, (number * (width + GAP), 0))
    return picture


def main() -> None:
    """Read the pages of three folders, stack their rows, write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("scans", "results", "truths"):
        parser.add_argument(name, type=Path, help="folder; files are matched by stem")
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", help="stems to show; all with a truth unless given")
    parser.add_argument("--window", type=int, nargs=2, default=(400, 150), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--max-bytes", type=int, default=600_000)
    options = parser.parse_args()
    found = [
        {path.stem: path for path in folder.iterdir() if path.is_file()}
        for folder in (options.scans, options.results, options.truths)
    ]
    stems = options.only or sorted(set.intersection(*map(set, found)))
    rows = [row(*(Image.open(files[stem]) for files in found), *options.window) for stem in stems]
    picture = Image.new("RGB", (rows[0].width, len(rows) * (rows[0].height + GAP) - GAP), "white")
    for number, panel in enumerate(rows):
        picture.paste(panel, (0, number * (panel.height + GAP)))
    print(f"{options.out}: {picture.width}x{picture.height}, {save(picture, options.out, options.max_bytes):,} bytes")


if __name__ == "__main__":
    main()
