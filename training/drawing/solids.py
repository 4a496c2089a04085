"""Solid ink: bars and blocks with light text, redactions, bubbles, logos, seals, stamps; highlighter is none."""

from __future__ import annotations

import math

from PIL import Image, ImageChops, ImageDraw

from training.drawing.sheet import Box, Sheet, inside, pale_colour, some_colour
from training.drawing.text import Families, draw_lines, face, small_size, some_face, some_word
from training.transforms.chances import chance, integer, smooth_noise, uniform


def block(sheet: Sheet, box: Box, families: Families) -> None:
    """A filled bar, rounded or not, or an ellipse; most bars bear text that is left out."""
    box = inside(box, 24)
    mask = sheet.mask()
    draw = ImageDraw.Draw(mask)
    shape = integer(4)
    if shape == 0:
        draw.ellipse(box, fill=255)
    elif shape == 1:
        draw.rounded_rectangle(box, radius=4 + integer(14), fill=255)
    else:
        draw.rectangle(box, fill=255)
    left, top, right, bottom = box
    if shape and chance(0.6) and bottom - top > 22:
        size = min(small_size() + integer(20), bottom - top - 8)
        draw_lines(draw, families, (left + 6, top + 2, right - 6, bottom), max(9, size), fill=0)
    sheet.ink(mask, some_colour(0.6))
    if shape and chance(0.15):
        hole = sheet.mask()
        ImageDraw.Draw(hole).rectangle(inside(box, 10), fill=255)
        sheet.clear(hole)


def redaction(sheet: Sheet, box: Box, families: Families) -> None:
    """Text, words and lines of which are blacked out."""
    mask = sheet.mask()
    draw = ImageDraw.Draw(mask)
    size = 12 + integer(20)
    draw_lines(draw, families, box, size)
    left, top, right, bottom = box
    for _ in range(1 + integer(6)):
        x, y = left + integer(max(1, right - left - 40)), top + integer(max(1, bottom - top - size))
        draw.rectangle((x, y, min(right, x + 30 + integer(300)), y + round(size * uniform(0.9, 1.6))), fill=255)
    sheet.ink(mask, some_colour(0.95))


def bubbles(sheet: Sheet, box: Box, families: Families) -> None:
    """Rows of answer circles, some filled, or squares, some ticked."""
    left, top, right, bottom = box
    size, thin = 10 + integer(24), 1 + integer(2)
    round_, often = chance(0.6), uniform(0.1, 0.6)
    mask, pen = sheet.mask(), sheet.mask()
    for y in range(top, bottom - size, round(size * 1.6)):
        for x in range(left, right - size, round(size * uniform(1.5, 2.2))):
            shape = (x, y, x + size, y + size)
            draw = ImageDraw.Draw(mask)
            (draw.ellipse if round_ else draw.rectangle)(shape, outline=255, width=thin)
            if chance(often):
                mark = ImageDraw.Draw(pen)
                if round_:
                    mark.ellipse((x + 1, y + 1, x + size - integer(3), y + size - integer(3)), fill=255)
                else:
                    mark.line((x - 1, y - 1, x + size + 2, y + size + 1), fill=255, width=1 + integer(4))
    sheet.ink(mask, some_colour(0.7))
    sheet.ink(pen, some_colour(0.7))


def logo(sheet: Sheet, box: Box, families: Families) -> None:
    """Polygons, rings and letters within one another."""
    left, top, right, bottom = box
    radius = min(right - left, bottom - top) / 2 * uniform(0.5, 1)
    x, y = left + radius + integer(max(1, round(right - left - 2 * radius))), top + radius
    mask = sheet.mask()
    draw = ImageDraw.Draw(mask)
    for step in range(1 + integer(4)):
        ring, fill = radius * (1 - 0.28 * step), 255 if step % 2 == 0 else 0
        corners, turn = 3 + integer(6), uniform(0, math.pi)
        if chance(0.4):
            draw.ellipse((x - ring, y - ring, x + ring, y + ring), fill=fill)
        else:
            angles = [turn + 2 * math.pi * k / corners for k in range(corners)]
            draw.polygon([(x + ring * math.cos(a), y + ring * math.sin(a)) for a in angles], fill=fill)
    sheet.ink(mask, some_colour(0.4))


def stamped(families: Families, width: int, height: int) -> Image.Image:
    """A rubber stamp, "L": a frame or two rings with words, worn in places."""
    mask = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mask)
    thick = 2 + integer(5)
    for inset in (1, 5 + thick) if chance(0.5) else (1,):
        frame = (inset, inset, width - inset - 1, height - inset - 1)
        if chance(0.5):
            draw.ellipse(frame, outline=255, width=thick)
        else:
            draw.rectangle(frame, outline=255, width=thick)
    size = max(12, round(height * uniform(0.25, 0.5)))
    font, letters = some_face(families, size)
    draw.text((width * 0.12, (height - size) / 2), some_word(letters).upper(), fill=255, font=face(font.path, size))
    kept = (0.6 + 0.4 * (smooth_noise(height, width, max(1, height // 5)) > uniform(0, 0.45))) * 255
    return ImageChops.multiply(mask, Image.fromarray(kept[0].byte().numpy()))


def stamp(sheet: Sheet, box: Box, families: Families) -> None:
    """A coloured stamp, turned, over whatever is there."""
    left, top, right, bottom = box
    width, height = 90 + integer(240), 50 + integer(130)
    turned = stamped(families, width, height).rotate(uniform(-40, 40), expand=True, resample=2)
    mask = sheet.mask()
    mask.paste(turned, (left + integer(max(1, right - left - width)), top + integer(max(1, bottom - top))))
    sheet.ink(mask, some_colour(0.25))


def seal(sheet: Sheet, box: Box, families: Families) -> None:
    """A filled disc with a ragged rim, its device left out."""
    left, top, right, bottom = box
    radius = min(right - left, bottom - top) / 2 * uniform(0.5, 1)
    x, y = left + radius, top + radius
    rim = [radius * uniform(0.9, 1.0) for _ in range(48)]
    edge = [(x + r * math.cos(k * math.pi / 24), y + r * math.sin(k * math.pi / 24)) for k, r in enumerate(rim)]
    mask = sheet.mask()
    draw = ImageDraw.Draw(mask)
    draw.polygon(edge, fill=255)
    draw.ellipse((x - 0.75 * radius, y - 0.75 * radius, x + 0.75 * radius, y + 0.75 * radius), outline=0, width=2)
    size = max(9, round(radius * 0.7))
    font, letters = some_face(families, size)
    draw.text((x - size * 0.5, y - size * 0.6), some_word(letters)[:2].upper(), fill=0, font=font)
    sheet.ink(mask, some_colour(0.3))


def highlighter(sheet: Sheet, box: Box, families: Families) -> None:
    """Pale bands or a pale fill: text over it is ink, the colour is not."""
    left, top, right, bottom = box
    mask = sheet.mask()
    draw = ImageDraw.Draw(mask)
    for _ in range(1 + integer(4)):
        y, margin = top + integer(max(1, bottom - top - 12)), (right - left) // 4
        band = (left + integer(margin + 1), y, right - integer(margin + 1), y + 12 + integer(60))
        draw.rectangle(band, fill=255)
    sheet.tint(mask, pale_colour())
    text = sheet.mask()
    draw_lines(ImageDraw.Draw(text), families, box, small_size())
    sheet.ink(text, some_colour())
