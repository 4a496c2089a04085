"""Type and rules for the example pages, set with free fonts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT_ROOTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
FONTS = {  # name: (file, Debian package that has it)
    "caslon": ("Essays1743.ttf", "fonts-essays1743"),
    "caslon-italic": ("Essays1743-Italic.ttf", "fonts-essays1743"),
    "typewriter": ("Courier Prime.otf", "fonts-courier-prime"),
    "sans": ("Arimo-Regular.ttf", "fonts-croscore"),
    "sans-bold": ("Arimo-Bold.ttf", "fonts-croscore"),
    "oldstyle": ("OldStandard-Regular.ttf", "fonts-oldstandard"),
    "oldstyle-italic": ("OldStandard-Italic.ttf", "fonts-oldstandard"),
}


def font(name: str, size: float) -> ImageFont.FreeTypeFont:
    """Open a font by its short name; say what to install if it is not there."""
    file, package = FONTS[name]
    for root in FONT_ROOTS:
        for path in sorted(root.rglob(file)) if root.is_dir() else ():
            return ImageFont.truetype(str(path), round(size), layout_engine=ImageFont.Layout.BASIC)
    sys.exit(f"generate.py: the font file {file!r} was not found. Install it: apt-get install {package}")


@dataclass
class Plate:
    """Type and rules, set at twice the page's resolution; coordinates are page pixels."""

    width: int
    height: int
    rng: np.random.Generator
    jitter: float = 0.0
    image: Image.Image = field(init=False)

    def __post_init__(self) -> None:
        self.image = Image.new("L", (self.width * 2, self.height * 2))

    def text(self, x: float, y: float, text: str, name: str, size: float, anchor: str = "ls", tone: float = 1) -> None:
        """Set one piece of text; (x, y) is on its baseline."""
        dx, dy = self.rng.normal(0, self.jitter, 2) if self.jitter else (0.0, 0.0)
        draw = ImageDraw.Draw(self.image)
        draw.text(((x + dx) * 2, (y + dy) * 2), text, fill=int(255 * tone), font=font(name, size * 2), anchor=anchor)

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float) -> None:
        """Draw a rule."""
        ImageDraw.Draw(self.image).line((x0 * 2, y0 * 2, x1 * 2, y1 * 2), fill=255, width=max(1, round(width * 2)))

    def justify(self, words: list[str], x: float, y: float, width: float, name: str, size: float, last: bool) -> None:
        """Set one line of words to the full measure, the last of a paragraph ragged."""
        face = font(name, size * 2)
        lengths = [face.getlength(word) / 2 for word in words]
        gap = size * 0.28 if last else (width - sum(lengths)) / max(1, len(words) - 1)
        for word, length in zip(words, lengths, strict=True):
            self.text(x, y, word, name, size)
            x += length + gap

    def paragraph(self, text: str, x: float, y: float, width: float, name: str, size: float, leading: float) -> float:
        """Set justified text; return the baseline below it."""
        rows = list(wrap(text, lambda part: font(name, size * 2).getlength(part) / 2, width))
        for number, words in enumerate(rows):
            self.justify(words, x, y, width, name, size, last=number == len(rows) - 1)
            y += leading
        return y

    def layer(self) -> np.ndarray:
        """Return the plate at its own (double) resolution, 0 to 1."""
        return np.asarray(self.image, np.float32) / 255


def wrap(text: str, length: Callable[[str], float], width: float) -> Iterator[list[str]]:
    """Break text into lines no longer than `width`."""
    line: list[str] = []
    for word in text.split():
        if line and length(" ".join([*line, word])) > width:
            yield line
            line = []
        line.append(word)
    yield line


def halve(layer: np.ndarray) -> np.ndarray:
    """Return a layer at half its resolution, by averaging."""
    height, width = layer.shape
    return layer.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
