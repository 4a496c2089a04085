"""Kinds of sheets that are there to be read: type of all sizes, machines and copies."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.suites.fidelity.sheet import BOLD, MONO, SANS, SERIFS, Scan, Sheet, as_image, clouds, font

WHITE = (253, 253, 253)


def type_of(size: int, blur: float) -> object:
    """A kind of sheet: type of one size, in faces that change."""

    def draw(name: str) -> Scan:
        sheet = Sheet(name, (max(420, min(900, size * 34)), max(300, min(700, size * 22))))
        face = sheet.chance.choice(SANS + SERIFS)
        margin = max(16, size)
        sheet.write((margin, margin, sheet.size[0] - margin, sheet.size[1] - margin // 2), face, size)
        return sheet.scanned(blur, 3)

    return draw


def typewriter(name: str) -> Scan:
    """Letters that were struck one by one, some harder and higher than others."""
    sheet = Sheet(name, background=(238, 232, 215))
    size = sheet.chance.randint(20, 26)
    face = font(sheet.chance.choice(MONO), size)
    step = round(face.getlength("n"))
    struck: dict[float, list[tuple[tuple[int, int], str]]] = {strength: [] for strength in (0.65, 0.75, 0.85, 1)}
    for y in range(40, sheet.size[1] - 60, round(size * 1.5)):
        for number, letter in enumerate(sheet.line(sheet.size[0] - 80, face)):
            place = (40 + number * step, y + sheet.chance.choice((0, 0, 0, 1, -1)))
            struck[sheet.chance.choice(list(struck))].append((place, letter))
    for strength, letters in struck.items():
        with sheet.ink((50, 48, 58), strength) as pen:
            for place, letter in letters:
                pen.text(place, letter, fill=255, font=face)
    sheet.type_size = size
    return sheet.scanned(0.9, 4)


def dot_matrix(name: str) -> Scan:
    """Letters made of the dots of a nine-pin printer."""
    sheet = Sheet(name, background=WHITE)
    pitch, small = sheet.chance.choice((2, 3)), font("DejaVuSansMono", 11)
    width, height = sheet.size[0] // pitch, sheet.size[1] // pitch
    dots = Image.new("1", (width, height))
    pen = ImageDraw.Draw(dots)
    pen.fontmode = "1"
    for y in range(8, height - 16, 17):
        pen.text((8, y), sheet.line(width - 16, small), fill=1, font=small)
    with sheet.ink((60, 58, 70), sheet.chance.uniform(0.6, 0.95)) as ink:
        for y, x in np.argwhere(np.asarray(dots)):
            ink.ellipse((x * pitch, y * pitch, x * pitch + pitch - 1, y * pitch + pitch - 1), fill=255)
    sheet.type_size = 11 * pitch
    return sheet.scanned(0.6, 3)


def thermal(name: str) -> Scan:
    """A till receipt whose print pales downwards."""
    sheet = Sheet(name, (440, 760), (236, 236, 240))
    size = sheet.chance.choice((18, 20, 22))
    face = font("DejaVuSansMono", size)
    for row, y in enumerate(range(20, 740 - size, round(size * 1.4))):
        pale = 70 + 4 * row
        with sheet.ink((pale, pale, pale + 8)) as pen:
            pen.text((20, y), sheet.line(400, face), fill=255, font=face)
    sheet.type_size = size
    return sheet.scanned(0.7, 3)


def carbon(name: str) -> Scan:
    """A pale and blurred carbon copy on yellowish paper."""
    sheet = Sheet(name, background=(230, 222, 190))
    level = sheet.chance.randint(125, 155)
    sheet.write((40, 30, 760, 620), sheet.chance.choice(MONO), 24, (level, level - 3, level + 4), 1.4)
    return sheet.scanned(sheet.chance.uniform(1.1, 1.5), 6)


def hectograph(name: str) -> Scan:
    """A spirit duplicate: violet, pale and uneven."""
    sheet = Sheet(name, background=(240, 236, 226))
    sheet.write((40, 30, 760, 620), sheet.chance.choice(MONO), 24, (110, 70, 170), 1.4)
    uneven = np.asarray(sheet.cover, np.float32) * (0.4 + 0.6 * clouds(sheet, 90))
    sheet.cover = as_image(uneven)
    return sheet.scanned(1.2, 4)


def broken(name: str) -> Scan:
    """Worn print: small gaps in all letters."""
    sheet = Sheet(name)
    sheet.write((40, 30, 760, 620), sheet.chance.choice(SERIFS), 30)
    kept = sheet.noise.random((640, 800)) < sheet.chance.uniform(0.8, 0.93)
    sheet.cover = Image.fromarray(np.asarray(sheet.cover) * kept.astype(np.uint8))
    return sheet.scanned(0.8, 3)


def photocopy(name: str) -> Scan:
    """A copy of a copy: pale, hard, with specks."""
    sheet = Sheet(name, background=WHITE)
    sheet.write((40, 30, 760, 620), sheet.chance.choice(SERIFS), 26, (150, 150, 150))
    sheet.cover = as_image(np.asarray(sheet.cover, np.float32) * (0.55 + 0.45 * clouds(sheet, 50)))
    return sheet.scanned(0.9, 9)


def fax(name: str) -> Scan:
    """A fax in fine mode, black and white."""
    sheet = Sheet(name, (1100, 700), WHITE)
    sheet.write((40, 30, 1060, 680), sheet.chance.choice(SANS), sheet.chance.choice((22, 26, 30)))
    return sheet.scanned(1.0, 18, bilevel=150)


def bilevel_scan(name: str) -> Scan:
    """A scan that is black and white already."""
    sheet = Sheet(name, background=WHITE)
    sheet.write((40, 30, 760, 620), sheet.chance.choice(SERIFS), sheet.chance.choice((16, 20, 24)))
    return sheet.scanned(0.6, 4, bilevel=140)


def jpeg_scan(name: str) -> Scan:
    """A scan squeezed too hard."""
    sheet = Sheet(name)
    sheet.write((40, 30, 760, 620), sheet.chance.choice(SERIFS + SANS), sheet.chance.choice((20, 24)))
    return sheet.scanned(0.7, 2, jpeg=sheet.chance.randint(18, 30))


def form(name: str) -> Scan:
    """An office form at about 100 dpi: boxes, small labels, filled in."""
    sheet = Sheet(name, (700, 560), WHITE)
    label, filled = font(sheet.chance.choice(SANS), 13), font(sheet.chance.choice(MONO), 16)
    for y in range(20, 520, 46):
        cut = sheet.chance.randint(200, 480)
        with sheet.ink() as pen:
            pen.rectangle((20, y, 680, y + 46), outline=255)
            pen.line((cut, y, cut, y + 46), fill=255)
            for x0, x1 in ((24, cut - 6), (cut + 4, 676)):
                pen.text((x0, y + 2), sheet.line((x1 - x0) / 2, label), fill=255, font=label)
                pen.text((x0 + 8, y + 22), sheet.line(x1 - x0 - 12, filled), fill=255, font=filled)
    sheet.type_size = 13
    return sheet.scanned(0.5, 3, jpeg=70)


def table(name: str) -> Scan:
    """A ruled table."""
    sheet = Sheet(name)
    face, thick = font(sheet.chance.choice(SANS), 20), sheet.chance.choice((1, 2))
    with sheet.ink() as pen:
        for y in range(20, 630, 36):
            pen.line((20, y, 780, y), fill=255, width=thick)
            for x in range(20, 780, 190):
                if y < 600:
                    pen.text((x + 6, y + 6), sheet.line(175, face), fill=255, font=face)
        for x in (20, 210, 400, 590, 780):
            pen.line((x, 20, x, 596), fill=255, width=thick)
    sheet.type_size = 20
    return sheet.scanned()


def ledger(name: str) -> Scan:
    """An account book: coloured rules, italic hand."""
    sheet = Sheet(name, background=(240, 233, 214))
    for y in range(30, 640, 38):
        with sheet.ink((150, 175, 205)) as pen:
            pen.line((0, y, 800, y), fill=255)
    for x in (70, 560, 566, 680):
        with sheet.ink((205, 120, 110)) as pen:
            pen.line((x, 0, x, 640), fill=255)
    sheet.write((80, 34, 555, 640), "FreeSerifItalic", 30, (50, 50, 80), 38 / 30)
    sheet.write((574, 34, 676, 640), "FreeSerifItalic", 30, (50, 50, 80), 38 / 30)
    return sheet.scanned(0.8, 4)


def dark_head(name: str) -> Scan:
    """A table whose head is light on dark, and whose rows are striped."""
    sheet = Sheet(name)
    face = font(sheet.chance.choice(BOLD), 24)
    with sheet.ink(sheet.chance.choice(((40, 60, 110), (30, 30, 30), (110, 30, 40)))) as pen:
        pen.rectangle((30, 30, 770, 90), fill=255)
    with sheet.gaps() as pen:
        pen.text((40, 44), sheet.line(720, face), fill=255, font=face)
    for row, y in enumerate(range(90, 600, 48)):
        if row % 2:
            with sheet.ground((214, 220, 230)) as pen:
                pen.rectangle((30, y, 770, y + 48), fill=255)
        sheet.write((40, y + 8, 765, y + 48), sheet.chance.choice(SANS), 24)
    return sheet.scanned()


def boxes(name: str) -> Scan:
    """Text on yellow, grey and blue ground."""
    sheet = Sheet(name)
    colours = [(255, 240, 120), (200, 200, 200), (160, 160, 165), (250, 200, 180), (180, 220, 250), (130, 130, 135)]
    for row, colour in enumerate(colours):
        with sheet.ground(colour) as pen:
            pen.rectangle((30, 20 + row * 102, 770, 106 + row * 102), fill=255)
        sheet.write((44, 26 + row * 102, 760, 104 + row * 102), sheet.chance.choice(SANS), 26)
    return sheet.scanned()


def highlighter(name: str) -> Scan:
    """Text that somebody has marked."""
    sheet = Sheet(name)
    for row, colour in enumerate([(255, 250, 90), (255, 150, 200), (130, 240, 140), (120, 200, 255)]):
        x, y = sheet.chance.randint(30, 300), 40 + 150 * row
        with sheet.ground(colour) as pen:
            pen.rectangle((x, y, x + 420, y + 44), fill=255)
    sheet.write((40, 30, 760, 620), sheet.chance.choice(SERIFS), 28)
    return sheet.scanned()


def coloured(name: str) -> Scan:
    """Lines in red, blue, green, violet and orange ink."""
    sheet = Sheet(name)
    for row, colour in enumerate([(190, 40, 50), (40, 70, 170), (30, 120, 70), (120, 60, 150), (220, 120, 40)]):
        sheet.write((40, 30 + 120 * row, 760, 150 + 120 * row), sheet.chance.choice(SANS), 30, colour)
    return sheet.scanned()


def guilloche(name: str) -> Scan:
    """Text over the fine pale pattern of a certificate."""
    sheet = Sheet(name, background=(250, 248, 240))
    x = np.arange(800)
    with sheet.ground((205, 225, 215)) as pen:
        for row in range(-40, 680, 10):
            for phase in (0.0, 1.6):
                pen.line([(int(a), int(row + 12 * np.sin(a / 31 + phase))) for a in x[::4]], fill=255)
    sheet.write((60, 40, 740, 600), sheet.chance.choice(SERIFS), 30)
    return sheet.scanned()


def newspaper(name: str) -> Scan:
    """Three narrow columns of small type on grey paper."""
    sheet = Sheet(name, (960, 640), (208, 200, 182))
    for column in range(3):
        x = 20 + column * 315
        sheet.write((x, 70, x + 290, 630), "LiberationSerif-Regular", 18, (50, 46, 44), 1.2)
    sheet.write((20, 8, 940, 70), "LiberationSerif-Bold", 44, (45, 42, 40))
    return sheet.scanned(0.8, 6)


def screenshot(name: str) -> Scan:
    """A screen saved as JPEG: grey bars, links, small letters."""
    sheet = Sheet(name, background=(255, 255, 255))
    with sheet.ground((240, 241, 243)) as pen:
        pen.rectangle((0, 0, 180, 640), fill=255)
    sheet.write((14, 20, 172, 620), "DejaVuSans", 14, (60, 64, 70), 2.0)
    for row in range(4):
        sheet.write((210, 20 + 150 * row, 780, 45 + 150 * row), "DejaVuSans", 18, (20, 80, 200))
        sheet.write((210, 50 + 150 * row, 780, 150 + 150 * row), "DejaVuSans", 14, (50, 50, 50), 1.6)
    return sheet.scanned(0.1, 0, jpeg=85)


def pencil(name: str) -> Scan:
    """Soft grey letters with grain."""
    sheet = Sheet(name, background=(250, 248, 244))
    sheet.write((40, 30, 760, 620), "FreeSerifItalic", 38, (110, 110, 114))
    grain = np.asarray(sheet.cover.filter(ImageFilter.GaussianBlur(0.6)), np.float32) * sheet.noise.uniform(
        0.45, 1, (640, 800)
    )
    sheet.cover = as_image(grain)
    return sheet.scanned(0.8, 3)


KINDS = {
    "type of 9 px": type_of(9, 0.35),
    "type of 11 px": type_of(11, 0.4),
    "type of 14 px": type_of(14, 0.5),
    "type of 20 px": type_of(20, 0.6),
    "type of 32 px": type_of(32, 0.7),
    "type of 60 px": type_of(60, 1.0),
    "typewriter": typewriter,
    "dot matrix": dot_matrix,
    "thermal receipt": thermal,
    "carbon copy": carbon,
    "hectograph": hectograph,
    "broken print": broken,
    "pale photocopy": photocopy,
    "fax": fax,
    "bilevel input": bilevel_scan,
    "JPEG": jpeg_scan,
    "form": form,
    "ruled table": table,
    "ledger": ledger,
    "table, dark head": dark_head,
    "text in boxes": boxes,
    "highlighter": highlighter,
    "coloured inks": coloured,
    "certificate": guilloche,
    "newspaper": newspaper,
    "screenshot": screenshot,
    "pencil": pencil,
}
