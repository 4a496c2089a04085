"""The example pages of running text, one function each: what stands on the sheet, then what happened to it."""

from __future__ import annotations

import io
from dataclasses import dataclass

import aging
import numpy as np
import texts
from aging import blur, clouds, noise, stain, step, warp
from pen import Hand, Sheet
from PIL import Image
from press import Plate, font, halve, wrap

IRON_GALL, BLACK, CARBON = (0.17, 0.10, 0.05), (0.09, 0.08, 0.075), (0.20, 0.19, 0.30)


RUST, TEA, COFFEE = (0.62, 0.40, 0.22), (0.86, 0.74, 0.55), (0.66, 0.47, 0.28)


@dataclass
class Page:
    """A finished scan and where its ink is."""

    scan: np.ndarray
    ink: np.ndarray
    dpi: int


def sheet_mask(rng: np.random.Generator, shape: aging.Shape, margins: tuple[float, ...], ragged: float) -> np.ndarray:
    """Return 1 where the sheet lies; margins are top, right, bottom, left (negative: beyond the picture)."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    rough = ragged * (noise(rng, shape, 400) + 0.3 * noise(rng, shape, 25) + 0.15 * noise(rng, shape, 4))
    inside = np.minimum.reduce([y - margins[0], shape[1] - margins[1] - x, shape[0] - margins[2] - y, x - margins[3]])
    return np.clip(inside + rough + 0.5, 0, 1)


def on_bed(page: np.ndarray, mask: np.ndarray, bed: np.ndarray, shadow: float = 0.35) -> np.ndarray:
    """Lay the sheet on the scanner's lid or bed, with its own soft shadow."""
    dark = 1 - shadow * blur(mask, 14)
    return page * mask[..., None] + bed * dark[..., None] * (1 - mask[..., None])


def written(
    text: list[str], hand: Hand, shape: aging.Shape, x: float, y: float, leading: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return cover and density of handwritten lines; a leading tab indents a line."""
    sheet = Sheet(shape[1], shape[0])
    for line in text:
        hand.write(sheet, line.lstrip("\t"), x + 150 * (len(line) - len(line.lstrip("\t"))) + hand.rng.normal(0, 4), y)
        y += leading * hand.rng.uniform(0.97, 1.03)
    return sheet.layers()


def essay(rng: np.random.Generator) -> Page:
    """Set a leaf of a printed book: foxing, a tide line, uneven ink, and the back of the leaf showing through."""
    shape = (2000, 1440)
    recto = book_leaf(rng, shape, texts.ESSAY_TITLE, texts.ESSAY, "299")
    verso = book_leaf(rng, shape, "", texts.ESSAY_VERSO, "300")
    cover = aging.spread(rng, recto, soft=1.5, gain=0.8, rough=0.055)
    dy, dx = aging.skew(rng, shape, degrees=-0.7, bow=5, ripple=3)
    ink = warp(halve(cover), dy, dx)
    mask = warp(sheet_mask(rng, shape, (26, 30, 34, -60), 2.2), dy * 0.7, dx * 0.7)
    page = aging.paper(rng, shape, (0.885, 0.815, 0.675), mottle=0.028)
    page = stain(page, 0.016 * aging.laid(rng, shape), (0.5, 0.48, 0.44))
    page = stain(page, 0.85 * aging.edge_toning(rng, mask, 110), TEA)
    wet, line = aging.water_stain(rng, shape, (0.02, 1.02), 640)
    page = stain(stain(page, 0.42 * wet, (0.90, 0.84, 0.70)), 0.55 * line, (0.62, 0.47, 0.30))
    through = blur(warp(halve(verso)[:, ::-1], dy, dx - 14), 2.6) * (0.8 + 0.35 * clouds(rng, shape, 300))
    page = stain(page, 0.19 * np.clip(through, 0, 1), (0.30, 0.22, 0.15))
    page = stain(page, 0.8 * aging.foxing(rng, shape, 150), RUST)
    page = stain(page, ink * press_density(rng, ink, wet), (0.105, 0.085, 0.065))
    gutter = np.exp(-np.arange(shape[1], dtype=np.float32) / 70)[None, :]
    page = page * (1 - 0.5 * gutter[..., None] * np.array([0.9, 1.0, 1.1]))
    bed = np.full((*shape, 3), 0.13, np.float32)
    return Page(aging.scan(rng, on_bed(page, mask, bed), soft=0.7, grain=0.009), ink > 0.5, 240)


def book_leaf(rng: np.random.Generator, shape: aging.Shape, title: str, text: str, number: str) -> np.ndarray:
    """Return a set page of a seventeenth-century book, at double resolution."""
    plate = Plate(shape[1], shape[0], rng, jitter=0.5)
    left, width, size, leading, top = 190, 1050, 40, 52, 215
    plate.text(left + width / 2, top - 48, "Of  S T U D I E S.", "caslon-italic", 40, "ms")
    plate.text(left + width, top - 48, number, "caslon", 40, "rs")
    plate.line(left - 6, top - 24, left + width + 6, top - 26, 1.6)
    y, words = top + 36, long_s(text)
    if title:
        plate.text(left + width / 2, y + 80, title, "caslon", 84, "ms")
        plate.text(left + width / 2, y + 160, "L.", "caslon", 46, "ms")
        y += 250
        plate.text(left - 4, y + 2 * leading - 2, words[0], "caslon", 196)
        narrow = width - 140
        rows = list(wrap(words[1:], lambda part: font("caslon", size * 2).getlength(part) / 2, narrow))[:3]
        for row in rows:
            plate.justify(row, left + 140, y, narrow, "caslon", size, last=False)
            y += leading
        words = " ".join(words[1:].split()[sum(map(len, rows)) :])
    y = plate.paragraph(words, left, y, width, "caslon", size, leading)
    plate.text(left + width, y + 4, "Reading" if title else "Of", "caslon", size, "rs")
    drift = plate.layer()
    big = drift.shape
    return warp(drift, 0.9 * noise(rng, big, 50), 0.9 * noise(rng, big, 50))


def long_s(text: str) -> str:
    """Return text with the long s wherever an old printer would have set it."""
    chars = list(text)
    for i, char in enumerate(chars[:-1]):
        if char == "s" and chars[i + 1].isalpha():
            chars[i] = "\u017f"
    return "".join(chars)


def press_density(rng: np.random.Generator, ink: np.ndarray, wet: np.ndarray | float = 0.0) -> np.ndarray:
    """Return how dark hand-pressed ink lies: heavy here, starved there, squeezed out to the rims of the type."""
    shape = ink.shape
    heavy = 0.86 + 0.13 * clouds(rng, shape, 380) + 0.05 * noise(rng, shape, 60)
    rim = 0.35 * np.clip(blur(ink, 0.8) - blur(ink, 3), -0.5, 0.5)
    starved = step(0.7 * noise(rng, shape, 2.2) + 0.6 * noise(rng, shape, 1) - 1.9 * heavy, -0.15, 0.25)
    return np.clip(heavy - rim - 0.6 * starved - 0.08 * wet, 0.25, 1.15)


def letter(rng: np.random.Generator) -> Page:
    """Write a letter in iron-gall ink that has eaten through from the other side of the leaf."""
    shape = (1800, 1400)
    recto, dark = written(texts.LETTER, Hand(rng, size=25, nib=4.0), shape, 120, 185, 83)
    verso, _ = written(texts.LETTER_VERSO, Hand(rng, size=25, nib=4.2), shape, 120, 150, 83)
    dy, dx = aging.skew(rng, shape, degrees=0.5, bow=-4, ripple=3)
    recto, dark = warp(recto, dy, dx), warp(dark, dy, dx)
    ink = np.clip((blur(recto, 0.7) - 0.5 + 0.05 * noise(rng, shape, 2)) * 2.2 + 0.56, 0, 1)
    mask = warp(sheet_mask(rng, shape, (22, 26, 24, 30), 1.6), dy, dx)
    page = aging.paper(rng, shape, (0.87, 0.82, 0.715), mottle=0.024)
    page = stain(page, 0.014 * aging.laid(rng, shape, pitch=9.5, chain=230), (0.5, 0.47, 0.43))
    page = stain(page, 0.7 * aging.edge_toning(rng, mask, 120), TEA)
    mirrored = warp(verso[:, ::-1], dy + 30, dx + 9)
    eaten = np.clip(0.95 + 0.55 * clouds(rng, shape, 260), 0.15, 1.9)
    page = stain(page, 0.44 * eaten * blur(mirrored, 1.7) + 0.22 * eaten * blur(mirrored, 5), (0.40, 0.27, 0.15))
    halo = 0.10 * blur(recto * dark, 4)
    page = stain(page, 0.5 * aging.foxing(rng, shape, 60), RUST)
    faded = np.clip(0.88 + 0.10 * clouds(rng, shape, 450) + 0.04 * noise(rng, shape, 3), 0.4, 1.2)
    page = stain(page, ink * np.clip(dark, 0.5, 1.25) * faded + halo, IRON_GALL)
    light = sum(aging.fold(shape, at, rng, flat) for at, flat in ((0.345, True), (0.675, True), (0.505, False)))
    bed = np.full((*shape, 3), 0.93, np.float32) * (1, 0.995, 0.985)
    page = on_bed(np.clip(page * (1 + light[..., None]), 0, 1), mask, bed)
    return Page(aging.scan(rng, page), ink > 0.5, 200)


def carbon(rng: np.random.Generator) -> Page:
    """Type a carbon copy: faint, smeared, stamped, and somebody put a cup on it."""
    shape = (1800, 1400)
    glyphs = typed(rng, shape, texts.CARBON, x=170, y=220, size=33, leading=41)
    dy, dx = aging.skew(rng, shape, degrees=0.8, bow=3, ripple=2)
    soft = aging.spread(rng, glyphs, soft=2.6, gain=0.6, rough=0.075)
    ink = warp(halve(soft), dy, dx)
    strike = warp(blur(halve(glyphs), 2.5), dy, dx) / np.maximum(blur(ink, 2.5), 0.05)
    stamped = stamp(rng, shape)
    mask = warp(sheet_mask(rng, shape, (18, -40, 30, 24), 1.2), dy * 0.8, dx * 0.8)
    page = aging.paper(rng, shape, (0.80, 0.765, 0.645), mottle=0.030)
    page = stain(page, 0.55 * aging.edge_toning(rng, mask, 150), TEA)
    page = stain(page, 0.62 * aging.cup_ring(rng, shape, (1330, 1010), 190), COFFEE)
    smear = blur(ink, 7) * np.clip(0.5 + 0.5 * noise(rng, shape, (40, 260)), 0, 2)
    page = stain(page, 0.09 * smear + 0.012 * np.clip(noise(rng, shape, (30, 300)), 0, 3), (0.3, 0.3, 0.42))
    density = np.clip(strike, 0.35, 1.15) * np.clip(
        0.55 + 0.13 * clouds(rng, shape, 300) + 0.16 * noise(rng, shape, 2.4), 0.2, 1
    )
    page = stain(page, ink * density, CARBON)
    page = stain(page, stamped, (0.66, 0.12, 0.14))
    light = sum(aging.fold(shape, at, rng) for at in (0.335, 0.668))
    bed = np.full((*shape, 3), 0.16, np.float32)
    page = on_bed(np.clip(page * (1 + 1.2 * light[..., None]), 0, 1), mask, bed)
    return Page(aging.scan(rng, page, soft=0.8, grain=0.010), (ink > 0.4) | (stamped > 0.25), 200)


def typed(
    rng: np.random.Generator, shape: aging.Shape, lines: list[str], x: float, y: float, size: float, leading: float
) -> np.ndarray:
    """Return typewriting at double resolution: every key has its own fault, every stroke its own force."""
    plate = Plate(shape[1], shape[0], rng)
    pitch = font("typewriter", size * 2).getlength("x") / 2
    faults = {char: rng.normal(0, (0.7, 1.1)) for char in sorted(set("".join(lines)))}
    for row, line in enumerate(lines):
        sag = rng.normal(0, 0.5)
        for column, char in enumerate(line):
            dx, dy = faults[char] + rng.normal(0, 0.35, 2)
            tone = np.clip(rng.normal(0.93, 0.06), 0.7, 1)
            plate.text(x + column * pitch + dx, y + row * leading + dy + sag, char, "typewriter", size, tone=tone)
    return plate.layer()


def stamp(rng: np.random.Generator, shape: aging.Shape) -> np.ndarray:
    """Return the density of a rubber stamp, put down askew and badly inked."""
    plate = Plate(shape[1], shape[0], rng)
    x, y, w, h = 900, 330, 350, 120
    for inset in (0, 10):
        for x0, y0, x1, y1 in ((0, 0, w, 0), (w, 0, w, h), (w, h, 0, h), (0, h, 0, 0)):
            ends = [x + x0 + (inset if x0 == 0 else -inset), y + y0 + (inset if y0 == 0 else -inset)]
            ends += [x + x1 + (inset if x1 == 0 else -inset), y + y1 + (inset if y1 == 0 else -inset)]
            plate.line(*ends, 4.5 if inset == 0 else 1.8)
    plate.text(x + w / 2, y + 58, texts.STAMP[0], "sans-bold", 44, "ms")
    plate.text(x + w / 2, y + 98, texts.STAMP[1], "sans-bold", 30, "ms")
    turned = plate.image.rotate(7, resample=Image.Resampling.BICUBIC, center=((x + w / 2) * 2, (y + h / 2) * 2))
    cover = halve(aging.spread(rng, np.asarray(turned, np.float32) / 255, soft=1.8, gain=0.6, rough=0.09))
    patchy = np.clip(0.62 + 0.28 * noise(rng, shape, 55) + 0.22 * noise(rng, shape, 3), 0.05, 1)
    return cover * patchy


def office(rng: np.random.Generator) -> Page:
    """Photograph a crumpled office page on a desk, under a lamp, with a hand's shadow across it."""
    shape = (2000, 1500)
    plate = Plate(shape[1], shape[0], rng)
    office_layout(plate)
    sheet = halve(aging.spread(rng, plate.layer(), soft=1.1, gain=0.1, rough=0.02))
    buckle = 5 * noise(rng, shape, 330)
    dy, dx = perspective(shape, [(62, 50), (1436, 84), (1478, 1950), (22, 1926)])
    ink = warp(sheet, dy + buckle, dx + 0.7 * buckle)
    mask = warp(np.ones(shape, np.float32), dy + buckle, dx + 0.7 * buckle)
    page = aging.paper(rng, shape, (0.93, 0.93, 0.925), mottle=0.004)
    light = 1 + aging.wrinkles(rng, shape, 150, depth=0.16)
    page = stain(page, ink * np.clip(1 - 0.05 * noise(rng, shape, 5), 0.8, 1), BLACK) * light[..., None]
    page = on_bed(page, mask, desk(rng, shape), shadow=0.75)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    lamp = 1.07 * np.exp(-(np.hypot((x - 330) / 2300, (y - 420) / 2500) ** 2))
    edge = y * 0.55 + x - 1500 + 90 * np.sin(y / 190) * np.exp(-y / 2500) + 25 * noise(rng, shape, 300)
    cast = 1 - 0.40 * step(edge, 120, 34 + 0.03 * y)
    tint = np.stack([cast**0.08, 0.965 * np.ones_like(cast), 0.90 * cast**-0.14], -1)  # warm lamp, cooler shadow
    page = page * (lamp * cast)[..., None] * tint
    return Page(jpeg(aging.scan(rng, page, soft=0.9, grain=0.017), 62), ink > 0.5, 180)


def office_layout(plate: Plate) -> None:
    """Set the memo: heading, paragraphs, a table."""
    left, width = 170, 1160
    plate.text(left, 190, texts.OFFICE["title"], "sans-bold", 50)
    plate.text(left, 240, texts.OFFICE["line"], "sans", 25)
    plate.line(left, 268, left + width, 268, 3)
    y = 335.0
    for paragraph in texts.OFFICE["body"]:
        y = plate.paragraph(paragraph, left, y, width, "sans", 30, 43) + 24
    plate.text(left, y + 22, texts.OFFICE["table_title"], "sans-bold", 30)
    y += 48
    columns = (left + 14, left + 640, left + 860, left + width - 14)
    for number, row in enumerate(texts.OFFICE["table"]):
        plate.line(left, y, left + width, y, 2.5 if number < 2 else 1)
        for place, cell in zip(columns, row, strict=True):
            anchor = "ls" if place == columns[0] else "rs"
            plate.text(place, y + 38, cell, "sans-bold" if number == 0 else "sans", 28, anchor)
        y += 54
    plate.line(left, y, left + width, y, 2.5)
    y += 70
    for item in texts.OFFICE["items"]:
        plate.text(left + 16, y, "•", "sans", 30)
        y = plate.paragraph(item, left + 50, y, width - 50, "sans", 30, 43) + 12
    plate.text(left + width / 2, 1925, texts.OFFICE["foot"], "sans", 22, "ms")


def desk(rng: np.random.Generator, shape: aging.Shape) -> np.ndarray:
    """Return a wooden table top."""
    grain = noise(rng, shape, (9, 420)) + 0.5 * noise(rng, shape, (3, 160)) + 0.6 * clouds(rng, shape, 500)
    return stain(np.ones((*shape, 3), np.float32) * (0.46, 0.30, 0.18), 0.16 * grain, (0.6, 0.5, 0.42))


def perspective(shape: aging.Shape, corners: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the displacement that puts a sheet's corners (x, y; clockwise from the upper left) at these places."""
    height, width = shape
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, [(0, 0), (width, 0), (width, height), (0, height)], strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    a, b, c, d, e, f, g, h = np.linalg.solve(np.array(rows), np.array(values))
    y, x = np.mgrid[:height, :width].astype(np.float64)
    scale = g * x + h * y + 1
    return ((d * x + e * y + f) / scale - y).astype(np.float32), ((a * x + b * y + c) / scale - x).astype(np.float32)


def jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    """Return pixels after a hard JPEG compression: the telephone that took the picture has sent it on."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def gazette(rng: np.random.Generator) -> Page:
    """Print a page of small type and film it: grey, unevenly lit, scratched."""
    shape = (1600, 1160)
    plate = Plate(shape[1], shape[0], rng, jitter=0.2)
    plate.text(580, 130, texts.GAZETTE["title"], "oldstyle", 60, "ms")
    plate.text(580, 178, texts.GAZETTE["line"], "oldstyle-italic", 28, "ms")
    plate.line(80, 200, 1080, 200, 3)
    left, y = 80, 246.0
    for paragraph in texts.GAZETTE["body"].split("\n"):
        rows = list(wrap(paragraph, lambda part: font("oldstyle", 56).getlength(part) / 2, 486))
        for number, words in enumerate(rows):
            if y > 1500:
                left, y = 594, 246.0
            plate.justify(words, left, y, 486, "oldstyle", 28, last=number == len(rows) - 1)
            y += 34.5
        y += 8
    plate.line(580, 220, 580, 1520, 1)
    dy, dx = aging.skew(rng, shape, degrees=-0.9, bow=6, ripple=2.5)
    ink = warp(halve(aging.spread(rng, plate.layer(), soft=1.2, gain=0.75, rough=0.05)), dy, dx)
    page = aging.paper(rng, shape, (0.74, 0.74, 0.74), mottle=0.02)
    page = stain(page, ink * press_density(rng, ink), (0.16, 0.16, 0.16))
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    lamp = 1.13 - 0.5 * np.hypot((x - 500) / 1500, (y - 900) / 1500) ** 1.6
    scratch = np.exp(-((x - 812 - 0.012 * y) ** 2) / 1.2) * np.clip(noise(rng, shape, (300, 900)), 0, 1)
    page = np.clip(page * (lamp - 0.22 * scratch + 0.03 * clouds(rng, shape, 500))[..., None], 0, 1)
    grey = aging.scan(rng, page, soft=0.8, grain=0.012)[..., 1]
    return Page(grey, ink > 0.5, 300)
