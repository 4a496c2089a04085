"""Writing: words in many scripts and faces, letters of 6 to 500 px, by press, pen, typewriter and printer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

from training.drawing.sheet import Box, Sheet, some_colour
from training.drawing.typeset import word
from training.transforms.chances import chance, integer, log_uniform, uniform

Families = Sequence[Sequence[Path]]

SCRIPTS = {
    "cyrillic": "абвгдежзиклмнопрстуфхцчшщыьэюя",
    "greek": "αβγδεζηθικλμνξοπρςστυφχψωάέήίόύώ",
    "hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "devanagari": "कखगघचछजझटठडतथदधनपफबभमयरलवशषसहािीुूेैो",
    "tamil": "கஙசஞடணதநபமயரலவழளறனாிீுூெேை",
    "japanese": "あいうえおかきくけこさしすせそたちつてとのはひをアイウエオカキクケコ日月火水木人大中国会社東京年本",
}
"""Letters by the name that Fontsource's files bear for their script; any other file holds Latin."""


def script_of(file: Path) -> str:
    """The script that a file of Fontsource, FAMILY-SCRIPT-WEIGHT-STYLE, holds; nothing for other files."""
    parts = file.stem.rsplit("-", 3)
    return parts[1] if len(parts) == 4 else ""


@lru_cache(maxsize=512)
def face(file: Path, size: int) -> ImageFont.FreeTypeFont:
    """A font at a size in pixels."""
    return ImageFont.truetype(str(file), size)


def some_face(families: Families, size: int) -> tuple[ImageFont.FreeTypeFont, str]:
    """A font of any family at a size, and the letters of its script, none for Latin."""
    family = families[integer(len(families))]
    file = family[integer(len(family))]
    return face(file, size), SCRIPTS.get(script_of(file), "")


def some_word(letters: str) -> str:
    """A word of the letters given, or a Latin word, a number, an amount or a date."""
    if letters:
        return "".join(letters[integer(len(letters))] for _ in range(2 + integer(7)))
    if chance(0.12):
        amount, date = f"{integer(100000) / 100:.2f}", f"{1 + integer(28)}/{1 + integer(12)}/{integer(99)}"
        return (amount, str(integer(10**6)), date)[integer(3)]
    return word()


def draw_lines(draw: ImageDraw.ImageDraw, families: Families, box: Box, size: int, fill: int = 255) -> None:
    """Lines of one face, from the top of a box to its bottom."""
    font, letters = some_face(families, size)
    left, top, right, bottom = box
    pitch, space = size * uniform(1.05, 1.9), max(2.0, size * uniform(0.2, 0.5))
    while top + size * 1.1 <= bottom:
        x, end = float(left), uniform(0.6, 1.0) * (right - left) + left if chance(0.2) else right
        while True:
            text = some_word(letters)
            width = font.getlength(text)
            if x + width > end:
                break
            draw.text((x, top), text, fill=fill, font=font)
            x += width + space
        top = round(top + pitch)


def small_size() -> int:
    """Height of running text in pixels."""
    return round(log_uniform(9, 44))


def paragraph(sheet: Sheet, box: Box, families: Families) -> None:
    """Running text, now and then with a pale fill or a highlighter beneath."""
    mask = sheet.mask()
    draw_lines(ImageDraw.Draw(mask), families, box, small_size())
    sheet.ink(mask, some_colour())


def columns(sheet: Sheet, box: Box, families: Families) -> None:
    """A newspaper's columns with rules between."""
    left, top, right, bottom = box
    count, size = 2 + integer(3), 9 + integer(14)
    step = (right - left) // count
    mask = sheet.mask()
    draw = ImageDraw.Draw(mask)
    for number in range(count):
        x = left + number * step
        draw_lines(draw, families, (x + 5, top, x + step - 5, bottom), size)
        if number:
            draw.line((x, top, x, bottom), fill=255, width=1 + integer(2))
    sheet.ink(mask, some_colour(0.95))


def headline(sheet: Sheet, box: Box, families: Families) -> None:
    """Letters that fill the box's height, up to 500 px, perhaps cut off by the sheet's edge."""
    left, top, _, bottom = box
    font, letters = some_face(families, min(500, max(40, round((bottom - top) * uniform(0.8, 1.3)))))
    text = some_word(letters)
    mask = sheet.mask()
    x = left + uniform(-0.3, 0.2) * font.size
    ImageDraw.Draw(mask).text((x, top), text.upper() if chance(0.5) else text, fill=255, font=font)
    sheet.ink(mask, some_colour(0.6))


def typewriter(sheet: Sheet, box: Box, families: Families) -> None:
    """Letters struck one by one, some harder, some askew."""
    size = 14 + integer(24)
    font, letters = some_face(families, size)
    step, (left, top, right, bottom) = size * 0.62, box
    mask = sheet.mask()
    draw = ImageDraw.Draw(mask)
    while top + size < bottom:
        x = float(left)
        while x < right - 8 * step:
            for letter in some_word(letters):
                place = (x + uniform(-0.05, 0.05) * size, top + uniform(-0.06, 0.06) * size)
                draw.text(place, letter, fill=170 + integer(86), font=font)
                x += step
            x += step
        top += round(size * (1.3 if chance(0.6) else 2))
    sheet.ink(mask, some_colour(0.8))


def dot_matrix(sheet: Sheet, box: Box, families: Families) -> None:
    """Text of nine needles: made small, each of its points a dot."""
    dot = 2 + integer(2)
    left, top, right, bottom = box
    small = Image.new("L", ((right - left) // dot, (bottom - top) // dot))
    draw_lines(ImageDraw.Draw(small), families, (0, 0, small.width, small.height), 9 + integer(3))
    large = small.point(lambda v: 255 if v > 120 else 0).resize((small.width * dot, small.height * dot), 0)
    cell = Image.new("L", (dot, dot), 255)
    if dot > 2:
        cell.putpixel((0, 0), 60)
    screen = Image.new("L", large.size)
    for y in range(0, large.height, dot):
        for x in range(0, large.width, dot):
            screen.paste(cell, (x, y))
    mask = sheet.mask()
    mask.paste(ImageChops.multiply(large, screen), (left, top))
    sheet.ink(mask, some_colour(0.8))


def handwriting(sheet: Sheet, box: Box, families: Families) -> None:
    """A signature: one stroke that swings along a line, from thin to thick."""
    left, top, right, bottom = box
    mask = sheet.mask()
    draw = ImageDraw.Draw(mask)
    x, y, width = left + 4.0, uniform(top, bottom), uniform(1.5, 4)
    vx, vy = 1.0, 0.0
    while x < right and x - left < 260:
        vx, vy = 0.85 * vx + uniform(-1.4, 1.9), 0.8 * vy + uniform(-4, 4) - 0.05 * (y - (top + bottom) / 2)
        end = (x + vx, min(max(y + vy, top), bottom))
        draw.line((x, y, *end), fill=255, width=max(1, round(width + uniform(-0.8, 0.8))))
        x, y = end
    sheet.ink(mask, some_colour(0.4))
