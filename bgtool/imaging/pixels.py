"""Arrays of pixels, parts of them, and depths of samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.uint8]
"""Grey levels [h, w], or colours [h, w, 3] or [h, w, 4], of 8 bits."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels, right and bottom excluded."""


def eight_bits(samples: NDArray[np.uint16]) -> Array:
    """16-bit samples rounded to 8 bits: round(v / 257)."""
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
