"""Pictures of continuous tone: photos given or of our own making, printed whole or as halftones of many screens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torch import Tensor

from training.drawing.sheet import Box, Sheet
from training.transforms.chances import chance, integer, log_uniform, smooth_noise, uniform


def landscape(width: int, height: int) -> Image.Image:
    """A picture where no photo is given: hills of noise before a sky, with hard and soft edges, RGB."""
    layers = [sum(smooth_noise(height, width, cells) / 2**k for k, cells in enumerate((2, 7, 23, 60))) / 1.9]
    ground = torch.cat([layers[0] * uniform(0.4, 1.1) for _ in range(3)])
    for _ in range(2 + integer(5)):
        field = smooth_noise(height, width, 2 + integer(5))
        shape = torch.sigmoid((field - uniform(0.3, 0.7)) * uniform(8, 200))
        ground = ground + shape * (torch.rand(3, 1, 1) * layers[0] * 1.5 - ground)
    return Image.fromarray((ground.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy())


def photo(photos: Sequence[Path], width: int, height: int) -> Image.Image:
    """A photo cut to a size, RGB; grey or brown now and then."""
    if photos and chance(0.8):
        with Image.open(photos[integer(len(photos))]) as opened:
            picture = ImageOps.fit(opened.convert("RGB"), (width, height))
    else:
        picture = landscape(width, height)
    if chance(0.6):
        grey = picture.convert("L")
        return ImageOps.colorize(grey, (30, 20, 10), (255, 245, 225)) if chance(0.3) else grey.convert("RGB")
    return picture


def halftone(picture: Image.Image, period: float) -> Image.Image:
    """A picture in dots of one size of cell, in pixels, at 45° or so; black on white, RGB."""
    tone = torch.frombuffer(bytearray(picture.convert("L").tobytes()), dtype=torch.uint8)
    tone = tone.view(picture.height, picture.width).float() / 255
    rows, columns = torch.arange(picture.height)[:, None], torch.arange(picture.width)[None]
    angle = math.radians(45 if chance(0.7) else uniform(0, 90))
    u = (rows * math.cos(angle) + columns * math.sin(angle)) * (2 * math.pi / period)
    v = (columns * math.cos(angle) - rows * math.sin(angle)) * (2 * math.pi / period)
    screen: Tensor = (torch.cos(u) + torch.cos(v)) / 4 + 0.5
    dots = ((tone - screen) * period + 0.5).clamp(0, 1)
    return Image.fromarray((dots * 255).byte().numpy()).convert("RGB")


def picture(sheet: Sheet, box: Box, photos: Sequence[Path]) -> None:
    """A photo or a halftone that fills a box."""
    left, top, right, bottom = box
    width, height = max(16, right - left), max(16, bottom - top)
    shown = photo(photos, width, height)
    if chance(0.45):
        shown = halftone(shown, log_uniform(2.5, 9))
    sheet.picture(shown, (left, top, left + width, top + height))
