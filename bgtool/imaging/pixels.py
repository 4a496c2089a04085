"""Depths of samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def eight_bits(samples: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """16-bit samples rounded to 8 bits: round(v / 257)."""
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
