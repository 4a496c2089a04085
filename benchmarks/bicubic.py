"""Bicubic ×2 on the CPU: onnxruntime's cubic Resize against the fixed convolution that the export puts in its place."""

from __future__ import annotations

import io

import numpy as np
import onnxruntime as ort
import torch
from torch import nn

from benchmarks.side_by_side import medians, print_table
from export.lowering import FixedBicubic
from export.onnx_file import OPSET
from training.networks.blocks import BicubicUpsample

SHAPE = (1, 64, 256, 256)


def session(layer: nn.Module) -> ort.InferenceSession:
    """A CPU session that runs one layer."""
    program = torch.onnx.export(
        layer.eval(), (torch.zeros(SHAPE),), dynamo=True, opset_version=OPSET, input_names=["x"], verbose=False
    )
    file = io.BytesIO()
    program.save(file)
    return ort.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])


def main() -> dict[str, float]:
    """Print the table; returns seconds by rival and the largest difference between their outputs."""
    x = np.random.default_rng(0).standard_normal(SHAPE, dtype=np.float32)
    rivals = {"Resize, cubic": session(BicubicUpsample()), "fixed convolution": session(FixedBicubic(SHAPE[1]))}
    outputs = [rival.run(None, {"x": x})[0] for rival in rivals.values()]
    seconds = medians({name: (lambda s=rival: s.run(None, {"x": x})) for name, rival in rivals.items()}, rounds=7)
    print_table(f"Bicubic ×2 of {'×'.join(map(str, SHAPE))}", seconds, "MP", np.prod(SHAPE[2:]) / 1e6)
    difference = float(np.abs(outputs[0] - outputs[1]).max())
    print(f"  largest difference {difference:.1e}")
    return {**seconds, "difference": difference}
