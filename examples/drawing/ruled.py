"""The example pages with rules: a ledger, a form and an index card."""

from __future__ import annotations

import aging
import numpy as np
import texts
from aging import blur, clouds, noise, stain, warp
from pages import RUST, TEA, Page, on_bed, press_density, sheet_mask, typed, written
from pen import Hand, Sheet
from press import Plate, halve


def ledger(rng: np.random.Generator) -> Page:
    """Keep accounts in a ruled book, scanned with its spine to the left and the black bed to the right."""
    shape = (1900, 1560)
    hand = Hand(rng, size=22, nib=3.4, spacing=0.96, contrast=0.68)
    cover, dark = ledger_entries(hand, shape)
    head = Plate(shape[1], shape[0], rng)
    for x, text in ((215, "DATE"), (700, "PARTICULARS"), (1098, "FOL."), (1195, "£"), (1290, "s."), (1362, "d.")):
        head.text(x, 222, text, "oldstyle", 24 if len(text) > 2 else 30, "ms")
    print_ = halve(aging.spread(rng, head.layer(), soft=1.3, gain=0.3, rough=0.05))
    dy, dx = spine(rng, shape)
    blue, red = (warp(rule, dy, dx) for rule in ruling(rng, shape))
    cover, dark, print_ = warp(cover, dy, dx), warp(dark, dy, dx), warp(print_, dy, dx)
    ink = np.clip((blur(cover, 0.7) - 0.5 + 0.05 * noise(rng, shape, 2)) * 2.2 + 0.56, 0, 1)
    mask = warp(sheet_mask(rng, shape, (34, 96, 58, -80), 1.5), dy * 0.6, dx * 0.6)
    page = aging.paper(rng, shape, (0.89, 0.865, 0.775), mottle=0.018)
    page = stain(page, 0.75 * aging.edge_toning(rng, mask, 90), TEA)
    page = stain(page, 0.35 * aging.foxing(rng, shape, 70), RUST)
    page = stain(page, 0.07 * blur(np.roll(cover[:, ::-1], 60, 0), 3), (0.3, 0.25, 0.2))
    page = stain(stain(page, 0.62 * blue, (0.42, 0.56, 0.74)), 0.72 * red, (0.80, 0.36, 0.36))
    page = stain(page, print_ * 0.85, (0.16, 0.14, 0.13))
    quill = np.clip(dark * (0.80 + 0.10 * noise(rng, shape, (150, 700))), 0.45, 1.1)
    page = stain(page, ink * quill, (0.13, 0.095, 0.08))
    x = np.arange(shape[1], dtype=np.float32)[None, :]
    shade = 1 - 0.78 * np.exp(-x / 42) - 0.20 * np.exp(-x / 190) - 0.10 * np.exp(-(((x - 150) / 60) ** 2)) * 0.3
    page = page * shade[..., None]
    page = on_bed(np.clip(page, 0, 1), mask, leaves_below(rng, shape, dy), shadow=0.2)
    return Page(aging.scan(rng, page, soft=0.65, grain=0.008), (ink > 0.5) | (print_ > 0.5), 200)


def ruling(rng: np.random.Generator, shape: aging.Shape) -> tuple[np.ndarray, np.ndarray]:
    """Return the blue and red lines a ruling machine drew, at full strength, now and then short of ink."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    blue, red = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for at in np.arange(292, 1830, 52):
        blue = np.maximum(blue, np.exp(-((y - at) ** 2) / 1.1))
    for at in (280, 286, 1056, 1138, 1144, 1246, 1328, 1395, 1401):
        red = np.maximum(red, np.exp(-((x - at) ** 2) / 1.0) * (y > 176))
    for at in (176, 182, 240):
        red = np.maximum(red, np.exp(-((y - at) ** 2) / 1.1))
    worn = np.clip(0.8 + 0.25 * noise(rng, shape, 120) + 0.12 * noise(rng, shape, 3), 0.2, 1.1)
    return blue * worn, red * worn


def ledger_entries(hand: Hand, shape: aging.Shape) -> tuple[np.ndarray, np.ndarray]:
    """Write the accounts; return cover and density."""
    sheet = Sheet(shape[1], shape[0])
    hand.size = 31
    hand.write(sheet, texts.LEDGER_TITLE, 470, 132)
    hand.size = 22
    for number, (date, entry, folio, pounds, shillings, pence) in enumerate(texts.LEDGER):
        y = 292 + 52 * number - 7
        cells = ((date, 150), (entry, 302), (folio, 1075), (pounds, 1170), (shillings, 1262), (pence, 1345))
        for text, x in cells:
            if text:
                hand.write(sheet, text, x + hand.rng.normal(0, 5), y + hand.rng.normal(0, 1.5))
    return sheet.layers()


def spine(rng: np.random.Generator, shape: aging.Shape) -> tuple[np.ndarray, np.ndarray]:
    """Return the displacement of a page that bends down into the binding at the left."""
    dy, dx = aging.skew(rng, shape, degrees=-0.45, bow=0, ripple=2.5)
    x = np.arange(shape[1], dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    return dy - 26 * np.exp(-x / 120) * (1 + 0.2 * y), dx - 30 * np.exp(-x / 90)


def leaves_below(rng: np.random.Generator, shape: aging.Shape, dy: np.ndarray) -> np.ndarray:
    """Return the scanner's black bed with the edges of the leaves underneath showing at the right and below."""
    bed = np.full((*shape, 3), 0.055, np.float32)
    for inset, tone in ((16, 0.30), (24, 0.40), (38, 0.48), (50, 0.58), (62, 0.52), (74, 0.64)):
        leaf = sheet_mask(rng, shape, (34 + inset / 4, 22 + inset, 20 + inset / 2, -80), 1.2)
        leaf = warp(leaf, dy * 0.6, np.zeros(shape, np.float32))
        rim = np.clip(leaf - blur(leaf, 2.5) * 0.45, 0, 1)[..., None]
        bed = bed * (1 - leaf[..., None]) + leaf[..., None] * tone * rim * np.array([1.5, 1.42, 1.2])
    return np.clip(bed, 0, 1)


def register(rng: np.random.Generator) -> Page:
    """Fill in a printed form."""
    shape = (1600, 1160)
    plate = Plate(shape[1], shape[0], rng)
    plate.text(580, 120, texts.REGISTER["title"], "oldstyle", 54, "ms")
    plate.text(580, 168, texts.REGISTER["line"], "oldstyle-italic", 30, "ms")
    columns, top, pitch = (64, 190, 470, 600, 1096), 210, 62
    for name, left, right in zip(texts.REGISTER["columns"], columns[:-1], columns[1:], strict=True):
        plate.text((left + right) / 2, top + 46, name, "oldstyle", 26, "ms")
    sheet, hand = Sheet(shape[1], shape[0]), Hand(rng, size=21, nib=3.1, slant=0.42, contrast=0.6, spacing=0.86)
    for number, row in enumerate(texts.REGISTER["rows"]):
        for text, left in zip(row, columns, strict=False):
            hand.write(sheet, text, left + 14 + rng.normal(0, 3), top + 68 + pitch * (number + 1) - 16)
    bottom = top + 68 + pitch * 20
    for x in columns:
        plate.line(x, top, x, bottom, 1.5)
    for y in (top, top + 68, *range(top + 68 + pitch, bottom + 1, pitch)):
        plate.line(columns[0], y, columns[-1], y, 2 if y <= top + 68 else 1)
    dy, dx = aging.skew(rng, shape, degrees=0.6, bow=2, ripple=2)
    form = warp(halve(aging.spread(rng, plate.layer(), soft=1.3, gain=0.5, rough=0.06)), dy, dx)
    cover, dark = (warp(layer, dy, dx) for layer in sheet.layers())
    page = aging.paper(rng, shape, (0.845, 0.83, 0.76), mottle=0.02)
    wet, line = aging.water_stain(rng, shape, (1.0, 0.1), 420)
    page = stain(stain(page, 0.35 * wet, TEA), 0.5 * line, (0.6, 0.47, 0.32))
    page = stain(page, 0.6 * aging.edge_toning(rng, sheet_mask(rng, shape, (2, 2, 2, 2), 1), 130), TEA)
    page = stain(page, form * press_density(rng, form), (0.13, 0.12, 0.11))
    page = stain(page, cover * np.clip(dark, 0.45, 1.2), (0.12, 0.15, 0.33))
    return Page(aging.scan(rng, page), (form > 0.5) | (cover > 0.5), 300)


def card(rng: np.random.Generator) -> Page:
    """Type a library's index card: thumbed, punched, corrected by hand."""
    shape = (720, 1180)
    glyphs = typed(rng, shape, texts.CARD, x=110, y=120, size=31, leading=46)
    note, dark = written(texts.CARD_NOTE, Hand(rng, size=20, nib=2.8, slant=0.3, spacing=0.95), shape, 640, 150, 60)
    dy, dx = aging.skew(rng, shape, degrees=-0.8, bow=2, ripple=1)
    ink = warp(halve(aging.spread(rng, glyphs, soft=1.7, gain=0.6, rough=0.085)), dy, dx)
    note, dark = warp(note, dy, dx), warp(dark, dy, dx)
    mask = warp(sheet_mask(rng, shape, (20, 26, 22, 24), 0.4), dy, dx)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    mask *= np.clip(np.hypot(x - 590, y - 640) - 20, 0, 1)
    page = aging.paper(rng, shape, (0.80, 0.80, 0.80), mottle=0.02)
    thumb = np.exp(-(((x - 900) / 130) ** 2 + ((y - 40) / 70) ** 2)) + aging.edge_toning(rng, mask, 60)
    page = stain(page, 0.5 * thumb * np.clip(1 + 0.12 * clouds(rng, shape, 150), 0, 2), (0.72, 0.72, 0.72))
    for at in range(160, 640, 46):
        page = stain(page, 0.35 * np.exp(-((y + dy - at - 12) ** 2) / 1.1), (0.7, 0.7, 0.7))
    ribbon = np.clip(0.80 + 0.15 * noise(rng, shape, (14, 5)) + 0.1 * noise(rng, shape, (2.0, 60)), 0.3, 1.1)
    page = stain(page, ink * ribbon, (0.17, 0.17, 0.17))
    page = stain(page, note * np.clip(0.6 * dark, 0.3, 0.9), (0.22, 0.22, 0.22))
    page = on_bed(page, mask, np.full((*shape, 3), 0.12, np.float32))
    grey = (aging.scan(rng, page, soft=0.7, grain=0.006)[..., 1] // 4) * 4  # an old scanner with 6 honest bits
    return Page(grey, (ink > 0.5) | (note > 0.5), 200)
