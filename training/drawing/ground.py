"""What a sheet is made of, what lies around it, and what time did to it; none of it is ink."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from training.transforms.chances import chance, integer, log_uniform, smooth_noise, uniform
from training.transforms.paper import beside_page, blur, ring, spine, stains, streaks, uneven_light


def paper(side: int) -> Tensor:
    """Flat, yellowed or coloured paper, float [3, side, side] in 0..1."""
    kind = integer(10)
    if kind < 3:
        colour = torch.ones(3) * uniform(0.92, 1.0)
    elif kind < 8:
        light = uniform(0.55, 1.0)
        colour = torch.tensor([light, light * uniform(0.88, 1.0), light * uniform(0.65, 1.0)])
    else:
        colour = torch.rand(3) * 0.45 + 0.55
    sheet = colour.view(3, 1, 1).expand(3, side, side)
    for cells in (3, 12, 48):
        sheet = sheet * (1 - uniform(0, 0.1) * smooth_noise(side, side, cells)) if kind >= 3 else sheet
    return fibres(sheet) if kind == 7 else sheet


def fibres(sheet: Tensor) -> Tensor:
    """Papyrus or coarse paper: strips along and across, darker in places, with small holes' shadows."""
    height, width = sheet.shape[-2:]
    along = smooth_noise(height, width, 40 + integer(120), 2 + integer(5))
    across = smooth_noise(height, width, 2 + integer(5), 40 + integer(120))
    specks = torch.sigmoid((smooth_noise(height, width, 60 + integer(60)) - uniform(0.86, 0.95)) * 40)
    return sheet * (1 - uniform(0.1, 0.45) * along) * (1 - uniform(0, 0.35) * across) * (1 - uniform(0, 0.6) * specks)


def bed(side: int) -> Tensor:
    """What a sheet lies on: black, grey, coloured, wooden or white, float [3, side, side] in 0..1."""
    kind = integer(8)
    level = uniform(0, 0.15) if kind < 4 else uniform(0.15, 0.55) if kind < 7 else uniform(0.8, 1)
    colour = (level * (0.75 + 0.5 * torch.rand(3))).view(3, 1, 1)
    grained = colour * (0.85 + 0.3 * smooth_noise(side, side, 2 + integer(80)))
    if kind in (4, 5):
        brown = torch.tensor([1.0, uniform(0.5, 0.8), uniform(0.25, 0.6)]).view(3, 1, 1)
        grained = grained * brown * (1 - uniform(0.1, 0.5) * streaks(side, side))
    return grained + torch.randn(1, side, side) * uniform(0, 0.02)


def outline(side: int) -> Tensor:
    """Distance in pixels beyond a sheet's edge, torn or cut, with missing corners and holes: float [1, side, side]."""
    rows = torch.arange(side, dtype=torch.float).view(1, -1, 1).expand(1, side, side)
    columns = rows.transpose(1, 2)
    beyond = torch.full((1, side, side), -float(side))
    for distance in (rows, side - rows, columns, side - columns):
        if chance(0.45):
            along = columns if distance is rows or chance(0.5) else rows
            beyond = torch.maximum(beyond, uniform(2, 0.16 * side) - distance + uniform(-0.07, 0.07) * along)
    for _ in range(integer(3)):
        corner = torch.hypot(rows - side * integer(2), columns - side * integer(2))
        beyond = torch.maximum(beyond, log_uniform(20, 220) - corner)
    for _ in range((0, 0, 1, 4)[integer(4)]):
        place = torch.hypot(rows - integer(side), (columns - integer(side)) * uniform(0.4, 1.0))
        beyond = torch.maximum(beyond, log_uniform(4, 45) - place)
    rough = log_uniform(0.3, 30)
    for octave, cells in enumerate((12, 40, 130)):
        beyond = beyond + rough / 2**octave * (smooth_noise(side, side, cells) - 0.5)
    return beyond


def neighbour(side: int) -> Tensor:
    """Another sheet beneath or beside: paper with lines of blurred writing in part, cut off; float [3, side, side]."""
    pitch = uniform(14, 50)
    rows = torch.arange(side).view(1, -1, 1) + uniform(0, pitch)
    written = torch.sigmoid((torch.sin(rows * 2 * math.pi / pitch) - 0.2) * 6)
    letters = torch.sigmoid((smooth_noise(side, side, side // 8, side // 5) - 0.55) * 12)
    return paper(side) * (1 - uniform(0.2, 0.85) * written * letters) * uniform(0.5, 1)


def beyond_sheet(scan: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Show the bed, or a neighbour, beyond the outline; ink that would lie there is gone. Truth: float [C, H, W]."""
    side = scan.shape[-1]
    beyond, behind = outline(side), bed(side)
    if chance(0.2):
        behind = neighbour(side)
    if chance(0.5):  # shadow that the sheet throws on its bed, or its own curled edge
        behind = behind * (1 - uniform(0.2, 0.9) * torch.exp(-beyond.clamp(min=0) / uniform(3, 25)))
        scan = scan * (1 - uniform(0, 0.5) * torch.exp(beyond.clamp(max=0) / uniform(3, 30)))
    if chance(0.3):  # light rim of the sheet's thickness
        scan = scan + uniform(0, 0.3) * torch.exp(-((beyond + 3) ** 2) / uniform(2, 12))
    cover = (beyond / uniform(0.7, 2.5) + 0.5).clamp(0, 1)
    return scan + cover * (behind - scan), truth * (beyond < 0)


def creases(scan: Tensor) -> Tensor:
    """Folds: a dark line beside a light one across the sheet."""
    for _ in range(1 + integer(2)):
        height, width = scan.shape[-2:]
        rows, columns = torch.arange(height).view(1, -1, 1), torch.arange(width).view(1, 1, -1)
        angle = integer(2) * math.pi / 2 + uniform(-0.05, 0.05)
        across = (rows - uniform(0.1, 0.9) * height) * math.cos(angle) + (columns - width / 2) * math.sin(angle)
        across = across + 4 * smooth_noise(height, width, 6)
        scan = scan * (1 - uniform(0.1, 0.6) * torch.exp(-((across / uniform(0.8, 3)) ** 2)))
        scan = scan + uniform(0, 0.15) * torch.exp(-(((across - 4) / 3) ** 2))
    return scan


def tape(scan: Tensor) -> Tensor:
    """A strip of yellowed adhesive tape."""
    height, width = scan.shape[-2:]
    rows, columns = torch.arange(height).view(1, -1, 1), torch.arange(width).view(1, 1, -1)
    wide, top, left = 20 + integer(60), integer(height), integer(width)
    strip = ((rows - top).abs() < wide / 2) & (columns > left) & (columns < left + 5 * wide)
    tint = torch.tensor([uniform(0, 0.2), uniform(0.1, 0.35), uniform(0.3, 0.6)]).view(3, 1, 1)
    return scan * (1 - tint * blur(strip.float(), 1.0))


def aged(scan: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Time and place: stains, rings, folds, tape, uneven light, gutters, beds and edges, each now and then."""
    for step, often in ((stains, 0.3), (ring, 0.1), (creases, 0.15), (tape, 0.05), (uneven_light, 0.2), (spine, 0.15)):
        scan = step(scan.clamp(0, 1)) if chance(often) else scan
    for leave, often in ((beyond_sheet, 0.45), (beside_page, 0.12)):
        scan, truth = leave(scan.clamp(0, 1), truth) if chance(often) else (scan, truth)
    return scan, truth
