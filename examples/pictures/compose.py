"""Put a scan and its cleaned page into one picture: `python examples/pictures/compose.py BEFORE AFTER OUT.png`."""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image, ImageDraw

LEAN = 0.16  # how far the divider leans, as a part of the height
DIVIDER, FRAME = (96, 96, 96), (208, 208, 208)
SMOOTH = 4  # the divider's edges are drawn at this multiple


def split(before: Image.Image, after: Image.Image, lean: float = LEAN) -> Image.Image:
    """Return one page, `before` left of a leaning divider and `after` right of it."""
    if before.size != after.size:
        raise SystemExit(f"compose.py: the pictures differ in size: {before.size} and {after.size}")
    width, height = before.size
    top, bottom = (width + lean * height) / 2, (width - lean * height) / 2
    big = Image.new("L", (width * SMOOTH, height * SMOOTH))
    right = [(top, 0), (width, 0), (width, height), (bottom, height)]
    ImageDraw.Draw(big).polygon([(x * SMOOTH, y * SMOOTH) for x, y in right], fill=255)
    joined = Image.composite(after, before, big.resize(before.size, Image.Resampling.BOX))
    rule = Image.new("L", big.size)
    line = (top * SMOOTH, 0, bottom * SMOOTH, height * SMOOTH)
    ImageDraw.Draw(rule).line(line, fill=255, width=2 * SMOOTH)
    joined.paste(DIVIDER, mask=rule.resize(before.size, Image.Resampling.BOX))
    ImageDraw.Draw(joined).rectangle((0, 0, width - 1, height - 1), outline=FRAME)
    return joined


def crop(image: Image.Image, aspect: float) -> Image.Image:
    """Return the upper part of a page, `aspect` times as wide as high (a page that is wider already is left whole)."""
    return image.crop((0, 0, image.width, min(image.height, round(image.width / aspect))))


def shrink(image: Image.Image, width: int) -> Image.Image:
    """Return the picture at another width."""
    return image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)


def save(image: Image.Image, path: Path, limit: int) -> int:
    """Write the picture; a PNG beyond `limit` bytes is written with fewer colours. Return its size."""
    image.save(path, optimize=True)
    for colours in (256, 128, 64, 32):
        if path.stat().st_size <= limit or path.suffix.lower() != ".png":
            break
        image.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
    return path.stat().st_size


def main() -> None:
    """Read the two pages, join them, write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "before", type=Path, nargs="+", help="scan and cleaned page, in pairs: BEFORE AFTER [BEFORE AFTER ...]"
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=1200)
    parser.add_argument("--aspect", type=float, default=0.9, help="width / height of each page's part that is shown")
    parser.add_argument("--max-bytes", type=int, default=600_000)
    options = parser.parse_args()
    if len(options.before) % 2:
        parser.error("give the pages in pairs: BEFORE AFTER")
    pages = [Image.open(path).convert("RGB") for path in options.before]
    gap, count = 16, len(pages) // 2
    each = (options.width - gap * (count - 1)) // count
    joined = [
        split(*(shrink(crop(page, options.aspect), each) for page in pages[i : i + 2])) for i in range(0, len(pages), 2)
    ]
    picture = Image.new("RGB", (options.width, max(page.height for page in joined)), "white")
    for number, page in enumerate(joined):
        picture.paste(page, (number * (each + gap), 0))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    size = save(picture, options.out, options.max_bytes)
    print(f"{options.out}: {picture.width}x{picture.height}, {size:,} bytes")


if __name__ == "__main__":
    main()
