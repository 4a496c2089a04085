"""Image files as tensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})


def read_rgb(path: Path) -> Tensor:
    """An image file as uint8 [3, H, W]."""
    with Image.open(path) as image:
        return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).contiguous()


def read_gray(path: Path) -> Tensor:
    """An image file as uint8 [1, H, W]."""
    with Image.open(path) as image:
        return torch.from_numpy(np.array(image.convert("L")))[None]
