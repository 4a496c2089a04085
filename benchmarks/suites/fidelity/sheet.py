"""A drawn sheet: its paper, what was put on it and which words, and how a scanner saw it.

The same Pillow, numpy and fonts give the same pixels: everything random comes from the name of the sheet.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = (800, 640)
"""Pixels of a sheet where its kind says nothing else."""

FONT_FOLDER = Path("/usr/share/fonts/truetype")
"""Of Debian's fonts-dejavu-core, fonts-dejavu-extra, fonts-freefont-ttf and fonts-liberation."""

SERIFS = ("LiberationSerif-Regular", "DejaVuSerif", "FreeSerif", "DejaVuSerifCondensed")
SANS = ("LiberationSans-Regular", "DejaVuSans", "FreeSans", "DejaVuSansCondensed", "LiberationSansNarrow-Regular")
BOLD = ("LiberationSans-Bold", "DejaVuSans-Bold", "FreeSansBold", "DejaVuSerif-Bold", "LiberationSerif-Bold")
MONO = ("LiberationMono-Regular", "DejaVuSansMono", "FreeMonoBold")

BLACK = (28, 26, 27)

VOCABULARY = """
    account address after agreed amount annual approved archive article arrived average balance because before between
    board branch building business carried central chairman change charge church city claim clerk coal collection
    committee common company complete condition contract copper copy corner cost council country county court credit
    customer daily date deed delivery department detail director district division document east election engine
    entered estate evening every examined exchange expense family farm figure final first following former forward
    found garden general given goods government granted grain ground harbour heavy history holder house hundred
    important income increase industry informed interest iron island issue item January journal judge kept kitchen
    labour land large last law leave left letter library licence line list local long machine made manager map market
    marriage master material matter measure meeting member mention merchant mill minister minute money month morning
    music name nature north notice number object office officer old open opinion order original outside owner page
    paid paper parish park part passed payment people period permit person place plan plant point port post power
    present price printed private problem produce property public quarter question railway reason receipt received
    record register regular remain rent repair report request result return revenue river road room sale school
    season second secretary section separate series service seven several sheet ship should signed silver society
    south special stamp standard state station stone store street summer supply surface survey table taken teacher
    term thing third timber total town trade train transfer travel treasury union usual valley value village visit
    volume wages wall warehouse water weather weight west where which wholesale window winter witness work yard year
""".split()  # noqa: SIM905
"""Common English words, of which a reader that knows English is not asked to guess one."""


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A font by its file's name, `size` pixels high from line to line or so.

    Raises:
        FileNotFoundError: it is not installed, with the packages that hold it.
    """
    for file in sorted(FONT_FOLDER.rglob(f"{name}.ttf")):
        return ImageFont.truetype(file, size)
    raise FileNotFoundError(f"{name}.ttf: apt-get install fonts-dejavu-core fonts-dejavu-extra fonts-freefont-ttf "
                            "fonts-liberation")  # fmt: skip


@dataclass
class Sheet:
    """A sheet under the pen.

    Attributes:
        name: what every random choice follows from.
        size: width and height in pixels.
        paper: float32 [h, w, 3], the sheet without ink, grey levels; ground and beds are drawn into it.
        cover: uint8 image, how far ink covers the paper.
        tone: RGB image, the colour of that ink.
        pictures: bool [h, w], where continuous tone stands.
        words, codes: that a reader should find, in no order.
        type_size: em of the smallest type in pixels, 0 where there is none.
        light: whether the whole page is light on dark.
    """

    name: str
    size: tuple[int, int] = SIZE
    background: tuple[int, int, int] = (246, 243, 236)
    words: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    type_size: int = 0
    light: bool = False

    def __post_init__(self) -> None:
        width, height = self.size
        self.chance = random.Random(self.name)
        self.noise = np.random.default_rng(zlib.crc32(self.name.encode()))
        self.paper = np.full((height, width, 3), self.background, np.float32)
        self.cover = Image.new("L", self.size)
        self.tone = Image.new("RGB", self.size)
        self.pictures = np.zeros((height, width), bool)

    @contextmanager
    def ink(self, colour: tuple[int, int, int] = BLACK, density: float = 1.0) -> Iterator[ImageDraw.ImageDraw]:
        """Draw with 255 on the mask that this gives: it becomes ink of that colour."""
        mask = Image.new("L", self.size)
        yield ImageDraw.Draw(mask)
        self.stamp(mask, colour, density)

    def stamp(self, mask: Image.Image, colour: tuple[int, int, int] = BLACK, density: float = 1.0) -> None:
        """Ink wherever a mask of the sheet's size is not 0."""
        thin = mask.point(lambda value: round(value * density))
        self.tone.paste(colour, mask=mask.point(lambda value: 255 * (value > 0)))
        self.cover = Image.fromarray(np.maximum(np.asarray(self.cover), np.asarray(thin)))

    @contextmanager
    def gaps(self) -> Iterator[ImageDraw.ImageDraw]:
        """Draw with 255 on the mask that this gives: the ink there is left out, and the paper shows."""
        mask = Image.new("L", self.size)
        yield ImageDraw.Draw(mask)
        left = np.asarray(self.cover).astype(np.uint16) * (255 - np.asarray(mask)) // 255
        self.cover = Image.fromarray(left.astype(np.uint8))

    @contextmanager
    def ground(self, colour: tuple[int, int, int], strength: float = 1.0) -> Iterator[ImageDraw.ImageDraw]:
        """Draw with 255 on the mask that this gives: the paper takes that colour, as tinted or marked paper has it."""
        mask = Image.new("L", self.size)
        yield ImageDraw.Draw(mask)
        share = np.asarray(mask, np.float32)[..., None] / 255 * strength
        self.paper = self.paper * (1 - share) + np.float32(colour) * np.float32(share)

    def picture(self, image: Image.Image, corner: tuple[int, int]) -> None:
        """Put a picture of continuous tone onto the paper."""
        x, y = corner
        rows, columns = slice(y, y + image.height), slice(x, x + image.width)
        self.paper[rows, columns] = np.asarray(image.convert("RGB"), np.float32)[: self.size[1] - y]
        self.pictures[rows, columns] = True

    def line(self, most: float, face: ImageFont.FreeTypeFont) -> str:
        """Words that fill a width in pixels in a font, at least one; they count as to be read."""
        found: list[str] = []
        while True:
            word = self.chance.choice(VOCABULARY)
            if found and face.getlength(" ".join([*found, word])) > most:
                break
            found.append(word)
        self.words += found
        return " ".join(found)

    def write(self, box: tuple[int, int, int, int], face: str, size: int, colour: tuple[int, int, int] = BLACK,
              lead: float = 1.35, density: float = 1.0, gaps: bool = False) -> None:  # fmt: skip
        """Fill a box with lines of words, in ink or left out of it."""
        x0, y0, x1, y1 = box
        kind, step = font(face, size), round(size * lead)
        with self.gaps() if gaps else self.ink(colour, density) as pen:
            for y in range(y0, y1 - step + 1, step):
                pen.text((x0, y), self.line(x1 - x0, kind), fill=255, font=kind)
        self.type_size = min(self.type_size or size, size)

    def scanned(self, blur: float = 0.7, noise: float = 3.0, jpeg: int = 0, bilevel: int = 0) -> Scan:
        """The sheet as a scanner saw it.

        Args:
            blur: standard deviation in pixels.
            noise: standard deviation in grey levels.
            jpeg: quality, 0 for none.
            bilevel: grey level from which on a pixel is white, 0 to keep the greys.
        """
        share = np.asarray(self.cover, np.float32)[..., None] / 255
        mixed = self.paper * (1 - share) + np.minimum(np.asarray(self.tone, np.float32), self.paper) * share
        if self.light:
            mixed = self.paper * (1 - share) + np.asarray(self.tone, np.float32) * share
        seen = np.asarray(as_image(mixed).filter(ImageFilter.GaussianBlur(blur)), np.float32)
        image = as_image(seen + self.noise.normal(0, noise, (*seen.shape[:2], 1)))
        if bilevel:
            image = image.convert("L").point(lambda value: 255 * (value >= bilevel))
        if jpeg:
            file = BytesIO()
            image.save(file, "JPEG", quality=jpeg)
            image = Image.open(file).convert("RGB")
        return Scan(image, share[..., 0] > 0.5 * share.max(initial=0.02), self.pictures, tuple(self.words),
                    tuple(self.codes), self.type_size, self.light)  # fmt: skip


@dataclass(frozen=True)
class Scan:
    """A scan and what is true of it.

    Attributes:
        image: RGB or grey.
        ink: bool [h, w], where the sheet bears ink.
        pictures: bool [h, w], where it bears continuous tone.
        words, codes: that a reader should find.
        type_size: em of the smallest type in pixels, 0 where there is none.
        light: whether the whole page is light on dark.
    """

    image: Image.Image
    ink: NDArray[np.bool_]
    pictures: NDArray[np.bool_]
    words: tuple[str, ...]
    codes: tuple[str, ...]
    type_size: int
    light: bool


def as_image(pixels: NDArray[np.float32]) -> Image.Image:
    """Grey levels of any number as an image."""
    return Image.fromarray(np.rint(pixels).clip(0, 255).astype(np.uint8))


def clouds(sheet: Sheet, scale: int) -> NDArray[np.float32]:
    """Smooth noise in 0..1, [h, w], whose spots are about `scale` pixels wide."""
    width, height = sheet.size
    small = as_image(sheet.noise.random((height // scale + 2, width // scale + 2)) * 255)
    return np.asarray(small.resize(sheet.size, Image.Resampling.BICUBIC), np.float32) / 255
