"""What a cropped cut-out is to show, as the options ask for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bgtool.errors import UsageError
from bgtool.spelling import suggestion

PADDING = re.compile(r"(\d+(?:\.\d+)?)(%|px)?")
ASPECT = re.compile(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)")
SIZE = re.compile(r"(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(mm|cm|in|px)(?:@(\d+))?")

INCHES = {"mm": 1 / 25.4, "cm": 1 / 2.54, "in": 1.0}

NAMED = {"passport": "35x45mm", "us-passport": "2x2in"}
"""Sizes that go by a name: portraits of ICAO Doc 9303, as for most passports, and those of the United States."""

USUAL_DPI = 300

MOST_PIXELS = 20000
"""Longest side of a picture that `--size` asks for."""

LONGEST = 10
"""Times that one side of a picture may be as long as the other."""


@dataclass(frozen=True)
class Length:
    """Pixels, or percent of the longer side of the box around the people."""

    value: float = 0.0
    percent: bool = False

    def pixels(self, box: tuple[int, int, int, int]) -> int:
        """Of a box."""
        longer = max(box[2] - box[0], box[3] - box[1])
        return round(self.value * longer / 100 if self.percent else self.value)


@dataclass(frozen=True)
class Print:
    """A picture of a fixed size: width and height in pixels, and how many of them are an inch (0: it does not say)."""

    size: tuple[int, int]
    dpi: int


@dataclass(frozen=True)
class Crop:
    """What a cropped cut-out shows.

    Attributes:
        padding: around the people.
        aspect: width over height, reached by widening the box or making it higher; None: as it comes.
        print: a picture of a fixed size, filled by the head and shoulders; padding and aspect have no say in it.
    """

    padding: Length = Length()
    aspect: float | None = None
    print: Print | None = None


def crop_of(crop: bool, padding: str = "", aspect: str = "", size: str = "") -> Crop | None:
    """What the options ask for; None: the whole photo. Each option asks for a crop by itself.

    Args:
        crop: whether to keep no more than the box around the people.
        padding: pixels, or percent of the longer side of that box, as ``20`` or ``5%``.
        aspect: as ``3:4``.
        size: a name of `NAMED`, or as ``35x45mm``, ``2x2in@600`` or ``600x800px``; `USUAL_DPI` unless it says
            otherwise.

    Raises:
        UsageError: a text is none of these, or size is given beside the others.
    """
    if size and (padding or aspect):
        raise UsageError("--size frames the head, whatever --padding and --aspect say", "leave them out")
    if not (crop or padding or aspect or size):
        return None
    return Crop(_padding(padding), _aspect(aspect), _print(size))


def _padding(text: str) -> Length:
    if not text:
        return Length()
    found = PADDING.fullmatch(text.strip())
    if not found:
        raise UsageError(f"the padding {text!r} is no length", "take pixels or percent, as 20 or 5%")
    return Length(float(found[1]), found[2] == "%")


def _aspect(text: str) -> float | None:
    if not text:
        return None
    found = ASPECT.fullmatch(text.strip())
    sides = [float(side) for side in found.groups()] if found else [0.0]
    if not all(sides) or not 1 / LONGEST <= sides[0] / sides[1] <= LONGEST:
        raise UsageError(f"the aspect {text!r} is no width and height", f"take two numbers up to 1:{LONGEST}, as 3:4")
    return sides[0] / sides[1]


def _print(text: str) -> Print | None:
    if not text:
        return None
    name, at, resolution = text.strip().lower().partition("@")
    found = SIZE.fullmatch(NAMED.get(name, name) + at + resolution)
    if not found or (found[3] == "px" and found[4]):
        advice = f"take {' or '.join(NAMED)}, or width and height, as 35x45mm, 2x2in@600 or 600x800px"
        raise UsageError(f"the size {text!r} is no size", suggestion(name, NAMED) or advice)
    dpi = 0 if found[3] == "px" else int(found[4] or USUAL_DPI)
    scale = 1.0 if found[3] == "px" else INCHES[found[3]] * dpi
    width, height = (round(float(side) * scale) for side in (found[1], found[2]))
    if not (min(width, height) >= 1 and max(width, height) <= MOST_PIXELS):
        raise UsageError(f"the size {text!r} would be {width} × {height} pixels", f"at most {MOST_PIXELS} a side")
    if max(width, height) > LONGEST * min(width, height):
        raise UsageError(f"the size {text!r} would be {width} × {height} pixels", f"one side at most {LONGEST} others")
    return Print((width, height), dpi)
