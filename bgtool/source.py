"""What a decoded picture owes those who work on it, and they to those who wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Advance = Callable[[int], None]
"""Is told the number of pixels done since the last call; may raise to stop."""


class Source(Protocol):
    """A decoded picture that can be read in parts."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    @property
    def depth(self) -> int:
        """Bits of a sample, 8 or 16."""

    def window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        """RGB from (x0, y0) up to, without, (x1, y1), transparent parts on white: uint8 [y1-y0, x1-x0, 3]."""

    def deep_window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[Any]:
        """The same without a loss of depth: uint16 where `depth` is 16, 65535 white, else uint8."""
