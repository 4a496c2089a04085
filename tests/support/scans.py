"""Scans that lie askew: lines of words on a sheet on its bed, one page or two."""

import math
import random

import numpy as np
from PIL import Image, ImageDraw

PAPER, BED = (238, 232, 220), (40, 38, 36)


def page(size=(500, 640), lines=22, seed=1):
    """An upright page: ragged lines of bars as high as letters, RGB."""
    chance, sheet = random.Random(seed), Image.new("RGB", size, PAPER)
    pen, pitch = ImageDraw.Draw(sheet), size[1] / (lines + 4)
    for number in range(lines):
        x, y = 40.0, (number + 2) * pitch
        while x < size[0] - 60 - 60 * chance.random():
            width = chance.uniform(4, 9)
            high = chance.choice((0, 0, 4))
            pen.rectangle((x, y - high, x + width, y + 8), fill=(30, 28, 30))
            x += width + chance.choice((3, 3, 3, 9))
    return sheet


def spread(seed=1):
    """Two pages beside each other, dark at the fold, RGB."""
    pixels = np.concatenate([np.asarray(page(seed=seed)), np.asarray(page(seed=seed + 1))], axis=1).astype(float)
    away = np.abs(np.arange(pixels.shape[1]) - pixels.shape[1] / 2 + 0.5)
    pixels *= (1 - 0.6 * np.exp(-away / 14))[None, :, None]
    return Image.fromarray(pixels.astype(np.uint8))


def on_bed(sheet, degrees, margin=60):
    """A sheet that lies on a bed, turned counterclockwise; and its four corners on the scan, [4, 2]."""
    lying = sheet.convert("RGBA").rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    scan = Image.new("RGB", (lying.width + 2 * margin, lying.height + 2 * margin), BED)
    scan.paste(lying, (margin, margin), lying)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    width, height = sheet.size
    from_middle = np.array([(0, 0), (width, 0), (width, height), (0, height)]) - [width / 2, height / 2]
    return scan, from_middle @ np.array([[cos, -sin], [sin, cos]]) + [scan.width / 2, scan.height / 2]
