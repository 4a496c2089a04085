"""What is ruled and plotted: tables, forms, ledgers, charts, music, maps, drawings, bar codes and matrix codes."""

from __future__ import annotations

import math

import torch
from PIL import Image, ImageDraw

from training.drawing.sheet import Box, Sheet, pale_colour, some_colour
from training.drawing.text import Families, draw_lines, some_face, some_word
from training.transforms.chances import chance, integer, smooth_noise, uniform


def table(sheet: Sheet, box: Box, families: Families) -> None:
    """Cells with rules, full or dotted, a dark or a pale head, text and figures."""
    left, top, right, bottom = box
    rows, count = max(1, (bottom - top) // (16 + integer(40))), 1 + integer(6)
    pitch, across, thin = (bottom - top) // rows, max(30, (right - left) // count), 1 + integer(3)
    mask, head = sheet.mask(), sheet.mask()
    draw = ImageDraw.Draw(mask)
    for row in range(rows + 1):
        draw.line((left, top + row * pitch, right, top + row * pitch), fill=255, width=thin)
    for x in range(left, right + 1, across) if chance(0.8) else ():
        draw.line((x, top, x, top + rows * pitch), fill=255, width=thin)
    size = max(9, min(34, round(pitch * uniform(0.4, 0.75))))
    font, letters = some_face(families, size)
    for row in range(rows):
        for x in range(left, right - across + 1, across):
            if chance(0.75):
                text = some_word(letters)[: max(2, round(across / size * 1.4))]
                draw.text((x + 4, top + row * pitch + (pitch - size) / 2), text, fill=255, font=font)
    ImageDraw.Draw(head).rectangle((left, top, right, top + pitch), fill=255)
    if chance(0.3):
        sheet.tint(head, pale_colour())
    sheet.ink(mask, some_colour(0.8))


def form(sheet: Sheet, box: Box, families: Families) -> None:
    """Labels with lines or boxes to fill in, filled in with another pen."""
    left, top, right, bottom = box
    size = 10 + integer(12)
    print_, pen = sheet.mask(), sheet.mask()
    draw, write = ImageDraw.Draw(print_), ImageDraw.Draw(pen)
    label, letters = some_face(families, size)
    hand, hand_letters = some_face(families, round(size * uniform(1.0, 1.8)))
    for y in range(top, bottom - 2 * size, round(size * uniform(2.2, 3.2))):
        name = some_word(letters)
        draw.text((left, y), name, fill=255, font=label)
        start = min(left + label.getlength(name) + 8, right - 10)
        if chance(0.6):
            draw.line((start, y + size * 1.3, right, y + size * 1.3), fill=255, width=1)
        else:
            draw.rectangle((start, y - 4, right, y + size * 1.7), outline=255, width=1 + integer(2))
        if chance(0.7):
            write.text((start + 6, y - size * 0.3), some_word(hand_letters), fill=255, font=hand)
    sheet.ink(print_, some_colour(0.7))
    sheet.ink(pen, some_colour(0.4))


def ledger(sheet: Sheet, box: Box, families: Families) -> None:
    """Thin coloured rules over the whole sheet, and writing between them."""
    left, top, right, bottom = box
    pitch = 18 + integer(40)
    rules, pen = sheet.mask(), sheet.mask()
    for y in range(top, bottom, pitch):
        ImageDraw.Draw(rules).line((0, y, sheet.side, y), fill=255, width=1 + integer(2))
    for x in (integer(sheet.side) for _ in range(integer(5))):
        ImageDraw.Draw(rules).line((x, top, x, bottom), fill=255, width=1 + integer(3))
    font, letters = some_face(families, round(pitch * uniform(0.5, 0.8)))
    for y in range(top, bottom - pitch, pitch):
        x = left + integer(40)
        while x < right and chance(0.85):
            text = some_word(letters)
            ImageDraw.Draw(pen).text((x, y), text, fill=255, font=font)
            x += round(font.getlength(text)) + 8 + integer(60)
    sheet.ink(rules, some_colour(0.3))
    sheet.ink(pen, some_colour(0.7))


def chart(sheet: Sheet, box: Box, families: Families) -> None:
    """Bars, slices or a curve with axes."""
    left, top, right, bottom = box
    kind = integer(3)
    size = min(right - left, bottom - top)
    turn, x = uniform(0, 360), left + 6
    for _ in range(3 + integer(6)):
        mask = sheet.mask()
        draw = ImageDraw.Draw(mask)
        if kind == 0:
            end = turn + uniform(15, 90)
            draw.pieslice((left, top, left + size, top + size), turn, end, fill=255)
            turn = end + 1
        elif kind == 1:
            wide = 8 + integer(50)
            draw.rectangle((x, bottom - integer(max(1, bottom - top)), x + wide, bottom), fill=255)
            x += wide + 2 + integer(20)
        else:
            heights = smooth_noise(1, 24, 1, 8)[0, 0].tolist()
            points = [(left + k * (right - left) / 23, bottom - h * (bottom - top)) for k, h in enumerate(heights)]
            draw.line(points, fill=255, width=1 + integer(5))
        sheet.ink(mask, some_colour(0.4))
        if x > right:
            break
    axes = sheet.mask()
    ImageDraw.Draw(axes).line((left, top, left, bottom, right, bottom), fill=255, width=1 + integer(3))
    sheet.ink(axes, some_colour())


def music(sheet: Sheet, box: Box, families: Families) -> None:
    """Staves with notes and bar lines."""
    left, top, right, bottom = box
    gap = 5 + integer(9)
    mask = sheet.mask()
    draw = ImageDraw.Draw(mask)
    for y in range(top, bottom - 6 * gap, 9 * gap):
        for line in range(5):
            draw.line((left, y + line * gap, right, y + line * gap), fill=255, width=1)
        for x in range(left + 3 * gap, right - gap, round(gap * uniform(2, 4))):
            if chance(0.12):
                draw.line((x, y, x, y + 4 * gap), fill=255, width=1 + integer(2))
                continue
            at = y + uniform(-0.5, 4) * gap
            draw.ellipse((x, at, x + 1.3 * gap, at + gap), fill=255 if chance(0.7) else 0, outline=255, width=2)
            draw.line((x + 1.3 * gap, at + gap / 2, x + 1.3 * gap, at - 3 * gap), fill=255, width=max(1, gap // 6))
    sheet.ink(mask, some_colour(0.95))


def plan(sheet: Sheet, box: Box, families: Families) -> None:
    """A map or a plan: contour lines, hatching, names, symbols."""
    left, top, right, bottom = box
    width, height = max(8, right - left), max(8, bottom - top)
    heights = smooth_noise(height, width, 3 + integer(5))[0]
    levels = (heights * (4 + integer(12))).floor()
    edge = (levels != levels.roll(1, 0)) | (levels != levels.roll(1, 1))
    mask = sheet.mask()
    mask.paste(Image.fromarray((edge * 255).byte().numpy()), (left, top))
    sheet.ink(mask, some_colour(0.4))
    if chance(0.5):
        water = sheet.mask()
        water.paste(Image.fromarray(((heights < 0.35) * 255).byte().numpy()), (left, top))
        sheet.tint(water, pale_colour())
    names = sheet.mask()
    for _ in range(2 + integer(8)):
        font, letters = some_face(families, 9 + integer(22))
        place = (left + integer(width), top + integer(height))
        ImageDraw.Draw(names).text(place, some_word(letters), fill=255, font=font)
    sheet.ink(names, some_colour())


def bar_code(sheet: Sheet, box: Box, families: Families) -> None:
    """Bars one to four modules wide, with figures beneath."""
    left, top, right, bottom = box
    module, x = 1 + integer(5), left + 4.0
    height = min(bottom - top - 4, 30 + integer(150))
    mask = sheet.mask()
    draw = ImageDraw.Draw(mask)
    end = min(right, left + 95 * module)
    while x < end:
        bar = module * (1 + integer(3))
        draw.rectangle((x, top, x + bar - 1, top + height), fill=255)
        x += bar + module * (1 + integer(3))
    figures = (left, top + height + 2, round(x), min(bottom, top + height + 30))
    draw_lines(draw, families, figures, 10 + integer(10))
    sheet.ink(mask, some_colour(0.9))


def matrix_code(sheet: Sheet, box: Box, families: Families) -> None:
    """A square of modules with the three eyes of a QR code."""
    left, top, right, _ = box
    count, module = 21 + 4 * integer(8), 2 + integer(6)
    modules = torch.rand(count, count) < 0.5
    eye = torch.ones(9, 9, dtype=torch.bool)
    eye[0] = eye[-1] = eye[:, 0] = eye[:, -1] = False
    eye[2:7, 2:7] = False
    eye[3:6, 3:6] = True
    modules[:8, :8], modules[:8, -8:], modules[-8:, :8] = eye[1:, 1:], eye[1:, :-1], eye[:-1, 1:]
    code = Image.fromarray((modules * 255).byte().numpy()).resize((count * module, count * module), 0)
    mask = sheet.mask()
    mask.paste(code, (left + integer(max(1, right - left - code.width)), top))
    sheet.ink(mask, some_colour(0.9))


def line_art(sheet: Sheet, box: Box, families: Families) -> None:
    """An engraving or a drawing in lines: hatching of changing weight within a curved outline."""
    left, top, right, bottom = box
    width, height = max(8, right - left), max(8, bottom - top)
    tone = smooth_noise(height, width, 2 + integer(6))[0]
    angle, period = uniform(0, math.pi), uniform(3, 9)
    rows, across = torch.arange(height)[:, None], torch.arange(width)[None]
    wave = (rows * math.sin(angle) + across * math.cos(angle) + 12 * tone) * (2 * math.pi / period)
    hatched = (torch.sin(wave) * 0.5 + 0.5 < tone * uniform(0.6, 1.1)) & (tone > uniform(0, 0.4))
    mask = sheet.mask()
    mask.paste(Image.fromarray((hatched * 255).byte().numpy()), (left, top))
    sheet.ink(mask, some_colour(0.8))
