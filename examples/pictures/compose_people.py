"""Put a photo and its cut-out, on nothing and on a colour, side by side: `python compose_people.py --help`."""

from __future__ import annotations

import argparse
from pathlib import Path

from compose import FRAME, save, shrink
from PIL import Image, ImageDraw

CHECKS = (255, 255, 255), (216, 216, 216)
GAP = 16


def checkerboard(size: tuple[int, int], side: int = 12) -> Image.Image:
    """What shows through where a picture is transparent."""
    board = Image.new("RGB", size, CHECKS[0])
    draw = ImageDraw.Draw(board)
    for top in range(0, size[1], side):
        for left in range(top // side % 2 * side, size[0], 2 * side):
            draw.rectangle((left, top, left + side - 1, top + side - 1), fill=CHECKS[1])
    return board


def on(ground: Image.Image, cutout: Image.Image) -> Image.Image:
    """A cut-out before a ground of its size."""
    return Image.alpha_composite(ground.convert("RGBA"), cutout).convert("RGB")


def main() -> None:
    """Read photo and cut-out, lay them side by side, write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("cutout", type=Path, help="what `bgtool cutout` made of it: PNG with transparency")
    parser.add_argument("out", type=Path)
    parser.add_argument("--colour", default="#2f7d6d", help="ground of the third picture")
    parser.add_argument("--width", type=int, default=1200)
    parser.add_argument("--max-bytes", type=int, default=600_000)
    options = parser.parse_args()
    each = (options.width - 2 * GAP) // 3
    photo = shrink(Image.open(options.photo).convert("RGB"), each)
    cutout = shrink(Image.open(options.cutout).convert("RGBa"), each).convert("RGBA")
    grounds = checkerboard(photo.size), Image.new("RGB", photo.size, options.colour)
    picture = Image.new("RGB", (options.width, photo.height), "white")
    for number, panel in enumerate([photo, *(on(ground, cutout) for ground in grounds)]):
        ImageDraw.Draw(panel).rectangle((0, 0, panel.width - 1, panel.height - 1), outline=FRAME)
        picture.paste(panel, (number * (each + GAP), 0))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    print(f"{options.out}: {picture.width}x{picture.height}, {save(picture, options.out, options.max_bytes):,} bytes")


if __name__ == "__main__":
    main()
