"""Bicubic ×2 on the CPU: onnxruntime's cubic Resize against the fixed convolution that the export puts in its place."""

from __future__ import annotations

import io

import numpy as np
import onnxruntime as ort
import torch
from torch import nn

from benchmarks.harness.measure import medians
from benchmarks.harness.settings import Settings
from benchmarks.harness.tables import Table
from export.lowering import FixedBicubic
from export.onnx_file import OPSET

SHAPE = (1, 64, 256, 256)


def session(layer: nn.Module) -> ort.InferenceSession:
    """A CPU session that runs one layer."""
    program = torch.onnx.export(
        layer.eval(), (torch.zeros(SHAPE),), dynamo=True, opset_version=OPSET, input_names=["x"], verbose=False
    )
    file = io.BytesIO()
    program.save(file)
    return ort.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])


def measure(settings: Settings) -> list[Table]:
    """One table."""
    x = np.random.default_rng(0).standard_normal(SHAPE, dtype=np.float32)
    rivals = {
        "Resize, cubic": session(nn.Upsample(scale_factor=2, mode="bicubic")),
        "fixed convolution": session(FixedBicubic(SHAPE[1])),
    }
    first, second = (rival.run(None, {"x": x})[0] for rival in rivals.values())
    seconds = medians(
        {name: (lambda s=rival: s.run(None, {"x": x})) for name, rival in rivals.items()}, settings.rounds
    )
    rows = [
        {"": name, "ms": 1000 * value, "× the time of the convolution": value / seconds["fixed convolution"]}
        for name, value in seconds.items()
    ]
    note = f"Largest difference of their outputs: {np.abs(first - second).max():.1e}, of normally distributed inputs."
    return [Table(f"Bicubic ×2 of float32 {'×'.join(map(str, SHAPE))} by onnxruntime", rows, note)]
