"""A whole page: kinds laid out on a sheet, printed, aged and scanned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from training.drawing import solids, tables, text
from training.drawing.devices import broken, captured, pale
from training.drawing.folder import Made, write_folder
from training.drawing.ground import aged, paper
from training.drawing.material import Material
from training.drawing.pictures import picture
from training.drawing.sheet import Box, Sheet
from training.transforms.chances import chance, integer, uniform
from training.transforms.paper import bleed_through, ink_darkness

Drawer = Callable[[Sheet, Box, text.Families], None]

KINDS: dict[str, tuple[Drawer, float]] = {
    "paragraph": (text.paragraph, 5),
    "columns": (text.columns, 1.5),
    "headline": (text.headline, 2.5),
    "typewriter": (text.typewriter, 1.2),
    "dot_matrix": (text.dot_matrix, 0.8),
    "handwriting": (text.handwriting, 0.8),
    "block": (solids.block, 3),
    "redaction": (solids.redaction, 1.5),
    "bubbles": (solids.bubbles, 0.8),
    "logo": (solids.logo, 1),
    "seal": (solids.seal, 0.8),
    "highlighter": (solids.highlighter, 0.7),
    "table": (tables.table, 1.8),
    "form": (tables.form, 1.5),
    "ledger": (tables.ledger, 0.8),
    "chart": (tables.chart, 1.2),
    "music": (tables.music, 0.5),
    "plan": (tables.plan, 0.5),
    "bar_code": (tables.bar_code, 1.2),
    "matrix_code": (tables.matrix_code, 0.8),
    "line_art": (tables.line_art, 0.6),
}
"""What can be drawn into a box, and how often; pictures and stamps come to it, see `laid_out`."""

WRITING = ("paragraph", "typewriter", "columns")
"""Kinds that shine through from the back."""


def pick(names: Sequence[str]) -> str:
    """One of the kinds, by how often it is drawn."""
    weights = torch.tensor([float(KINDS[name][1]) for name in names])
    return names[int(torch.multinomial(weights, 1).item())]


def laid_out(side: int, material: Material, names: Sequence[str] = tuple(KINDS)) -> Sheet:
    """A sheet with kinds one below another, some side by side, a picture or a stamp now and then."""
    sheet = Sheet(side)
    whole = len(names) > 1 and chance(0.2)  # one kind alone
    names = [pick(names)] if whole else names
    top = integer(40)
    while top < side - 40:
        height = min(side - top - 4, side - 20 if whole else 40 + integer(side // 2))
        left = integer(max(1, side // 6))
        split = side if chance(0.7) else round(side * uniform(0.4, 0.7))
        right = min(side - integer(side // 10) - 2, split)
        draw: Drawer = KINDS[pick(names)][0]
        if chance(0.2) and len(names) > 1:
            draw = partial(with_photos, photos=material.photos)
        draw(sheet, (left, top, right, top + height), material.families)
        if split < side - 80:
            KINDS[pick(names)][0](sheet, (split + 12, top, side - 8, top + height), material.families)
        top += height + integer(30)
    if chance(0.2) and len(names) > 1:
        solids.stamp(sheet, (0, 0, side, side), material.families)
    return sheet


def with_photos(sheet: Sheet, box: Box, families: text.Families, photos: Sequence[Path]) -> None:
    """A picture, as a `Drawer`."""
    picture(sheet, box, photos)


def tensor(image: Image.Image) -> Tensor:
    """Levels of an image, float [C, H, W] in 0..1."""
    array = torch.from_numpy(np.array(image)).float() / 255
    return array[None] if array.ndim == 2 else array.permute(2, 0, 1)


def printed(sheet: Sheet) -> tuple[Tensor, Tensor, Tensor]:
    """Light that comes back, float [3, H, W]; truth, float [1, H, W], ink 1; pictures, bool [1, H, W]."""
    soft = tensor(sheet.soft) > 0.5
    truth = tensor(sheet.truth)
    light = tensor(sheet.light)
    for wear, often in ((pale, 0.2), (broken, 0.12)):
        if chance(often):
            light = torch.where(soft, light, wear(light))
    return light, torch.where(soft, truth, (truth > 0.45).float()), soft


def draw_page(side: int, material: Material, names: Sequence[str] = tuple(KINDS)) -> tuple[Tensor, Tensor, Tensor]:
    """A page from torch's generator alone.

    Returns:
        Scan, float [3, side, side] in 0..1.
        Truth, float [1, side, side] in 0..1: 1 where there is ink, 0 on paper and beyond the sheet; in pictures their
        darkness.
        Pictures, bool [1, side, side].
    """
    light, truth, soft = printed(laid_out(side, material, names))
    scan = paper(side) * light
    if chance(0.3):
        back = tensor(laid_out(side, material, WRITING).truth)
        scan = bleed_through(scan, back, 0.7 * ink_darkness(scan, truth))
    if chance(0.75):
        scan, left = aged(scan, torch.cat([truth, soft]))  # neither ink nor pictures are left on the bed
        truth, soft = left[:1], left[1:] > 0.5
    scan, truth = captured(scan, truth, soft)
    return scan.clamp(0, 1), truth.clamp(0, 1), soft


def write_drawn(material: Material, count: int, side: int, seed: int, output: Path) -> None:
    """Write so many pages, the same for the same material and seed.

    Three folders: img/; gt/ (0 ink, 255 paper, between in pictures); pictures/ (255 where there is one, 0 elsewhere).
    """

    def made() -> Made:
        scan, truth, soft = draw_page(side, material)
        levels = {"gt": 1 - truth[0], "pictures": soft[0].float()}
        return scan, {name: (level * 255).round().byte().numpy() for name, level in levels.items()}

    write_folder(made, count, seed, output, digits=5, quality=92)
