"""Folders of pages that were made: img/ and truths of other names beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

Made = tuple[Tensor, Mapping[str, NDArray[np.uint8 | np.bool_]]]
"""A scan, float [3, H, W] in 0..1, and its truths, [H, W], by the name of their folder."""


def write_folder(make: Callable[[], Made], count: int, seed: int, output: Path, digits: int, quality: int) -> None:
    """Write so many pages, the same for the same seed.

    Args:
        make: makes a page from torch's generator alone.
        count: number of pages.
        seed: start of all random numbers.
        output: gets img/ (WebP) and a folder of PNG for each truth.
        digits: length of the numbers that pages are called by.
        quality: of the WebP files.
    """
    for number in range(count):
        torch.manual_seed(seed * 1_000_003 + number)
        scan, truths = make()
        for name in ("img", *truths):
            (output / name).mkdir(parents=True, exist_ok=True)
        pixels = (scan * 255).round().byte().permute(1, 2, 0).numpy()
        Image.fromarray(pixels).save(output / "img" / f"{number:0{digits}}.webp", quality=quality)
        for name, truth in truths.items():
            Image.fromarray(truth).save(output / name / f"{number:0{digits}}.png")
