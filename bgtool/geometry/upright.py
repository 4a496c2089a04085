"""Which way a page that lies or stands on its head is to be turned, as far as whoever reads it is sure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bgtool.geometry.lying import lies
from bgtool.geometry.small import Grey, Small
from bgtool.imaging.ocr import Turn

Ask = Callable[[Grey], Turn | None]
"""Says which way a small page, uint8 [h, w], is up; None where it does not tell."""

SURE = 24.0
"""Confidence of both answers together from which they are believed; OCRmyPDF, which asks once, asks for 14."""


def upright(grey: Grey, ask: Ask) -> int:
    """Quarter turns clockwise that put a small page, uint8 [h, w], upright; 0 where it stands, or does not surely tell.

    The turned page is asked as well: it has to stand, and its lines must not seem to run down.
    """
    turn = ask(grey)
    if turn is None or not turn.quarters:
        return 0
    turned = np.ascontiguousarray(np.rot90(grey, -turn.quarters))
    again = ask(turned)
    if again is None or again.quarters or turn.confidence + again.confidence < SURE or lies(turned):
        return 0
    return turn.quarters


def quartered(small: Small, quarters: int) -> Small:
    """A small page, turned clockwise by so many quarters."""
    return Small(np.ascontiguousarray(np.rot90(small.colours, -quarters)), small.factor) if quarters else small
