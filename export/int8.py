"""Document models that run on 8-bit integers."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from bgtool.runtime.task import ModelTask
from export.float16 import widen
from export.onnx_file import card_of, put_card
from training.data.pairs import find_pairs
from training.data.pictures import read_rgb

LOG = logging.getLogger(__name__)

CALIBRATED = 8
"""Every so-manieth page is calibrated on."""

SIDE = 384
"""Side in pixels of the window from the middle of each such page."""


class Windows(CalibrationDataReader):
    """Inputs of the model, one at a time, as onnxruntime's calibration takes them."""

    def __init__(self, windows: Iterable[NDArray[np.uint8]]) -> None:
        self._windows = iter(windows)

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """The next input by name; None after the last."""
        window = next(self._windows, None)
        return None if window is None else {"image": window}


def windows_of(data_dir: Path, stride: int) -> list[NDArray[np.uint8]]:
    """Windows to calibrate on, uint8 [1, h, w, 3], from folders of ``img/`` and ``gt/``.

    Raises:
        FileNotFoundError: there is no page.
    """
    windows = []
    for pair in find_pairs(data_dir, "gt")[::CALIBRATED]:
        page = read_rgb(pair.image).permute(1, 2, 0).numpy()
        height, width = (min(SIDE, length) // stride * stride for length in page.shape[:2])
        top, left = ((length - part) // 2 for length, part in zip(page.shape[:2], (height, width), strict=True))
        windows.append(page[None, top : top + height, left : left + width])
    return windows


def to_int8(model: bytes, data_dir: Path, name: str) -> bytes:
    """A document model whose convolutions run on 8-bit integers where that is worth it.

    Weights are quantized by output channel, to 7 bits, so that no processor's 16-bit sums overflow; activations to 8
    bits, by their range over the pages of `data_dir`; pooling and concatenation stay on integers between them. What
    makes grey of the colours, the last convolution and the fixed ones of the upsampling stay as they are.
    Source: Jacob et al. 2018, Quantization and training of neural networks for integer-arithmetic-only inference.

    Args:
        model: an exported document model on floats.
        data_dir: folder of sets of pages like those the model was trained on.
        name: for the card.

    Raises:
        ValueError: the model is none for documents, or on integers already.
        FileNotFoundError: there are no pages to calibrate on.
    """
    proto = onnx.load_from_string(model)
    card = card_of(proto)
    if card.task is not ModelTask.DOCUMENT or card.precision == "int8":
        raise ValueError(f"{card.name} is no document model on floats")
    widen(proto)
    windows = windows_of(data_dir, card.stride)
    LOG.info("calibrating on %d pages", len(windows))
    with tempfile.TemporaryDirectory() as folder:
        plain, prepared, quantized = (Path(folder) / f"{step}.onnx" for step in ("plain", "prepared", "quantized"))
        onnx.save(proto, plain)
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            quantized,
            Windows(windows),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Relu", "MaxPool", "Concat"],
            nodes_to_exclude=exempt(onnx.load(prepared)),
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        result = onnx.load(quantized)
    put_card(result, replace(card, name=name, precision="int8", figures={}))
    return result.SerializeToString()


def exempt(proto: onnx.ModelProto) -> list[str]:
    """Names of the convolutions that stay in float32."""
    convolutions = [node for node in proto.graph.node if node.op_type == "Conv"]
    fixed = [node.name for node in convolutions if any(a.name == "group" and a.i != 1 for a in node.attribute)]
    grey, *_, last = (node.name for node in convolutions if node.name not in fixed)
    return [*fixed, grey, last]
