"""What time and a scanner do to a page: noise, ink spread, stains, folds, geometry.

Pages are float arrays, height x width x 3, reflectance from 0 (black) to 1 (white). Every stain multiplies the page by
`colour ** amount`, so that stains lie over each other as dyes do.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

Array = np.ndarray
Shape = tuple[int, int]


def resize(layer: Array, shape: Shape, how: Image.Resampling = Image.Resampling.BICUBIC) -> Array:
    """Return a 2-D layer at another size."""
    image = Image.fromarray(np.ascontiguousarray(layer, np.float32))
    return np.asarray(image.resize(shape[::-1], how), np.float32)


def blur(layer: Array, sigma: float) -> Array:
    """Return a Gaussian blur; wide ones are made on a reduced copy."""
    if sigma > 6:
        step = int(sigma / 2)
        small = tuple(max(4, side // step) for side in layer.shape)
        return resize(blur(resize(layer, small, Image.Resampling.BOX), sigma / step), layer.shape)
    radius = int(np.ceil(2.5 * sigma))
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2).astype(np.float32)
    for axis in (0, 1):
        pad = [(radius, radius) if a == axis else (0, 0) for a in (0, 1)]
        padded = np.pad(layer, pad, mode="edge")
        slices = (np.take(padded, range(i, i + layer.shape[axis]), axis=axis) for i in range(2 * radius + 1))
        layer = sum(tap * part for tap, part in zip(taps / taps.sum(), slices, strict=True))
    return layer


def noise(rng: np.random.Generator, shape: Shape, cell: float | tuple[float, float]) -> Array:
    """Return smooth noise with unit spread whose features are about `cell` (or cell height, cell width) pixels."""
    cells = cell if isinstance(cell, tuple) else (cell, cell)
    if max(cells) <= 1:
        return rng.standard_normal(shape, np.float32)
    grid = tuple(int(np.ceil(side / c)) + 4 for side, c in zip(shape, cells, strict=True))
    big = tuple(int(g * c) for g, c in zip(grid, cells, strict=True))
    field = resize(rng.standard_normal(grid, np.float32), big)
    top, left = ((b - s) // 2 for b, s in zip(big, shape, strict=True))
    field = field[top : top + shape[0], left : left + shape[1]]
    return (field - field.mean()) / (field.std() + 1e-6)


def clouds(rng: np.random.Generator, shape: Shape, cell: float, octaves: int = 4) -> Array:
    """Return noise at several scales, the coarse ones strongest."""
    total = sum(noise(rng, shape, max(1.0, cell / 2**i)) * 0.6**i for i in range(octaves))
    return total / total.std()


def step(values: Array, edge: float, width: float) -> Array:
    """Return a smooth step from 0 to 1 at `edge`."""
    return 1 / (1 + np.exp(-np.clip((values - edge) / width, -30, 30)))


def stain(page: Array, amount: Array | float, colour: tuple[float, float, float]) -> Array:
    """Return the page with a dye of this colour on it."""
    return page * np.asarray(colour, np.float32) ** np.asarray(amount, np.float32)[..., None]


def spread(rng: np.random.Generator, glyphs: Array, soft: float, gain: float, rough: float) -> Array:
    """Return glyphs as ink on paper: swollen (`gain` > 0) or worn (< 0), with ragged edges; all in its own pixels."""
    ragged = 0.7 * noise(rng, glyphs.shape, 2.5) + 0.5 * noise(rng, glyphs.shape, 7)
    edge = 0.5 - 0.28 * gain / soft + rough * ragged
    return np.clip((blur(glyphs, soft) - edge) * 3 * soft + 0.5, 0, 1)


def paper(rng: np.random.Generator, shape: Shape, colour: tuple[float, float, float], mottle: float = 0.02) -> Array:
    """Return bare paper: cloudy, grained and with a few coloured fibres."""
    page = np.ones((*shape, 3), np.float32) * np.asarray(colour, np.float32)
    light = (
        mottle * clouds(rng, shape, 420) + 0.35 * mottle * noise(rng, shape, 3.2) + 0.2 * mottle * noise(rng, shape, 1)
    )
    page = stain(page, light, (0.34, 0.33, 0.31))
    fibre = blur(fibres(rng, shape, count=shape[0] * shape[1] // 2600), 0.8)
    return stain(page, fibre * mottle * 6, (0.8, 0.72, 0.6))


def fibres(rng: np.random.Generator, shape: Shape, count: int) -> Array:
    """Return short curved hairs, lighter or darker than the sheet (-1 to 1)."""
    image = Image.new("F", shape[::-1])
    draw = ImageDraw.Draw(image)
    for x, y, angle, bend, length, tone in zip(
        rng.uniform(0, shape[1], count), rng.uniform(0, shape[0], count), rng.uniform(0, 2 * np.pi, count),
        rng.normal(0, 0.5, count), rng.gamma(3, 7, count), rng.normal(0.05, 0.4, count), strict=True,
    ):  # fmt: skip
        t = np.linspace(0, 1, 5)
        points = np.stack([x + length * t * np.cos(angle + bend * t), y + length * t * np.sin(angle + bend * t)], 1)
        draw.line([tuple(p) for p in points], fill=float(np.clip(tone, -1, 1)))
    return np.asarray(image, np.float32)


def laid(rng: np.random.Generator, shape: Shape, pitch: float = 11.5, chain: float = 290) -> Array:
    """Return the wire pattern of hand-made paper: close horizontal lines, chain lines far apart."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    wobble = 3 * noise(rng, shape, 260)
    wires = np.sin(2 * np.pi * (y + wobble) / pitch) * (0.6 + 0.4 * noise(rng, shape, 90))
    return wires + 2.2 * np.exp(-(((x + wobble + chain / 3) % chain - chain / 2) ** 2) / 30)


def edge_toning(rng: np.random.Generator, mask: Array, reach: float) -> Array:
    """Return how far the air has browned the sheet from its edges inwards, 0 to about 1."""
    inner = blur(mask, reach)
    return np.clip((1 - inner) * 2, 0, 1) ** 1.4 * (1 + 0.35 * clouds(rng, mask.shape, 300))


def foxing(rng: np.random.Generator, shape: Shape, count: int) -> Array:
    """Return rust spots: a few large and soft ones, many small, gathered in places."""
    amount = np.zeros(shape, np.float32)
    where = clouds(rng, shape, 500)
    y, x = np.mgrid[-60:61, -60:61]
    while count:
        cy, cx = int(rng.uniform(60, shape[0] - 60)), int(rng.uniform(60, shape[1] - 60))
        if where[cy, cx] < rng.normal(0.5, 0.5):
            continue
        radius = min(26, 2 + rng.gamma(1.3, 3.5))
        distance = np.hypot(y, x) / radius + 0.28 * noise(rng, y.shape, 9)
        spot = 0.75 * np.exp(-(distance**2)) + 0.25 * np.exp(-((distance / 1.9) ** 2))
        patch = amount[cy - 60 : cy + 61, cx - 60 : cx + 61]
        np.maximum(patch, (spot * rng.uniform(0.25, 1)).astype(np.float32), out=patch)
        count -= 1
    return amount


def water_stain(
    rng: np.random.Generator, shape: Shape, centre: tuple[float, float], radius: float
) -> tuple[Array, Array]:
    """Return (the wetted area, the tide line at its rim) of water that came in at `centre` (y, x as fractions)."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    away = np.hypot(y - centre[0] * shape[0], (x - centre[1] * shape[1]) * 1.15) / radius
    away += 0.10 * clouds(rng, shape, 330, 5)
    wet = 1 - step(away, 1, 0.006)
    inside = np.clip(1 - away, 0, None)
    line = (
        wet
        * (np.exp(-inside / 0.012) + 0.45 * np.exp(-inside / 0.06))
        * np.clip(0.8 + 0.35 * noise(rng, shape, 60), 0.1, 2)
    )
    return wet, line


def cup_ring(rng: np.random.Generator, shape: Shape, centre: tuple[float, float], radius: float) -> Array:
    """Return the ring a wet cup leaves: darkest at its rims, broken on one side, with a drip."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    dy, dx = y - centre[0], x - centre[1]
    away = np.hypot(dy, dx) + 2.0 * noise(rng, shape, 160)
    band = step(away, radius - 9, 1.2) * (1 - step(away, radius + 7, 1.0))
    rims = np.exp(-(((away - radius - 5) / 2.2) ** 2)) + 0.6 * np.exp(-(((away - radius + 8) / 2.5) ** 2))
    turn = 0.55 + 0.45 * np.sin(np.arctan2(dy, dx) + 0.8) + 0.18 * noise(rng, shape, 70)
    drop = np.hypot(y - centre[0] - radius * 1.25, (x - centre[1] - radius * 0.6) * 0.8) + 2 * noise(rng, shape, 30)
    drip = (1 - step(drop, 15, 0.8)) * (0.35 + np.exp(-((drop - 13) ** 2) / 8))
    return (0.35 * band + rims) * np.clip(turn, 0.04, 1) + 0.7 * drip


def fold(shape: Shape, place: float, rng: np.random.Generator, horizontal: bool = True) -> Array:
    """Return the shading of a fold: a thin worn line, bright on one side and dark on the other (added to the light)."""
    axis = np.arange(shape[0 if horizontal else 1], dtype=np.float32)
    along = np.broadcast_to(axis[:, None] if horizontal else axis[None, :], shape)
    d = along - place * len(axis) + 3 * noise(rng, shape, (900, 160) if horizontal else (160, 900))
    ridge = 0.05 * np.exp(-((d - 2) ** 2) / 6) - 0.10 * np.exp(-((d + 1.5) ** 2) / 5)
    return ridge * (1 + 0.5 * noise(rng, shape, 30)) + 0.028 * np.tanh(d / 3) * np.exp(-np.abs(d) / 120)


def wrinkles(rng: np.random.Generator, shape: Shape, count: int, depth: float) -> Array:
    """Return the light on a crumpled sheet: a surface of random creases, lit from the upper left."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32) / max(shape)
    height = np.zeros(shape, np.float32)
    bend = [0.005 * noise(rng, shape, 300) for _ in range(3)]
    for crease in range(count):
        angle, offset = rng.uniform(0, np.pi), rng.uniform(-0.5, 1.1)
        d = np.cos(angle) * x + np.sin(angle) * y - offset + bend[crease % 3]
        fade = np.exp(
            -((np.sin(angle) * x - np.cos(angle) * y - rng.uniform(-0.5, 0.8)) ** 2) / rng.uniform(0.002, 0.05)
        )
        height += rng.normal(0, 1) * fade * 0.008 * np.exp(-np.abs(d) / rng.uniform(0.006, 0.03))
    gy, gx = np.gradient(blur(height, 1.2) * max(shape))
    return depth * np.clip(gx * 0.6 + gy * 0.8, -1.5, 1.5)


def warp(layer: Array, dy: Array, dx: Array, outside: float = 0.0) -> Array:
    """Return the layer with every pixel fetched from (y + dy, x + dx), bilinearly."""
    height, width = layer.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = y + dy + 1, x + dx + 1
    pad = [(1, 1), (1, 1)] + [(0, 0)] * (layer.ndim - 2)
    padded = np.pad(layer, pad, constant_values=outside)
    y, x = np.clip(y, 0, height + 0.999), np.clip(x, 0, width + 0.999)
    y0, x0 = y.astype(int), x.astype(int)
    fy, fx = y - y0, x - x0
    if layer.ndim == 3:
        fy, fx = fy[..., None], fx[..., None]
    top = padded[y0, x0] * (1 - fx) + padded[y0, x0 + 1] * fx
    bottom = padded[y0 + 1, x0] * (1 - fx) + padded[y0 + 1, x0 + 1] * fx
    return top * (1 - fy) + bottom * fy


def skew(rng: np.random.Generator, shape: Shape, degrees: float, bow: float, ripple: float) -> tuple[Array, Array]:
    """Return the displacement (dy, dx) of a sheet laid down not quite straight and not quite flat."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    y, x = y - shape[0] / 2, x - shape[1] / 2
    angle = np.deg2rad(degrees)
    dy = x * np.sin(angle) + bow * (2 * x / shape[1]) ** 2 + ripple * noise(rng, shape, 500)
    dx = -y * np.sin(angle) + ripple * noise(rng, shape, 500)
    return dy, dx


def scan(rng: np.random.Generator, page: Array, soft: float = 0.6, grain: float = 0.008) -> Array:
    """Return what the sensor writes: slightly soft, with fine noise, 8 bits."""
    page = np.stack([blur(page[..., c], soft) for c in range(3)], axis=-1)
    page += grain * (noise(rng, page.shape[:2], 1)[..., None] + 0.6 * rng.standard_normal(page.shape, np.float32))
    return (np.clip(page, 0, 1) * 255 + 0.5).astype(np.uint8)
