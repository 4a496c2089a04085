"""Does the exported file give what PyTorch gives?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
import torch
from torch import nn

MAX_LEVELS = 1
"""Grey levels by which the two may differ; both round a float that the other computed in another order."""

SCORES_PER_LEVEL = 0.1
"""Of the output ``upright``: a difference that a grey level stands for, in nats."""


def parity_sizes(stride: int) -> list[tuple[int, int, int]]:
    """Batches, heights and widths to compare at: odd multiples of the stride, one and several images."""
    return [
        (1, stride, stride),
        (1, 17 * stride, 9 * stride),
        (3, 7 * stride, 13 * stride),
        (2, 33 * stride, 31 * stride),
    ]


def test_image(batch: int, height: int, width: int) -> np.ndarray:
    """Noise over a gradient, uint8 [N, H, W, 3]: hits every grey level and every kind of edge."""
    rng = np.random.default_rng(height * 10_007 + width)
    ramp = np.linspace(0, 255, width)[None, None, :, None]
    noise = rng.normal(0, 60, (batch, height, width, 3))
    return (ramp + noise).clip(0, 255).astype(np.uint8)


def worst_difference(model: bytes, graph: nn.Module, sizes: Sequence[tuple[int, int, int]]) -> int:
    """Largest difference between the ONNX file on the CPU and the PyTorch graph, over all sizes.

    In grey levels; of scores, `SCORES_PER_LEVEL` count as one.
    """
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    worst = 0
    for size in sizes:
        image = test_image(*size)
        with torch.no_grad():
            expected = graph(torch.from_numpy(image))
        results = expected if isinstance(expected, tuple) else (expected,)
        for found, result in zip(session.run(None, {"image": image}), results, strict=True):
            worst = max(worst, apart(found, result.numpy()))
    return worst


def apart(found: np.ndarray, expected: np.ndarray) -> int:
    """Largest difference of two results, see `worst_difference`."""
    largest = float(np.abs(found.astype(float) - expected).max())
    return math.ceil(largest / (1 if found.dtype == np.uint8 else SCORES_PER_LEVEL))


class ParityError(Exception):
    """The exported file and the PyTorch network disagree."""


def check_parity(model: bytes, graph: nn.Module, stride: int, allowed: int = MAX_LEVELS) -> None:
    """Compare the ONNX file with the PyTorch graph at `parity_sizes`.

    Raises:
        ParityError: they differ by more than the allowed grey levels.
    """
    difference = worst_difference(model, graph, parity_sizes(stride))
    if difference > allowed:
        raise ParityError(f"onnxruntime differs from PyTorch by {difference} grey levels; {allowed} allowed")
