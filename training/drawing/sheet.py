"""What is printed on a sheet, and what of it is ink."""

from __future__ import annotations

import torch
from PIL import Image, ImageChops

from training.transforms.chances import chance, integer, uniform

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""
Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""
WHITE = (255, 255, 255)


class Sheet:
    """A square sheet that takes ink; white is paper of any colour.

    Ink is what pen, press or printer put there, of any colour and size. Highlighter and pale fills under text are not:
    they would bury the text. A picture is held to its own grey, so that what comes out is the picture.

    Attributes:
        light: share of the paper's light that comes back, RGB.
        truth: ink, "L", 255 where there is some.
        soft: pictures, "L", 255 where the truth is their grey.
    """

    def __init__(self, side: int) -> None:
        self.side = side
        self.light = Image.new("RGB", (side, side), WHITE)
        self.truth = Image.new("L", (side, side))
        self.soft = Image.new("L", (side, side))

    def mask(self) -> Image.Image:
        """An empty mask of the sheet's size to draw on, "L"."""
        return Image.new("L", (self.side, self.side))

    def ink(self, mask: Image.Image, colour: Colour) -> None:
        """Print in one colour where the mask, "L" of the sheet's size, is white; what lies beneath shows as through
        a filter."""
        self.tint(mask, colour)
        self.truth = ImageChops.lighter(self.truth, mask)

    def tint(self, mask: Image.Image, colour: Colour) -> None:
        """Print without making ink of it, as a highlighter does."""
        filtered = Image.composite(Image.new("RGB", mask.size, colour), Image.new("RGB", mask.size, WHITE), mask)
        self.light = ImageChops.multiply(self.light, filtered)

    def clear(self, mask: Image.Image) -> None:
        """Leave out what was printed where the mask is white: light letters in a dark bar are paper."""
        self.light.paste(WHITE, mask=mask)
        self.truth.paste(0, mask=mask)
        self.soft.paste(0, mask=mask)

    def picture(self, picture: Image.Image, box: Box) -> None:
        """Print a photo, a halftone or an engraving, RGB of the box's size."""
        self.light.paste(picture, box)
        self.truth.paste(ImageChops.invert(picture.convert("L")), box)
        self.soft.paste(255, box)


def some_colour(dark: float = 0.7) -> Colour:
    """An ink: near black with the given probability, else of any hue, and dark enough to be told from paper."""
    if chance(dark):
        level = integer(70)
        return (level, level, min(255, level + integer(12)))
    red, green, blue = sorted((integer(60), integer(150), integer(200)))
    hues = [(blue, red, green), (red, green, blue), (red, blue, green), (blue, green, red), (green, red, blue)]
    return hues[integer(len(hues))]


def pale_colour() -> Colour:
    """A fill on which text is still read."""
    low, high = 200 + integer(40), 235 + integer(21)
    return ((high, high, low), (high, low, high), (low, high, high), (low, low, low), (low, high, low))[integer(5)]


def inside(box: Box, least: int) -> Box:
    """A random box within a box, of at least so many pixels a side where there is room."""
    left, top, right, bottom = box
    width = round(uniform(min(least, right - left), right - left))
    height = round(uniform(min(least, bottom - top), bottom - top))
    left += integer(right - left - width + 1)
    top += integer(bottom - top - height + 1)
    return left, top, left + width, top + height


def shuffled(count: int) -> list[int]:
    """The numbers from 0 in random order."""
    return torch.randperm(count).tolist()
