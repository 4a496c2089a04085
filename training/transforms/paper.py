"""What scanners, paper and time do to a page: scan and truth together."""

from __future__ import annotations

import math
from io import BytesIO

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from training.transforms.chances import chance, integer, log_uniform, smooth_noise, uniform


def blur(picture: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of a float [C, H, W] picture."""
    kernel = 2 * math.ceil(2 * sigma) + 1
    return tv.gaussian_blur(picture, [kernel, kernel], [sigma, sigma])


def paper_of(scan: Tensor) -> Tensor:
    """Rough paper under the ink of a float [3, H, W] scan: its local maximum, smoothed."""
    small = F.avg_pool2d(scan[None], 4)
    light = F.max_pool2d(small, 9, stride=1, padding=4)
    light = F.avg_pool2d(light, 5, stride=1, padding=2, count_include_pad=False)
    return F.interpolate(light, scan.shape[-2:], mode="bilinear", align_corners=False)[0]


def uneven_light(scan: Tensor) -> Tensor:
    """Shade the scan as a bad lamp, a bent page or a cast shadow would."""
    height, width = scan.shape[-2:]
    field = smooth_noise(height, width, 1 + integer(4))
    if chance(0.3):
        field = torch.sigmoid((field - 0.5) * uniform(8, 40))
    return scan * (1 - uniform(0.15, 0.65) * field)


def stains(scan: Tensor) -> Tensor:
    """Darken blotches of a brownish colour, some with a darker rim as dried water leaves it."""
    height, width = scan.shape[-2:]
    field = smooth_noise(height, width, 2 + integer(10))
    level = uniform(0.55, 0.8)
    blotch = torch.sigmoid((field - level) * uniform(15, 80))
    if chance(0.4):
        blotch = blotch * 0.5 + torch.exp(-(((field - level) / uniform(0.01, 0.04)) ** 2))
    tint = torch.tensor([uniform(0.05, 0.4), uniform(0.15, 0.6), uniform(0.3, 0.8)]).view(3, 1, 1)
    return scan * (1 - uniform(0.3, 1.0) * tint * blotch.clamp(0, 1))


def from_point(height: int, width: int) -> Tensor:
    """Distance in pixels from a random point on the picture or somewhat beside it: float [1, height, width]."""
    rows = torch.arange(height).view(1, -1, 1) - uniform(-0.2, 1.2) * height
    columns = torch.arange(width).view(1, 1, -1) - uniform(-0.2, 1.2) * width
    return torch.hypot(rows, columns)


def ring(scan: Tensor) -> Tensor:
    """The brown ring that a wet cup leaves, fainter in some places than in others, often with a second rim."""
    height, width = scan.shape[-2:]
    beyond = from_point(height, width) - log_uniform(40, 500)
    rim = uniform(1.5, 10)
    shade = torch.exp(-((beyond / rim) ** 2))
    if chance(0.6):
        band = uniform(2, 4) * rim
        shade = torch.maximum(shade, torch.exp(-(((beyond + band) / rim) ** 2)) * uniform(0.3, 1))
        shade = torch.maximum(shade, ((beyond < 0) & (beyond > -band)) * uniform(0, 0.6))
    patchy = smooth_noise(height, width, 1 + integer(3)) * 0.9 + 0.1
    tint = torch.tensor([uniform(0.1, 0.5), uniform(0.3, 0.8), uniform(0.5, 1.0)]).view(3, 1, 1)
    return scan * (1 - uniform(0.4, 1.0) * tint * shade * patchy)


def hole(scan: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Punch a hole or two, through which the scanner's bed shows; no ink there."""
    for _ in range(1 + integer(2)):
        beyond = from_point(*scan.shape[-2:]) - log_uniform(6, 50)
        cover = (0.5 - beyond / uniform(0.7, 2.5)).clamp(0, 1)
        scan = scan + cover * (uniform(0, 0.3) - scan)
        truth = truth * (beyond > 0)
    return scan, truth


def darkness(scan: Tensor) -> Tensor:
    """What is darker than the paper of a float [3, H, W] scan, 0 paper, 1 black: its ink with all its faults."""
    return (1 - scan / paper_of(scan).clamp(min=0.05)).clamp(0, 1)


def ink_darkness(scan: Tensor, truth: Tensor) -> float:
    """Mean darkness of the ink of a float [3, H, W] scan, 0 to 1; truth is float [1, H, W]. 0.6 where there is none."""
    ink = truth.sum().item()
    return (darkness(scan).mean(0) * truth[0]).sum().item() / ink if ink >= 50 else 0.6


def bleed_through(scan: Tensor, verso: Tensor, recto: float) -> Tensor:
    """Let the mirrored ink of another page, float [1 or 3, H, W] with ink = 1, shine through.

    Args:
        scan: float [3, H, W] in 0..1.
        verso: what shines through.
        recto: darkness of the page's own ink, which the other's seldom exceeds: paper lies between.
    """
    shade = (blur(verso.flip(-1), log_uniform(0.3, 3)) * uniform(1, 2)).clamp(max=1)
    patchy = smooth_noise(*scan.shape[-2:], 2 + integer(4)) * 0.7 + 0.3
    tint = torch.tensor([uniform(0.5, 1.0), uniform(0.7, 1.0), uniform(0.8, 1.0)]).view(3, 1, 1)
    if torch.equal(scan[0], scan[2]) or chance(0.4):
        tint = tint.mean()
    strength = recto * (uniform(0.15, 0.7) if chance(0.5) else uniform(0.7, 1.2))
    return scan * (1 - min(strength, 0.95) * tint * shade * patchy)


def faint_ink(scan: Tensor) -> Tensor:
    """Pull the ink towards the paper around it, more in some places than in others."""
    fading = uniform(0.2, 0.85) * (0.5 + 0.5 * smooth_noise(*scan.shape[-2:], 1 + integer(4)))
    return scan + fading * (paper_of(scan) - scan).clamp(min=0)


def grain(scan: Tensor) -> Tensor:
    """Sensor noise and the coarser texture of paper or fibres."""
    height, width = scan.shape[-2:]
    noise = torch.randn(1 if chance(0.5) else 3, height, width) * uniform(0.005, 0.06)
    if chance(0.5):
        across, along = (1, 1 + integer(6)) if chance(0.5) else (1 + integer(6), 1)
        coarse = torch.randn(1, 1, math.ceil(height / across / 2), math.ceil(width / along / 2)) * uniform(0.01, 0.06)
        noise = noise + F.interpolate(coarse, (height, width), mode="bilinear", align_corners=False)[0]
    return scan + noise


def tone(scan: Tensor) -> Tensor:
    """Change gamma, contrast and the gain of each colour; now and then drop the colour."""
    scan = scan.clamp(0, 1) ** math.exp(uniform(-0.6, 0.6))
    gain = torch.tensor([uniform(0.8, 1.15) for _ in range(3)]).view(3, 1, 1)
    low = uniform(0, 0.2)
    scan = low + (scan * gain).clamp(0, 1) * (uniform(0.75, 1.0) - low)
    return tv.rgb_to_grayscale(scan, num_output_channels=3) if chance(0.2) else scan


def soften(scan: Tensor) -> Tensor:
    """Out of focus, or scanned small and enlarged."""
    if chance(0.7):
        return blur(scan, uniform(0.4, 1.5))
    height, width = scan.shape[-2:]
    factor = uniform(0.4, 0.8)
    small = tv.resize(scan, [round(height * factor), round(width * factor)], antialias=True)
    return tv.resize(small, [height, width], antialias=True)


def jpeg(scan: Tensor) -> Tensor:
    """Compress and decompress a float scan in 0..1 as JPEG of quality 20 to 90."""
    pixels = (scan.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy()
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=20 + integer(71))
    return torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1).float() / 255


def streaks(height: int, width: int) -> Tensor:
    """Noise in 0..1 drawn out along the rows or the columns, as the grain of wood: float [1, height, width]."""
    many, few = 3 + integer(60), 1 + integer(4)
    return smooth_noise(height, width, many, few) if chance(0.5) else smooth_noise(height, width, few, many)


def beyond_edge(height: int, width: int) -> Tensor:
    """Distance in pixels beyond a random straight line that cuts a corner or a side off: float [1, height, width]."""
    angle, cut = uniform(0, 2 * math.pi), uniform(0.02, 0.45)
    if chance(0.6):
        angle = round(angle / (math.pi / 2)) * math.pi / 2 + uniform(-0.05, 0.05)
    rows = torch.linspace(-0.5, 0.5, height).view(1, -1, 1) * height
    columns = torch.linspace(-0.5, 0.5, width).view(1, 1, -1) * width
    along = rows * math.sin(angle) + columns * math.cos(angle)
    return along - along.max() * (1 - 2 * cut)


def spine(scan: Tensor) -> Tensor:
    """The shadow of a book's fold: dark towards a line, within some ten to a hundred pixels."""
    distance = beyond_edge(*scan.shape[-2:]).abs() if chance(0.7) else -beyond_edge(*scan.shape[-2:]).clamp(max=0)
    return scan * (1 - uniform(0.3, 0.95) * torch.exp(-distance / uniform(5, 60)))


def beside_page(scan: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """End the page within the window: scanner bed, table or the edges of the pages below show beyond; no ink there."""
    height, width = scan.shape[-2:]
    distance = beyond_edge(height, width)
    shade = uniform(0, 0.25) if chance(0.6) else uniform(0.25, 1)
    bed = (shade * (0.8 + 0.4 * torch.rand(3))).view(3, 1, 1) * (0.8 + 0.4 * smooth_noise(height, width, 6))
    if chance(0.3):  # a wooden table
        brown = torch.tensor([1.0, uniform(0.5, 0.8), uniform(0.25, 0.6)]).view(3, 1, 1)
        bed = bed * brown * (1 - uniform(0.1, 0.5) * streaks(height, width))
    if chance(0.3):  # fore-edge: lines along the page
        period = uniform(3, 14)
        bed = bed + uniform(0.05, 0.4) * torch.sin(distance * (2 * math.pi / period)) * smooth_noise(height, width, 8)
    if chance(0.3):
        bed = bed * (1 - uniform(0.2, 0.9) * torch.exp(-distance.clamp(min=0) / uniform(2, 20)))
    cover = (distance / uniform(0.7, 2.5) + 0.5).clamp(0, 1)
    return scan + cover * (bed - scan), truth * (distance < 0)


def synthetic_page(truth: Tensor) -> Tensor:
    """Lay the ink of a truth, float [1, H, W], in a random colour on paper of our own making: float [3, H, W]."""
    height, width = truth.shape[-2:]
    lightness = uniform(0.45, 1.0)
    paper = torch.tensor([lightness, lightness * uniform(0.85, 1.0), lightness * uniform(0.65, 1.0)]).view(3, 1, 1)
    for cells in (3, 12, 48):
        paper = paper * (1 - uniform(0, 0.12) * smooth_noise(height, width, cells))
    kept = torch.rand(3) * uniform(0.1, 0.6)
    if chance(0.3):  # red, green or blue ink
        kept[integer(3)] = uniform(0.6, 1.0)
    ink = paper * kept.view(3, 1, 1)
    density = 1 - uniform(0, 0.6) * smooth_noise(height, width, 4 + integer(28))
    cover = (blur(truth, uniform(0.3, 1.0)) * 1.2).clamp(0, 1) * density
    return paper + cover * (ink - paper)
