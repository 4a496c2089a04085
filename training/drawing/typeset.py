"""Pages in given typefaces, as scan and truth: letters the right way round on top, mirrored ones shining through.

The contest sets hold too few pages to learn from them what a letter looks like and what its mirror image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from training.drawing.folder import Made, write_folder
from training.transforms.chances import chance, integer, log_uniform, smooth_noise, uniform
from training.transforms.paper import bleed_through, blur, grain, ink_darkness, soften, synthetic_page

ONSETS = "b c d f g h l m n p r s t v w z br ch cl d dr fl gr gl h k l m n pr qu r s sch sp st str t th tr wh y j"
VOWELS = "a e i o u a e i o ai au ea ee ei ie io oo ou y ä é è ö ü ô"
CODAS = "b d ck f g ght l ll m n n nd ng nt p r r rd rt s s ss st t t th x y z"
MARKS = ", , . ; : ! ?"


def find_fonts(folder: Path, pattern: str) -> list[list[Path]]:
    """Font files below a folder by family, that is by the folder they lie in.

    Raises:
        FileNotFoundError: there is none.
    """
    parent = attrgetter("parent")
    files = sorted(folder.rglob(pattern))
    if not files:
        raise FileNotFoundError(f"no fonts named {pattern} below {folder}")
    return [list(family) for _, family in groupby(sorted(files, key=parent), key=parent)]


def choice(values: str) -> str:
    """One of the values that spaces separate."""
    listed = values.split()
    return listed[integer(len(listed))]


def syllable() -> str:
    """One vowel or two, with consonants around."""
    return choice(ONSETS) + choice(VOWELS) + (choice(CODAS) if chance(0.75) else "")


def word() -> str:
    """Something like a word of a language of Europe, a number now and then."""
    if chance(0.04):
        return str(integer(2000))
    letters = "".join(syllable() for _ in range(1 + integer(3)))
    letters = letters.upper() if chance(0.03) else letters.capitalize() if chance(0.15) else letters
    return letters + (choice(MARKS) if chance(0.35) else "")


Line = list[tuple[float, str, ImageFont.FreeTypeFont]]
"""Words, each with its place in pixels and its font."""


def lines(fonts: Sequence[ImageFont.FreeTypeFont], width: float) -> Iterator[Line]:
    """Lines without end, within the width in pixels but for single words; most words are in the first font."""
    space = fonts[0].size * uniform(0.2, 0.5)
    while True:
        line: Line = []
        x = fonts[0].size * 2 if chance(0.15) else 0.0
        while True:
            font = fonts[0] if chance(0.9) else fonts[integer(len(fonts))]
            text = word()
            if line and (x + font.getlength(text) > width or chance(0.02)):
                break
            line.append((x, text, font))
            x += font.getlength(text) + space
        yield line


def type_on(family: Sequence[Path], size: int, side: int) -> Tensor:
    """Type of a family on a page, float [1, side, side]: 1 where there is type. Lines may lean a little."""
    fonts = [ImageFont.truetype(str(family[integer(len(family))]), size) for _ in range(3)]
    page = Image.new("L", (side, side))
    draw = ImageDraw.Draw(page)
    left, right = uniform(0, 0.15) * side, uniform(0.7, 1.0) * side
    pitch, y = size * uniform(0.95, 1.7), uniform(-1.0, 2.0) * size
    for line in lines(fonts, right - left):
        for x, text, font in line:
            draw.text((left + x, y + uniform(-0.03, 0.03) * size), text, fill=255, font=font)
        y += pitch * (2 if chance(0.08) else 1)
        if y > side:
            break
    page = page.rotate(uniform(-2, 2), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(page))[None] / 255


def ink_of(family: Sequence[Path], size: int, side: int) -> Tensor:
    """Ink as the type leaves it, swollen or worn, with ragged edges: float [1, side, side], made at twice the size."""
    type_ = type_on(family, 2 * size, 2 * side)
    ragged = uniform(0, 0.25) * (smooth_noise(2 * side, 2 * side, side // 2) - 0.5)
    soft = uniform(0.6, 1.5)
    return F.avg_pool2d(((blur(type_, soft) + ragged - uniform(0.2, 0.5)) * 3 * soft + 0.5).clamp(0, 1), 2)


def aged(scan: Tensor) -> Tensor:
    """Brown ink on yellow paper in place of any other colours."""
    red, more, most = uniform(0.6, 1.0), uniform(0, 0.25), uniform(0, 0.4)
    powers = torch.tensor([red, red + more, red + more + most]).view(3, 1, 1)
    return scan.mean(0, keepdim=True) ** powers


def typeset(families: Sequence[Sequence[Path]], side: int) -> tuple[Tensor, Tensor]:
    """A page, from torch's generator alone: scan, float [3, side, side] in 0..1, and truth, bool [1, side, side]."""
    family = families[integer(len(families))]
    size = round(log_uniform(26, 110))
    ink = ink_of(family, size, side)
    scan = synthetic_page(ink)
    if chance(0.8):
        scan = aged(scan)
    if chance(0.85):
        back = family if chance(0.8) else families[integer(len(families))]
        scan = bleed_through(scan, ink_of(back, size, side), ink_darkness(scan, ink))
    for step, often in ((soften, 0.5), (grain, 0.6)):
        scan = step(scan.clamp(0, 1)) if chance(often) else scan
    return scan.clamp(0, 1), ink > 0.4


def write_pages(families: Sequence[Sequence[Path]], count: int, side: int, seed: int, output: Path) -> None:
    """Write so many pages, img/ and gt/ (0 ink, 255 paper), the same for the same fonts and seed."""

    def made() -> Made:
        scan, truth = typeset(families, side)
        return scan, {"gt": ~truth[0].numpy()}

    write_folder(made, count, seed, output, digits=4, quality=90)
