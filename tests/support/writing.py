"""A page of print that can be read."""

from PIL import Image, ImageDraw, ImageFont

PAPER, INK = (238, 232, 220), (30, 28, 30)

WORDS = "the clerk entered every parcel by weight and origin, and the harbour master signed for it at eight "


def written(first=0, size=(900, 700), letters=62):
    """Sixteen lines of it, RGB; what they begin with depends on a number."""
    sheet = Image.new("RGB", size, PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(24)
    for number in range(16):
        start = (7 * number + first) % len(WORDS)
        pen.text((50, 50 + 38 * number), (WORDS * 2)[start : start + letters], INK, font)
    return sheet
