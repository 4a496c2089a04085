"""What scanners, cameras, copiers and fax machines make of a page."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from training.transforms.chances import chance, integer, smooth_noise, uniform
from training.transforms.paper import blur, grain, jpeg, soften, tone


def small_then_large(scan: Tensor) -> Tensor:
    """Scanned at a half to four fifths of the size and enlarged again, as pages of small type are before they are
    read."""
    side = scan.shape[-1]
    small = round(side * (0.5 if chance(0.6) else uniform(0.4, 0.85)))
    shrunk = tv.resize(scan, [small, small], antialias=True)
    shrunk = jpeg(shrunk) if chance(0.4) else shrunk
    return tv.resize(shrunk, [side, side], interpolation=tv.InterpolationMode.BICUBIC, antialias=True)


def sharpened(scan: Tensor) -> Tensor:
    """Scanner's sharpening, with its light seams."""
    return scan + uniform(0.3, 1.5) * (scan - blur(scan, uniform(0.8, 2)))


def bilevel(scan: Tensor, truth: Tensor, soft: Tensor) -> tuple[Tensor, Tensor]:
    """Black and white only, by a threshold or, with pictures, by error diffusion; ink that was lost is paper now."""
    grey = tv.rgb_to_grayscale(scan.clamp(0, 1))
    if soft.any() or chance(0.15):
        pixels = Image.fromarray((grey[0] * 255).byte().numpy()).convert("1")
        white = torch.from_numpy(np.array(pixels)).float()[None]
    else:
        white = (grey > uniform(0.35, 0.65) * grey.quantile(0.9)).float()
    near = torch.nn.functional.max_pool2d(truth, 3, stride=1, padding=1) > 0.3
    return white.expand(3, -1, -1), torch.where(soft, 1 - white, near * (1 - white))


def captured(scan: Tensor, truth: Tensor, soft: Tensor) -> tuple[Tensor, Tensor]:
    """Blur, resampling, noise, tone, compression, and bilevel now and then.

    Args:
        scan: float [3, H, W].
        truth: float [1, H, W], ink 1.
        soft: bool [1, H, W], pictures.
    """
    steps = (small_then_large, 0.3), (soften, 0.35), (sharpened, 0.12), (tone, 0.3), (grain, 0.45), (jpeg, 0.45)
    for step, often in steps:
        scan = step(scan.clamp(0, 1)) if chance(often) else scan
    if chance(0.08):
        return bilevel(scan, truth, soft)
    return scan, truth


def pale(light: Tensor) -> Tensor:
    """Carbon, hectograph and thermal copies, worn ribbons: ink thinner, here more than there, or in bands.

    Args:
        light: float [3, H, W], share of the paper's light that comes back.
    """
    height, width = light.shape[-2:]
    fade = uniform(0.1, 0.8) * (0.4 + 0.6 * smooth_noise(height, width, 1 + integer(12)))
    if chance(0.3):
        fade = fade.clamp(min=0) + (torch.rand(1, height, 1) < 0.06) * uniform(0.2, 0.8)
    light = 1 - (1 - light) * (1 - fade.clamp(0, 0.85))
    if chance(0.3):  # hectograph: violet and soft
        violet = torch.tensor([uniform(0.3, 0.6), uniform(0.1, 0.4), uniform(0.7, 1.0)]).view(3, 1, 1)
        light = 1 - (1 - light) * (1 - violet * 0.7)
    return blur(light, uniform(0.4, 1.3))


def broken(light: Tensor) -> Tensor:
    """Print with gaps: specks where no ink took."""
    height, width = light.shape[-2:]
    specks = blur((torch.rand(1, height, width) < uniform(0.02, 0.2)).float(), uniform(0.4, 1.0)) * uniform(0.5, 2)
    return 1 - (1 - light) * (1 - specks.clamp(0, 0.9))
