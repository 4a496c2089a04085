"""Damaged image files by number, and a process that reads them: one that dies shows which file killed it.

    python -m tests.support.fuzzing FIRST LAST FILE

reads the damaged files FIRST to LAST - 1, each as FILE, and prints a line of JSON for each: its number, its name, and
the reason if it was refused. Anything else that happens ends the process, and FILE is the file that did it.
"""

import json
import random
import sys
import tempfile
from functools import cache
from pathlib import Path

from PIL import Image, features

from bgtool.errors import InputError
from bgtool.imaging.reading.open import open_pages
from tests.support import hostile

MEGAPIXELS = 1.0
"""The limit under which the damaged files are read: a changed size is to be refused, not to fill the memory."""

WORDS = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""Numbers at which programs that trust a header go wrong."""


@cache
def originals() -> dict[str, bytes]:
    """A good file of every format and kind, by name."""
    with tempfile.TemporaryDirectory() as folder:
        fates = hostile.make(Path(folder))
        regular = (name for name, fate in fates.items() if isinstance(fate, hostile.Good) and name.isascii())
        found = {name.replace("\n", " "): (Path(folder) / name).read_bytes() for name in regular}
    found["animated.webp"] = hostile.encoded(
        hostile.picture(), "WEBP", save_all=True, append_images=[hostile.picture().rotate(180)]
    )
    if features.check("avif"):
        found["photo.avif"] = hostile.encoded(hostile.picture(), "AVIF")
    exif = hostile.orientation(8)
    exif[270], exif[315] = "a page", "a scanner"
    found["tags.jpg"] = hostile.encoded(hostile.picture(), "JPEG", exif=exif, comment=b"box 7", dpi=(300, 300))
    found["tags.tif"] = hostile.encoded(hostile.picture(), "TIFF", exif=exif, compression="tiff_adobe_deflate")
    found["tags.png"] = hostile.encoded(Image.new("LA", (30, 20)), "PNG", exif=exif, icc_profile=hostile.GRAY)
    return found


def flip_bits(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 2, 8))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def cut_off(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(1, len(data)) :]


def repeat_a_part(data: bytearray, rng: random.Random) -> None:
    start, stop = part(data, rng)
    place = rng.randrange(len(data))
    data[place:place] = data[start:stop] * rng.randint(1, 4)


def remove_a_part(data: bytearray, rng: random.Random) -> None:
    start, stop = part(data, rng)
    del data[start:stop]


def blank_a_part(data: bytearray, rng: random.Random) -> None:
    start, stop = part(data, rng)
    data[start:stop] = bytes([rng.choice((0, 0xFF))]) * (stop - start)


def edit_a_number(data: bytearray, rng: random.Random) -> None:
    """Put a telling number of 1, 2 or 4 bytes, of either byte order, where headers and directories are."""
    for _ in range(rng.randint(1, 3)):
        size = rng.choice((1, 2, 4))
        place = rng.randrange(min(len(data), 200)) if rng.random() < 0.7 else rng.randrange(len(data))
        value = rng.choice(WORDS) % (1 << 8 * size)
        data[place : place + size] = value.to_bytes(size, rng.choice(("little", "big")))


def go_on_as_another(data: bytearray, rng: random.Random) -> None:
    """The front of one file and the back of another."""
    other = rng.choice(list(originals().values()))
    data[rng.randrange(1, len(data)) :] = other[rng.randrange(len(other)) :]


def part(data: bytearray, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data))
    return start, start + rng.randint(1, 1 + len(data) // rng.choice((4, 16, 64)))


DAMAGES = (flip_bits, flip_bits, edit_a_number, edit_a_number, cut_off, repeat_a_part, remove_a_part, blank_a_part,
           go_on_as_another)  # fmt: skip


def damaged(number: int) -> tuple[str, bytes]:
    """The name of an original and its content after one or two damages; the same for the same number."""
    rng = random.Random(number)
    files = originals()
    name = list(files)[number % len(files)]
    data = bytearray(files[name])
    for _ in range(rng.choice((1, 1, 1, 2))):
        rng.choice(DAMAGES)(data, rng)
        data = data or bytearray(1)
    return name, bytes(data)


def read_all(path: Path) -> None:
    """Decode every page and fetch all of its pixels."""
    with open_pages(path, max_megapixels=MEGAPIXELS) as reader:
        for page in reader:
            page.window(0, 0, *page.size)
            page.alpha_window(0, 0, *page.size)


def main(first: int, last: int, path: Path) -> None:
    for number in range(first, last):
        name, content = damaged(number)
        path.write_bytes(content)
        try:
            read_all(path)
            reason = ""
        except InputError as error:
            reason = str(error)
        print(json.dumps([number, name, reason]), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
