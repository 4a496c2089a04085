"""Kinds of sheets where the ground is the difficulty: light on dark, beds, shadows, stains, and pictures."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from benchmarks.harness.material import EXAMPLES
from benchmarks.suites.fidelity.marks import seal
from benchmarks.suites.fidelity.sheet import SANS, SERIFS, Scan, Sheet, as_image, clouds, font

Tone = tuple[int, int, int]


def dark_page(background: Tone, ink: Tone, size: int, faces: tuple[str, ...], blur: float, rough: float = 0) -> object:
    """A kind of sheet that is light on dark as a whole."""

    def draw(name: str) -> Scan:
        sheet = Sheet(name, background=background, light=True)
        if rough:
            sheet.paper += np.float32(rough) * (clouds(sheet, 70)[..., None] - 0.5)
        sheet.write((40, 30, 760, 620), sheet.chance.choice(faces), size, ink)
        return sheet.scanned(blur, 3)

    return draw


def dark_mode(name: str) -> Scan:
    """A dark screen: grey panels, text in several colours."""
    sheet = Sheet(name, background=(30, 31, 34), light=True)
    with sheet.ground((43, 45, 48)) as pen:
        pen.rectangle((0, 0, 180, 640), fill=255)
        pen.rectangle((200, 20, 780, 80), fill=255)
    sheet.write((14, 20, 172, 620), "DejaVuSans", 15, (200, 204, 210), 2.0)
    sheet.write((214, 34, 770, 76), "DejaVuSans", 20, (240, 240, 245))
    for row, colour in enumerate([(187, 189, 196), (110, 190, 250), (130, 210, 140), (230, 180, 110)]):
        sheet.write((210, 100 + 130 * row, 770, 220 + 130 * row), "DejaVuSansMono", 16, colour, 1.5)
    return sheet.scanned(0.1, 0, jpeg=90)


def blueprint(name: str) -> Scan:
    """White lines and letters on blue."""
    sheet = Sheet(name, background=(38, 70, 140), light=True)
    sheet.paper += 14 * (clouds(sheet, 120)[..., None] - 0.5)
    with sheet.ink((205, 218, 238)) as pen:
        for k in range(6):
            pen.line((60 + 100 * k, 40, 60 + 100 * k, 360), fill=255, width=2)
            pen.line((60, 40 + 64 * k, 560, 40 + 64 * k), fill=255, width=2)
        pen.ellipse((180, 100, 420, 320), outline=255, width=3)
    sheet.write((60, 400, 760, 620), sheet.chance.choice(SANS), 28, (220, 228, 240))
    return sheet.scanned(0.8, 5)


def photostat(name: str) -> Scan:
    """A negative photostat: white letters, and a white rim of the paper."""
    sheet = Sheet(name, background=(40, 38, 36), light=True)
    with sheet.ground((225, 222, 214)) as pen:
        pen.rectangle((0, 0, 800, 640), outline=255, width=sheet.chance.randint(8, 22))
    sheet.write((70, 50, 730, 590), sheet.chance.choice(SERIFS), 28, (222, 220, 214))
    return sheet.scanned(0.9, 5)


def letter(name: str, size: int = 28, margin: int = 90) -> Sheet:
    """A letter with margins, for grounds to be drawn around."""
    sheet = Sheet(name, background=(240, 234, 220))
    sheet.write((margin, margin, 800 - margin, 640 - margin), sheet.chance.choice(SERIFS), size)
    return sheet


def shadow(name: str) -> Scan:
    """A page photographed with the light from one side and a shadow across."""
    sheet = letter(name, margin=40)
    y, x = np.mgrid[0:640, 0:800].astype(np.float32)
    edge = sheet.chance.uniform(0.2, 0.8) * 800 + sheet.chance.uniform(-0.5, 0.5) * y
    light = (1 - 0.35 * x / 800) * (1 - 0.4 / (1 + np.exp(-(x - edge) / 25)))
    sheet.paper *= light[..., None]
    sheet.tone = as_image(np.asarray(sheet.tone, np.float32) * light[..., None])
    return sheet.scanned(0.9, 4, jpeg=85)


def stained(name: str) -> Scan:
    """Brown stains with rims, over and between lines."""
    sheet = letter(name, margin=40)
    y, x = np.mgrid[0:640, 0:800].astype(np.float32)
    for _ in range(3):
        wide, high = sheet.chance.uniform(60, 220), sheet.chance.uniform(60, 180)
        far = np.hypot((x - sheet.chance.uniform(0, 800)) / wide, (y - sheet.chance.uniform(0, 640)) / high)
        far += (clouds(sheet, 60) - 0.5) * 0.5
        depth = 0.35 * np.clip((1 - far) * 4, 0, 1) + 0.2 * np.exp(-(((far - 1) / 0.05) ** 2))
        sheet.paper *= 1 - depth[..., None] * np.float32((0.6, 0.8, 1))
    return sheet.scanned(0.8, 4)


def bleed_through(name: str) -> Scan:
    """The back of the sheet shows, pale and mirrored."""
    back = Sheet(f"{name} back")
    back.write((40, 46, 760, 630), "FreeSerifItalic", 34)
    sheet = letter(name, margin=40)
    behind = back.cover.transpose(Image.Transpose.FLIP_LEFT_RIGHT).filter(ImageFilter.GaussianBlur(2))
    share = np.asarray(behind, np.float32)[..., None] / 255 * sheet.chance.uniform(0.2, 0.35)
    sheet.paper = sheet.paper * (1 - share) + np.float32((90, 70, 50)) * share
    return sheet.scanned(0.8, 4)


def outside(sheet: Sheet, rough: float, corner: bool, holes: bool) -> np.ndarray:
    """Where a sheet ends: bool [h, w], beyond its edges, in a missing corner and in punched holes."""
    y, x = np.mgrid[0:640, 0:800].astype(np.float32)
    fray = (clouds(sheet, 14) - 0.5) * rough
    slant = sheet.chance.uniform(-0.03, 0.03)
    gone = (x - slant * y < 35 + fray) | (y + slant * x < 30 + fray) | (x > 770 + fray) | (y > 615 + fray)
    if corner:
        gone |= x + y < sheet.chance.randint(120, 170) + 2 * fray
    if holes:
        for place in (0.3, 0.7):
            gone |= np.hypot(x - 62, y - 640 * place) < 15
    return gone


def bed(colour: Tone, grain: float, rough: float, corner: bool = False, holes: bool = False) -> object:
    """A kind of sheet that lies on a bed of some colour, torn, with a missing corner or with holes."""

    def draw(name: str) -> Scan:
        sheet = letter(name)
        gone = outside(sheet, rough, corner, holes)
        planks = clouds(sheet, 9).mean(axis=1, keepdims=True) + clouds(sheet, 40)
        ground = np.float32(colour) + grain * (planks - planks.mean())[..., None]
        near = np.asarray(Image.fromarray(gone).convert("L").filter(ImageFilter.GaussianBlur(5)), np.float32) / 255
        sheet.paper = np.where(gone[..., None], ground, sheet.paper * (1 - 0.3 * near[..., None]))
        sheet.cover = Image.fromarray(np.where(gone, 0, np.asarray(sheet.cover)).astype(np.uint8))
        return sheet.scanned(0.8, 4)

    return draw


def gutter(name: str) -> Scan:
    """A book page: shadow into the fold, and a strip of the page beside it."""
    sheet = letter(name, margin=110)
    x = np.mgrid[0:640, 0:800][1].astype(np.float32)
    sheet.paper *= (1 - 0.75 * np.exp(-np.abs(x - 60) / 22))[..., None]
    with sheet.ground((150, 140, 128)) as pen:
        for y in range(40, 600, 38):
            pen.text((-20, y), "ment and", fill=255, font=font("LiberationSerif-Regular", 26))
    return sheet.scanned(0.8, 4)


def aged_clean(name: str) -> Scan:
    """A blank sheet with folds and foxing: all of it paper."""
    sheet = Sheet(name, background=(232, 222, 198))
    y, x = np.mgrid[0:640, 0:800].astype(np.float32)
    for place in (x - 400, y - 320):
        sheet.paper *= (1 - 0.15 * np.exp(-np.abs(place) / 3))[..., None]
    for _ in range(30):
        far = np.hypot(x - sheet.chance.uniform(0, 800), y - sheet.chance.uniform(0, 640)) / sheet.chance.uniform(2, 8)
        sheet.paper *= 1 - 0.25 * np.exp(-(far**2))[..., None] * np.float32((0.4, 0.7, 1))
    return sheet.scanned(0.8, 4)


def photo(sheet: Sheet, size: tuple[int, int]) -> Image.Image:
    """One of the example photos, cut and brought to a size."""
    files = sorted((EXAMPLES / "photos").glob("*.jpg"))
    image = Image.open(sheet.chance.choice(files)).convert("RGB")
    side = min(image.width, round(image.height * size[0] / size[1]))
    left = sheet.chance.randint(0, image.width - side)
    return image.crop((left, 0, left + side, round(side * size[1] / size[0]))).resize(size)


def halftone(image: Image.Image, cell: float, angle: float) -> Image.Image:
    """A grey picture as the dots of a screen, `cell` pixels apart."""
    y, x = np.mgrid[0 : image.height, 0 : image.width].astype(np.float32) * (2 * np.pi / cell)
    turn = np.deg2rad(angle)
    screen = (np.cos(x * np.cos(turn) + y * np.sin(turn)) * np.cos(y * np.cos(turn) - x * np.sin(turn)) + 1) / 2
    return Image.fromarray(screen < np.asarray(image.convert("L"), np.float32) / 255).convert("L")


def engraving(image: Image.Image, step: int) -> Image.Image:
    """A grey picture as wavy lines that swell."""
    y, x = np.mgrid[0 : image.height, 0 : image.width].astype(np.float32)
    wave = (np.sin((y + 4 * np.sin(x / 23)) * 2 * np.pi / step) + 1) / 2
    return Image.fromarray(wave < 0.15 + 0.85 * np.asarray(image.convert("L"), np.float32) / 255).convert("L")


def landscape(sheet: Sheet, size: tuple[int, int]) -> Image.Image:
    """A coloured map: heights in tints, rivers."""
    field = Sheet(f"{sheet.name} land", size)
    height = clouds(field, 90) + 0.4 * clouds(field, 30)
    stops = np.float32([(150, 190, 215), (190, 215, 170), (235, 225, 180), (215, 180, 140), (240, 240, 240)])
    place = np.clip(height / height.max() * 3.99, 0, 3.99)
    low, share = place.astype(int), (place % 1)[..., None]
    tints = stops[low] * (1 - share) + stops[low + 1] * share
    lines = np.abs((height * 12) % 1 - 0.5) < 0.06
    return as_image(np.where(lines[..., None], tints * 0.7, tints))


def picture_page(make: object, paper: Tone = (244, 240, 230), left: int = 45, aged: bool = False) -> object:
    """A kind of sheet: text above and beside a picture that begins so many pixels from the left."""

    def draw(name: str) -> Scan:
        sheet = Sheet(name, background=paper)
        if aged:
            sheet.paper *= (0.78 + 0.22 * clouds(sheet, 160))[..., None]
        width, high = sheet.chance.randint(280, 400), sheet.chance.randint(280, 380)
        sheet.write((40, 20, 760, 210), sheet.chance.choice(SERIFS), 26)
        sheet.write((70 + width, 220, 760, 620), sheet.chance.choice(SERIFS), 26)
        picture = make(sheet, (width, high))
        if picture.mode == "L":  # printed: its white is the paper's
            share = np.asarray(picture, np.float32)[..., None] / 255
            picture = as_image(np.float32((45, 42, 40)) * (1 - share) + np.float32(paper) * share)
        sheet.picture(picture, (left, 230))
        return sheet.scanned(0.7, 3)

    return draw


def passport(name: str) -> Scan:
    """An identity card: a photo with a stamp across its edge, fields beside it."""
    sheet = Sheet(name, background=(225, 230, 226))
    sheet.picture(photo(sheet, (230, 300)), (50, 120))
    sheet.write((320, 100, 760, 560), sheet.chance.choice(SANS), 24, (60, 60, 60), 2)
    seal(sheet, (190, 300), 200, (60, 70, 160))
    return sheet.scanned()


KINDS = {
    "dark mode": dark_mode,
    "negative": dark_page((28, 28, 30), (225, 225, 222), 28, SERIFS, 0.8),
    "photostat": photostat,
    "blueprint": blueprint,
    "chalkboard": dark_page((44, 62, 52), (214, 220, 214), 40, ("FreeSerifItalic", "DejaVuSans"), 1.0, 26),
    "slide": dark_page((20, 30, 90), (250, 250, 210), 34, SANS, 0.4),
    "shadow": shadow,
    "stains": stained,
    "bleed-through": bleed_through,
    "dark bed": bed((22, 22, 24), 10, 4),
    "torn on dark bed": bed((35, 32, 34), 14, 34, corner=True, holes=True),
    "wooden bed": bed((120, 84, 52), 60, 6),
    "coloured bed": bed((60, 110, 80), 16, 20, holes=True),
    "gutter": gutter,
    "blank, aged": aged_clean,
    "photo": picture_page(photo),
    "photo on aged paper": picture_page(photo, (226, 210, 178), aged=True),
    "photo at the edge": picture_page(photo, left=0),
    "grey photo": picture_page(lambda sheet, size: photo(sheet, size).convert("L").convert("RGB")),
    "halftone, coarse": picture_page(lambda sheet, size: halftone(photo(sheet, size), 8, 45), (222, 214, 196)),
    "halftone, fine": picture_page(lambda sheet, size: halftone(photo(sheet, size), 4, 45), (222, 214, 196)),
    "engraving": picture_page(lambda sheet, size: engraving(photo(sheet, size), 5)),
    "map": picture_page(landscape),
    "identity card": passport,
}
