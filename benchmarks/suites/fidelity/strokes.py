"""Kinds of lines and codes: rules, notes, scripts, drawings, hatching, bar codes."""

from __future__ import annotations

import math

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw

from benchmarks.suites.fidelity.sheet import BLACK, SANS, Scan, Sheet, font


def rules(name: str) -> Scan:
    """Lines of one to four pixels, some of them slanted, and frames."""
    sheet = Sheet(name)
    for row, y in enumerate(range(24, 620, 34)):
        slant = sheet.chance.choice((0, 0, 3, -4))
        with sheet.ink(sheet.chance.choice((BLACK, (90, 90, 95), (60, 60, 130)))) as pen:
            pen.line((30, y, 770, y + slant), fill=255, width=1 + row % 4)
    with sheet.ink() as pen:
        for x in range(60, 780, 120):
            pen.line((x, 20, x, 620), fill=255, width=sheet.chance.randint(1, 3))
    return sheet.scanned(0.6)


def music(name: str) -> Scan:
    """Staves with notes."""
    sheet = Sheet(name)
    gap = sheet.chance.choice((8, 10, 12))
    for top in range(40, 580, gap * 10):
        with sheet.ink() as pen:
            for line in range(5):
                pen.line((30, top + gap * line, 770, top + gap * line), fill=255)
            for x in range(70, 760, 46):
                y = top + gap * sheet.chance.randint(0, 8) // 2
                half = sheet.chance.random() < 0.3
                head = (x, y - gap // 2, x + round(gap * 1.3), y + gap // 2)
                pen.ellipse(head, fill=None if half else 255, outline=255, width=2)
                pen.line((head[2], y, head[2], y - 3 * gap), fill=255, width=2)
    return sheet.scanned()


def scripts(name: str) -> Scan:
    """Cyrillic, Greek, Hebrew and accented Latin letters."""
    sheet = Sheet(name)
    alphabets = [(0x410, 64), (0x391, 57), (0x5D0, 27), (0xC0, 64)]
    for row in range(12):
        first, count = alphabets[row % 4]
        face = font(sheet.chance.choice(("DejaVuSans", "FreeSerif", "FreeSans")), sheet.chance.choice((22, 28, 36)))
        text = "".join(chr(first + sheet.chance.randrange(count)) + " " * (i % 6 == 5) for i in range(34))
        with sheet.ink() as pen:
            pen.text((30, 20 + row * 50), text, fill=255, font=face)
    return sheet.scanned()


def signatures(name: str) -> Scan:
    """Flourishes in blue and black, over a printed line each."""
    sheet = Sheet(name)
    for row in range(4):
        y = 90 + row * 150
        speed, height = sheet.chance.uniform(2.5, 6), sheet.chance.randint(25, 55)
        points = [(120 + 4 * k, y + height * math.sin(k / speed) * math.cos(k / 17)) for k in range(120)]
        with sheet.ink(sheet.chance.choice(((30, 50, 160), (40, 40, 50)))) as pen:
            pen.line(points, fill=255, width=sheet.chance.randint(2, 4), joint="curve")
        with sheet.ink() as pen:
            pen.line((100, y + 55, 650, y + 55), fill=255)
    return sheet.scanned()


def graph_paper(name: str) -> Scan:
    """A curve on paper with a pale printed grid, which counts as paper."""
    sheet = Sheet(name, background=(248, 248, 244))
    with sheet.ground((200, 220, 236)) as pen:
        for place in range(0, 800, 20):
            pen.line((place, 0, place, 640), fill=255)
            pen.line((0, place, 800, place), fill=255)
    with sheet.ink((30, 40, 120)) as pen:
        pen.line((80, 560, 760, 560), fill=255, width=3)
        pen.line((80, 40, 80, 560), fill=255, width=3)
        slope = sheet.chance.uniform(0.3, 0.7)
        curve = [(80 + 6 * k, 540 - 6 * k * slope - 30 * math.sin(k / 8)) for k in range(110)]
        pen.line(curve, fill=255, width=3)
    sheet.write((140, 50, 500, 160), "DejaVuSans-Oblique", 30, (30, 40, 120))
    return sheet.scanned()


def technical(name: str) -> Scan:
    """A drawing of thin lines: circles, hatching, dimensions."""
    sheet = Sheet(name)
    with sheet.ink() as pen:
        for _ in range(7):
            x, y, r = sheet.chance.randint(120, 680), sheet.chance.randint(120, 520), sheet.chance.randint(20, 110)
            pen.ellipse((x - r, y - r, x + r, y + r), outline=255, width=sheet.chance.randint(1, 3))
            pen.line((x - r - 15, y, x + r + 15, y), fill=255)
            pen.line((x, y - r - 15, x, y + r + 15), fill=255)
        for k in range(40):
            pen.line((60 + 8 * k, 600, 100 + 8 * k, 560), fill=255)
        pen.rectangle((60, 560, 420, 600), outline=255, width=2)
    return sheet.scanned(0.6)


def crossword(name: str) -> Scan:
    """A grid of black and white cells, with numbers."""
    sheet = Sheet(name)
    cell, face = 40, font("DejaVuSans", 12)
    with sheet.ink() as pen:
        for row in range(15):
            for column in range(19):
                box = (20 + column * cell, 16 + row * cell, 20 + (column + 1) * cell, 16 + (row + 1) * cell)
                black = sheet.chance.random() < 0.25
                pen.rectangle(box, outline=255, fill=255 if black else None, width=2)
                if not black and sheet.chance.random() < 0.3:
                    pen.text((box[0] + 4, box[1] + 3), str(sheet.chance.randint(1, 60)), fill=255, font=face)
    return sheet.scanned()


def code(sheet: Sheet, kind: str, corner: tuple[int, int], module: int, height: int = 0) -> int:
    """Put a bar code or matrix code onto a sheet, so many pixels a module; gives the pixels across.

    Args:
        kind: zxing-cpp's name of a format.
        corner: left and top of its bars.
        height: of bars in pixels; a matrix is as high as it has to be.
    """
    text = "".join(sheet.chance.choice("0123456789") for _ in range(12))
    if kind == "EAN13":
        text += str(-sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(text)) % 10)
    if kind in ("QRCode", "DataMatrix"):
        text = f"REF-{text}"
    made = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
    dark = np.asarray(made.to_image(scale=1, add_quiet_zones=False)) < 128
    if height:
        dark = np.repeat(dark[:1], max(1, height // module), axis=0)
    mask = Image.new("L", sheet.size)
    grown = np.kron(dark, np.ones((module, module), np.uint8)) * np.uint8(255)
    mask.paste(Image.fromarray(grown), corner)
    sheet.stamp(mask, (24, 24, 26))
    sheet.codes.append(text)
    return grown.shape[1]


def codes_of(kinds: tuple[str, ...], least: int, height: int) -> object:
    """A kind of sheet: codes of `least` pixels a module and more, and some text."""

    def draw(name: str) -> Scan:
        sheet = Sheet(name, (820, 660), (250, 249, 246))
        y = 40
        for row in range(3):
            kind, module = kinds[row % len(kinds)], least + row
            across = code(sheet, kind, (50, y), module, height)
            if not height and 2 * across + 150 < 820:
                code(sheet, kind, (across + 110, y), module)
            y += (height or across) + 45
            if y > 500:
                break
        sheet.write((50, y, 770, 650), sheet.chance.choice(SANS), 22)
        sheet.words.clear()
        return sheet.scanned(0.5, 3)

    return draw


def fill(name: str) -> Scan:
    """Areas in hatching, dots and greys, as maps and plans use them."""
    sheet = Sheet(name)
    for row in range(2):
        for column in range(3):
            x, y = 40 + column * 250, 40 + row * 300
            step = sheet.chance.choice((5, 7, 10))
            mask = Image.new("L", sheet.size)
            pen = ImageDraw.Draw(mask)
            for k in range(-260, 260, step):
                pen.line((x + k, y, x + k + 260, y + 260), fill=255, width=sheet.chance.choice((1, 2)))
            area = Image.new("L", sheet.size)
            ImageDraw.Draw(area).ellipse((x, y, x + 220, y + 260), fill=255)
            sheet.stamp(Image.fromarray(np.minimum(np.asarray(mask), np.asarray(area))))
            with sheet.ink() as pen:
                pen.ellipse((x, y, x + 220, y + 260), outline=255, width=2)
    return sheet.scanned(0.6)


KINDS = {
    "rules": rules,
    "music": music,
    "scripts": scripts,
    "signatures": signatures,
    "graph paper": graph_paper,
    "technical drawing": technical,
    "hatching": fill,
    "crossword": crossword,
    "bar codes, 2 px": codes_of(("Code128", "EAN13", "ITF"), 2, 90),
    "QR codes, 2 px": codes_of(("QRCode",), 2, 0),
    "data matrix, 3 px": codes_of(("DataMatrix",), 3, 0),
    "large codes": codes_of(("QRCode", "DataMatrix"), 5, 0),
}
