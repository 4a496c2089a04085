"""What is kept of a page: words as tesseract reads them, codes as zxing-cpp reads them, ink, white paper, pictures."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections import Counter
from io import BytesIO
from pathlib import Path

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from benchmarks.suites.fidelity.sheet import Scan

LEGIBLE = 32
"""Em in pixels to which small type is enlarged, at most four times, before tesseract reads it."""

SMALL_PAGE = 1700
"""Longest side in pixels below which a real scan is enlarged twice before it is read."""

INK, WHITE = 128, 230
"""Grey levels below which a result has ink, and from which on its paper is white."""

REAL_NOTE = "The truth is the scan's own list of words, else those that tesseract reads in the scan at two sizes."

CLEAR_OF_INK = 9
"""Side in pixels of the square around ink in which paper need not be white."""


class Reader:
    """Tesseract, which reads no picture twice: what it found lies in a folder by the digest of the picture."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def words(self, image: Image.Image, scale: float = 1.0) -> Counter[str]:
        """The words of three signs and more, in lower case, of an image enlarged so many times.

        Raises:
            FileNotFoundError: tesseract is not installed (apt-get install tesseract-ocr).
        """
        grey = image.convert("L")
        if scale != 1:
            grey = grey.resize((round(grey.width * scale), round(grey.height * scale)), Image.Resampling.LANCZOS)
        kept = self._folder / f"{hashlib.sha256(grey.tobytes() + repr(grey.size).encode()).hexdigest()[:32]}.txt"
        if not kept.exists():
            kept.write_text(tesseract(grey), encoding="utf-8")
        return words_in(kept.read_text(encoding="utf-8"))


def tesseract(image: Image.Image) -> str:
    """What tesseract reads, as one block of text."""
    file = BytesIO()
    image.save(file, "PNG", compress_level=1)
    command = ["tesseract", "-", "-", "--psm", "6", "--dpi", "300"]
    environment = os.environ | {"OMP_THREAD_LIMIT": "1"}
    done = subprocess.run(command, input=file.getvalue(), capture_output=True, check=True, env=environment)
    return done.stdout.decode(errors="replace")


def words_in(text: str) -> Counter[str]:
    """Words of three signs and more, in lower case."""
    return Counter(word for word in re.findall(r"[^\W_]+", text.lower()) if len(word) > 2)


def share(truth: Counter[str], found: Counter[str]) -> float:
    """Share of the words that were found."""
    return (truth & found).total() / max(1, truth.total())


def figures(scan: Scan, result: Image.Image, reader: Reader) -> dict[str, float]:
    """What is kept of a drawn page: the figures that its kind has, each 0..1."""
    found: dict[str, float] = {}
    if scan.words:
        found["words"] = share(words_in(" ".join(scan.words)), reader.words(upright(scan, result), enlarged(scan)))
    if scan.codes:
        read = {code.text for code in zxingcpp.read_barcodes(np.asarray(result.convert("L")))}
        found["codes"] = sum(code in read for code in scan.codes) / len(scan.codes)
    ink = scan.ink & ~scan.pictures
    if ink.any():
        found["ink"] = float(grown(inked(scan, result), 3)[ink].mean())
    paper = ~grown(scan.ink | scan.pictures, CLEAR_OF_INK)
    found["paper"] = float((darkest(result) >= WHITE)[paper].mean())
    if scan.pictures.any():
        found["pictures"] = similarity(scan, result)
    return found


def enlarged(scan: Scan) -> float:
    """How many times a page is enlarged to be read."""
    return min(4.0, max(1.0, LEGIBLE / scan.type_size)) if scan.type_size else 1.0


def upright(scan: Scan, result: Image.Image) -> Image.Image:
    """The result, dark on light if the page is light on dark and the result is, too."""
    grey = result.convert("L")
    return ImageOps.invert(grey) if scan.light and np.asarray(grey).mean() < INK else grey


def darkest(image: Image.Image) -> NDArray[np.uint8]:
    """The lowest of the channels, uint8 [h, w]."""
    return np.asarray(image.convert("RGB")).min(axis=2)


def inked(scan: Scan, result: Image.Image) -> NDArray[np.bool_]:
    """Where a result has ink, bool [h, w]; in a coloured result, where it is half as dark as the scan at least."""
    if result.mode != "RGB":
        return np.asarray(result.convert("L")) < INK
    depth = 255 - darkest(scan.image).astype(np.int16)
    return (255 - darkest(result) >= depth / 2) & (darkest(result) < WHITE)


def grown(mask: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """A mask in which every pixel has become a square of that side."""
    return np.asarray(Image.fromarray(mask).convert("L").filter(ImageFilter.MaxFilter(side))) > 0


def similarity(scan: Scan, result: Image.Image) -> float:
    """Structural similarity (SSIM, windows of 7 pixels inside pictures) of the grey levels, scan against result."""
    inside = Image.fromarray(~grown(~scan.pictures, 7))
    box = Image.fromarray(scan.pictures).getbbox()
    first, second = (np.asarray(image.convert("L").crop(box), np.float64) for image in (scan.image, result))
    mean_a, mean_b = window_mean(first), window_mean(second)
    var_a = window_mean(first**2) - mean_a**2
    var_b = window_mean(second**2) - mean_b**2
    both = window_mean(first * second) - mean_a * mean_b
    low, high = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    index = (2 * mean_a * mean_b + low) * (2 * both + high) / ((mean_a**2 + mean_b**2 + low) * (var_a + var_b + high))
    return float(index[np.asarray(inside.crop(box))[3:-3, 3:-3]].mean())


def window_mean(values: NDArray[np.float64], side: int = 7) -> NDArray[np.float64]:
    """Means over all windows that lie inside: [h, w] becomes [h - side + 1, w - side + 1]."""
    return np.lib.stride_tricks.sliding_window_view(values, (side, side)).mean(axis=(2, 3))


class RealPages:
    """Real scans of one folder, and the words that can be read in them.

    The truth is STEM.txt beside a scan, else the words that tesseract reads in the scan at two sizes.
    """

    def __init__(self, folder: Path, reader: Reader) -> None:
        self._reader = reader
        self.files = [file for file in sorted(folder.iterdir()) if file.suffix in (".png", ".jpg", ".tif", ".webp")]

    def truth(self, file: Path) -> Counter[str]:
        """The words of a scan."""
        text = file.with_suffix(".txt")
        if text.exists():
            return words_in(text.read_text(encoding="utf-8"))
        with Image.open(file) as image:
            return self._read(image) & self._read(image, 1.25)

    def kept(self, file: Path, folder: Path) -> float:
        """Share of a scan's words that are read in the result of its name in a folder."""
        with Image.open(folder / f"{file.stem}.png") as image:
            return share(self.truth(file), self._read(image))

    def kept_in_scan(self, file: Path) -> float:
        """Share of a scan's words that are read in the scan."""
        with Image.open(file) as image:
            return share(self.truth(file), self._read(image))

    def kept_in_blur(self, file: Path) -> float:
        """A control: the share in the scan with a trace of blur, as JPEG."""
        trace = BytesIO()
        with Image.open(file) as image:
            image.convert("L").filter(ImageFilter.GaussianBlur(0.3)).save(trace, "JPEG", quality=85)
        return share(self.truth(file), self._read(Image.open(trace)))

    def _read(self, image: Image.Image, more: float = 1.0) -> Counter[str]:
        return self._reader.words(image, more * (2 if max(image.size) < SMALL_PAGE else 1))
