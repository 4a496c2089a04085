"""Kinds of areas of ink: bars and blocks, charts, logos, seals, stamps, large letters."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFilter

from benchmarks.suites.fidelity.sheet import BLACK, BOLD, SANS, SERIFS, Scan, Sheet, font

INKS = ((25, 25, 25), (90, 90, 90), (190, 60, 60), (60, 120, 190), (30, 60, 130), (20, 110, 70))


def redactions(name: str) -> Scan:
    """Black bars over the words of a letter."""
    sheet = Sheet(name)
    sheet.write((40, 30, 760, 620), sheet.chance.choice(SERIFS), 26)
    sheet.words.clear()
    with sheet.ink((5, 5, 5)) as pen:
        for _ in range(sheet.chance.randint(3, 7)):
            x, y = sheet.chance.randint(30, 500), sheet.chance.randint(30, 560)
            pen.rectangle((x, y, x + sheet.chance.randint(60, 700), y + sheet.chance.randint(24, 60)), fill=255)
    return sheet.scanned()


def blocks(name: str) -> Scan:
    """Black and coloured areas with text left out of them, and text between."""
    sheet = Sheet(name)
    for row in range(3):
        y = 20 + row * 205
        with sheet.ink(sheet.chance.choice(INKS)) as pen:
            pen.rounded_rectangle((40, y, sheet.chance.randint(400, 760), y + 120), 12, fill=255)
        sheet.write((60, y + 10, 380, y + 110), sheet.chance.choice(BOLD), 30, gaps=True)
        sheet.write((40, y + 130, 760, y + 200), sheet.chance.choice(SERIFS), 24)
    return sheet.scanned()


def bar_chart(name: str) -> Scan:
    """Bars on an axis, with labels."""
    sheet = Sheet(name)
    sheet.write((60, 20, 740, 70), sheet.chance.choice(SANS), 30)
    for row in range(8):
        x, top = 80 + 84 * row, sheet.chance.randint(110, 480)
        with sheet.ink(sheet.chance.choice(INKS)) as pen:
            pen.rectangle((x, top, x + 60, 560), fill=255)
    with sheet.ink() as pen:
        pen.line((60, 560, 760, 560), fill=255, width=3)
        pen.line((60, 90, 60, 560), fill=255, width=3)
    sheet.write((70, 570, 760, 620), sheet.chance.choice(SANS), 22)
    return sheet.scanned()


def pie_chart(name: str) -> Scan:
    """A disc of coloured slices, and its legend."""
    sheet = Sheet(name)
    start = 0
    for colour in INKS:
        stop = start + sheet.chance.randint(20, 90) if colour is not INKS[-1] else 360
        with sheet.ink(colour) as pen:
            pen.pieslice((60, 80, 520, 540), start, stop, fill=255)
        start = stop
    sheet.write((560, 100, 780, 520), sheet.chance.choice(SANS), 24)
    return sheet.scanned()


def logos(name: str) -> Scan:
    """Solid shapes with shapes left out of them."""
    sheet = Sheet(name)
    for column in range(2):
        x, y = 40 + 390 * column, 40
        with sheet.ink(sheet.chance.choice(INKS)) as pen:
            pen.ellipse((x, y, x + 330, y + 330), fill=255)
        with sheet.gaps() as pen:
            pen.regular_polygon((x + 165, y + 165, 110), sheet.chance.choice((3, 5, 6)), fill=255)
        with sheet.ink(sheet.chance.choice(INKS)) as pen:
            pen.regular_polygon((x + 165, y + 165, 50), 4, fill=255)
    sheet.write((40, 420, 760, 620), sheet.chance.choice(BOLD), 44)
    return sheet.scanned()


def round_text(size: int, radius: int, text: str, face: str) -> Image.Image:
    """Text along a circle, as a mask [size, size]."""
    mask = Image.new("L", (size, size))
    letters, kind = text[:36], font(face, radius // 6)
    for number, letter in enumerate(letters):
        turn = 360 * number / len(letters)
        one = Image.new("L", (size, size))
        ImageDraw.Draw(one).text((size / 2, size / 2 - radius), letter, fill=255, font=kind, anchor="mm")
        mask.paste(255, mask=one.rotate(-turn, Image.Resampling.BICUBIC))
    return mask


def seal(sheet: Sheet, corner: tuple[int, int], size: int, colour: tuple[int, int, int], density: float = 1.0) -> None:
    """Put a round stamp onto a sheet."""
    words = [sheet.chance.choice(("REGISTRY", "OFFICE", "COUNTY", "ARCHIVE", "CUSTOMS", "NOTARY")) for _ in range(4)]
    mask = round_text(size, round(size * 0.38), " * ".join(words), "DejaVuSans-Bold")
    pen = ImageDraw.Draw(mask)
    pen.ellipse((4, 4, size - 5, size - 5), outline=255, width=max(2, size // 45))
    pen.ellipse((size * 0.24, size * 0.24, size * 0.76, size * 0.76), outline=255, width=max(1, size // 70))
    pen.regular_polygon((size / 2, size / 2, size * 0.17), 6, fill=255)
    whole = Image.new("L", sheet.size)
    whole.paste(mask.rotate(sheet.chance.uniform(-20, 20), Image.Resampling.BICUBIC), corner)
    sheet.stamp(whole, colour, density)


def seals(name: str) -> Scan:
    """Round stamps with solid centres."""
    sheet = Sheet(name)
    for column in range(2):
        colour = sheet.chance.choice(((150, 30, 40), (40, 60, 150), (90, 40, 120), BLACK))
        seal(sheet, (30 + 390 * column, 30), sheet.chance.randint(240, 340), colour)
    sheet.write((40, 420, 760, 620), sheet.chance.choice(SERIFS), 26)
    return sheet.scanned()


def stamps_over_text(name: str) -> Scan:
    """Coloured stamps over the lines of a letter."""
    sheet = Sheet(name)
    sheet.write((40, 30, 760, 620), sheet.chance.choice(SERIFS), 26)
    below = sheet.cover
    for _ in range(2):
        corner = (sheet.chance.randint(20, 480), sheet.chance.randint(20, 320))
        colour = sheet.chance.choice(((190, 50, 60), (60, 80, 180), (130, 70, 160)))
        seal(sheet, corner, sheet.chance.randint(200, 280), colour)
    face = font("DejaVuSans-Bold", 40)
    mark = Image.new("L", sheet.size)
    ImageDraw.Draw(mark).text((300, 520), "RECEIVED 14 MAR", fill=255, font=face)
    sheet.stamp(mark.rotate(6, center=(400, 540)), (180, 40, 50))
    sheet.tone.paste((45, 35, 50), mask=below.point(lambda value: 255 * (value > 127)))
    return sheet.scanned()


def letters_of(least: int, most: int) -> object:
    """A kind of sheet: a few letters as high as that many pixels."""

    def draw(name: str) -> Scan:
        sheet = Sheet(name, (1000, round(most * 1.5) + 60))
        size = sheet.chance.randint(least, most)
        face = font(sheet.chance.choice(BOLD + SERIFS), size)
        text = "".join(sheet.chance.choice("ABDEGHKMNPRSTUWaegknprs") for _ in range(8))
        with sheet.ink(sheet.chance.choice((BLACK, (30, 40, 110), (140, 30, 30)))) as pen:
            pen.text((20, 10), text, fill=255, font=face)
        return sheet.scanned(1.0, 3)

    return draw


def bubbles(name: str) -> Scan:
    """An answer sheet: rings, some filled."""
    sheet = Sheet(name, background=(252, 252, 250))
    radius = sheet.chance.choice((9, 12, 16))
    for row in range(600 // (3 * radius)):
        filled = sheet.chance.randrange(8)
        for column in range(8):
            x, y = 60 + column * 88, 20 + radius + row * 3 * radius
            box = (x - radius, y - radius, x + radius, y + radius)
            with sheet.ink((200, 90, 90)) as pen:
                pen.ellipse(box, outline=255, width=2)
            if column == filled:
                with sheet.ink((60, 60, 66)) as pen:
                    pen.ellipse(box, fill=255)
    return sheet.scanned()


def dropped(name: str) -> Scan:
    """Large initials at the head of paragraphs."""
    sheet = Sheet(name)
    for row in range(2):
        y = 30 + row * 300
        with sheet.ink(sheet.chance.choice(((150, 30, 30), BLACK, (30, 60, 140)))) as pen:
            pen.text((40, y - 30), sheet.chance.choice("ABDEHKMPRST"), fill=255, font=font("DejaVuSerif-Bold", 170))
        sheet.write((220, y, 760, y + 150), sheet.chance.choice(SERIFS), 24)
        sheet.write((40, y + 160, 760, y + 280), sheet.chance.choice(SERIFS), 24)
    return sheet.scanned()


def soft_stamp(name: str) -> Scan:
    """Pale, unevenly inked stamps beside text."""
    sheet = Sheet(name)
    sheet.write((40, 340, 760, 620), sheet.chance.choice(SERIFS), 26)
    seal(sheet, (60, 30), 260, (150, 90, 160), 0.7)
    seal(sheet, (430, 40), 240, (180, 90, 90), 0.6)
    sheet.cover = sheet.cover.filter(ImageFilter.GaussianBlur(0.8))
    return sheet.scanned()


KINDS = {
    "redactions": redactions,
    "blocks": blocks,
    "bar chart": bar_chart,
    "pie chart": pie_chart,
    "logos": logos,
    "seals": seals,
    "pale stamps": soft_stamp,
    "stamps over text": stamps_over_text,
    "initials": dropped,
    "letters of 100-200 px": letters_of(100, 200),
    "letters of 300-500 px": letters_of(300, 500),
    "answer bubbles": bubbles,
}
