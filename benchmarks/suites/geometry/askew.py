"""Drawn pages that lie askew on a bed, single or two as an open book; and what is true of each scan."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from benchmarks.suites.fidelity import KINDS
from training.drawing.ground import bed

OTHERS = ("bed", "gutter", "dark", "negative", "blue", "chalk", "slide", "screenshot", "photostat")
"""Kinds of `fidelity` whose names hold one of these bring a ground of their own."""

MOST = 10.0
"""Degrees."""

EDGES = ("torn", "neighbour", "no bed", "beyond the scan")
"""What else the edge of a sheet may be like: torn with a corner missing; another sheet in the margin of the scan; the
whole scan; cut off by the scan on one side."""

SEED = "geometry, twenty-second set"
"""What every random choice follows from; other than what bgtool was tuned on."""


@dataclass(frozen=True)
class Askew:
    """A scan, and what is true of it.

    Attributes:
        name: of its file.
        edge: "cut", or one of `EDGES`.
        scan: RGB.
        ink: bool [h, w], where the scan shows ink of the sheet.
        degrees: by which it has to be turned clockwise.
        corners: of the sheet on the scan, from the top left one on clockwise, [4, 2].
        double: whether two pages lie beside each other.
        upright: the sheet as it was drawn.
    """

    name: str
    edge: str
    scan: Image.Image
    ink: NDArray[np.bool_]
    degrees: float
    corners: NDArray[np.float64]
    double: bool
    upright: Image.Image

    @property
    def fold(self) -> NDArray[np.float64]:
        """Upper and lower end of the fold of a double page, [2, 2]."""
        return np.array([self.corners[:2].mean(axis=0), self.corners[2:].mean(axis=0)])


def drawn(count: int, first: int = 0, edges: Sequence[str] = ("cut",), seed: str = SEED) -> Iterator[Askew]:
    """Pages of all kinds in turn, each single and double; the same each time."""
    kinds = [kind for kind in KINDS if not any(word in kind for word in OTHERS)]
    for number in range(first, count):
        name = f"{seed} {number}"
        torch.manual_seed(random.Random(name).randrange(1 << 30))
        kind, edge = kinds[number // 2 % len(kinds)], edges[number % len(edges)]
        yield askew(name, f"{number:03}.png", kind, double=number // len(edges) % 2 == 1, edge=edge)


def askew(seed: str, name: str, kind: str, double: bool, edge: str = "cut") -> Askew:
    """A drawn page on its bed."""
    chance = random.Random(seed)
    scans = [KINDS[kind](f"{seed} {side}") for side in range(1 + double)]
    upright, inked = scans[0].image.convert("RGB"), Image.fromarray(scans[0].ink)
    if double:
        upright = book([scan.image.convert("RGB") for scan in scans], chance)
        inked = beside([Image.fromarray(scan.ink) for scan in scans])
    if edge == "no bed":
        return framed(name, edge, upright, inked, double)
    covered = torn(upright.size, chance) if edge == "torn" else Image.new("L", upright.size, 255)
    degrees = chance.uniform(-MOST, MOST)
    lying, ink, outline = (
        one.rotate(degrees, how, expand=True)
        for one, how in ((upright, Image.Resampling.BICUBIC), (inked.convert("L"), Image.Resampling.NEAREST),
                         (covered, Image.Resampling.BICUBIC))
    )  # fmt: skip
    size = tuple(side + chance.randrange(10, max(side // 8, 11)) for side in lying.size)
    ground = (bed(max(size)).clamp(0, 1).permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    scan, truth = Image.fromarray(ground).crop((0, 0, *size)), Image.new("L", size)
    left, top = (chance.randrange(whole - part + 1) for whole, part in zip(size, lying.size, strict=True))
    if edge == "neighbour":
        scan.paste(*neighbour(upright, size, degrees))
    scan.paste(lying, (left, top), outline)
    truth.paste(ink, (left, top), outline.point(lambda level: 255 * (level > 127)))
    middle = np.array([left + lying.width / 2, top + lying.height / 2])
    if edge == "beyond the scan":
        cut = left + round(0.12 * upright.height)
        scan, truth, middle = (*(one.crop((cut, 0, *size)) for one in (scan, truth)), middle - [cut, 0])
    corners = around(upright.size, degrees) + middle
    return Askew(name, edge, scan, np.asarray(truth) > 127, degrees, corners, double, upright)


def framed(name: str, edge: str, upright: Image.Image, inked: Image.Image, double: bool) -> Askew:
    """A scan that is the sheet and nothing else."""
    corners = around(upright.size, 0) + np.array(upright.size) / 2
    return Askew(name, edge, upright, np.asarray(inked) > 0, 0.0, corners, double, upright)


def around(size: tuple[int, int], degrees: float) -> NDArray[np.float64]:
    """The corners of a sheet that was turned counterclockwise, from its middle, [4, 2]."""
    turn, (width, height) = np.deg2rad(degrees), size
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return (np.array([(0, 0), (width, 0), (width, height), (0, height)]) - [width / 2, height / 2]) @ matrix


def beside(sheets: Sequence[Image.Image]) -> Image.Image:
    """Two sheets beside each other, each higher than wide."""
    height = sheets[0].height
    width = min(sheets[0].width, round(0.8 * height))
    return Image.fromarray(np.concatenate([np.asarray(sheet.crop((0, 0, width, height))) for sheet in sheets], axis=1))


def book(sheets: Sequence[Image.Image], chance: random.Random) -> Image.Image:
    """The same with the shadow of the fold between them."""
    pixels = np.asarray(beside(sheets), float)
    away = np.abs(np.arange(pixels.shape[1]) - pixels.shape[1] / 2 + 0.5)
    shadow = 1 - chance.uniform(0.3, 0.95) * np.exp(-away / chance.uniform(3, 30))
    return Image.fromarray((pixels * shadow[None, :, None]).astype(np.uint8))


def torn(size: tuple[int, int], chance: random.Random) -> Image.Image:
    """What is left of a sheet with torn edges and a missing corner: 0 where it is gone."""
    width, height = size
    noise = np.random.default_rng(chance.randrange(1 << 30)).random((height // 10 + 2, width // 10 + 2))
    rough = np.asarray(Image.fromarray((noise * 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)) / 255
    y, x = np.mgrid[0:height, 0:width]
    if chance.random() < 0.5:
        x = width - 1 - x
    edge = np.minimum.reduce([x, y, width - 1 - x, height - 1 - y])
    gone = (edge < 0.025 * min(size) * rough) | (x + y < chance.uniform(0.08, 0.2) * min(size) * (0.8 + 0.4 * rough))
    return Image.fromarray(np.where(gone, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.6))


def neighbour(
    sheet: Image.Image, size: tuple[int, int], degrees: float
) -> tuple[Image.Image, tuple[int, int], Image.Image]:
    """The edge of another such sheet, for the right margin of a scan: picture, place and mask."""
    another = sheet.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    lying = another.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    mask = Image.new("L", another.size, 255).rotate(degrees, expand=True)
    return lying, (size[0] - round(0.04 * size[0]) - round(0.18 * another.height * abs(np.sin(degrees))), 0), mask
