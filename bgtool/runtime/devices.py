"""The onnxruntime execution providers that `--device` can name, and the proof that one computes what the CPU does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bgtool.errors import UsageError
from bgtool.runtime.tiling import round_up
from bgtool.spelling import plain, suggestion

if TYPE_CHECKING:
    import onnxruntime as ort

CPU = "CPUExecutionProvider"


@dataclass(frozen=True)
class Kind:
    """One way to run a network.

    Attributes:
        label: its name in sentences.
        provider: onnxruntime's name of it.
        source: the package that brings it.
        nvidia: whether it needs NVIDIA's driver and libraries.
        numbered: whether there may be several, as ``cuda:1``.
        automatic: whether ``auto`` tries it where it is installed.
        batch: windows that are worth running together; a CPU gains nothing from more than one.
        int8: whether it is fastest on models in 8-bit integers.
        options: what onnxruntime is told besides the number.
    """

    label: str
    provider: str
    source: str
    nvidia: bool = False
    numbered: bool = False
    automatic: bool = True
    batch: int = 1
    int8: bool = False
    options: Mapping[str, str] = field(default_factory=dict)


KINDS = {
    "cuda": Kind(
        "CUDA",
        "CUDAExecutionProvider",
        "onnxruntime-gpu",
        nvidia=True,
        numbered=True,
        batch=4,
        # by default every algorithm is tried anew for every window shape
        options={"cudnn_conv_algo_search": "HEURISTIC"},
    ),
    "tensorrt": Kind(
        "TensorRT",
        "TensorrtExecutionProvider",
        "onnxruntime-gpu with the package tensorrt",
        nvidia=True,
        numbered=True,
        automatic=False,  # builds an engine for every window shape, which takes minutes
        batch=4,
        options={"trt_fp16_enable": "1"},
    ),
    "directml": Kind("DirectML", "DmlExecutionProvider", "onnxruntime-directml, on Windows,", numbered=True, batch=4),
    "openvino": Kind(
        "OpenVINO",
        "OpenVINOExecutionProvider",
        "onnxruntime-openvino",
        automatic=False,  # on some processors it is slower than the CPU provider; only measuring tells
        int8=True,
        options={"device_type": "CPU", "load_config": '{"CPU": {"INFERENCE_PRECISION_HINT": "bf16"}}'},
    ),
    "coreml": Kind("Core ML", "CoreMLExecutionProvider", "onnxruntime on macOS", automatic=False),
    "cpu": Kind("The CPU", CPU, "onnxruntime", int8=True),
}
"""By the names of `--device`, in the order in which ``auto`` tries them."""

SIDE = 256
"""Least side in pixels of the window on which a provider is compared with the CPU."""

NEAR = 8
"""Levels of 0..255 by which a pixel may differ from the CPU's."""

SHARE = 0.995
"""Share of the pixels that must be that near."""


@dataclass(frozen=True)
class Device:
    """Where models run.

    Attributes:
        kind: one of `KINDS`.
        index: number of the GPU.
        why: how it came to be chosen, for the user.
    """

    kind: str
    index: int = 0
    why: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.index}" if KINDS[self.kind].numbered else self.kind

    @property
    def windows_per_batch(self) -> int:
        """Windows that are worth running together."""
        return KINDS[self.kind].batch

    def providers(self) -> list[tuple[str, dict[str, str]]]:
        """What onnxruntime is asked for: this provider with its options, the CPU behind it."""
        kind = KINDS[self.kind]
        options = {**kind.options, **({"device_id": str(self.index)} if kind.numbered else {})}
        return list({kind.provider: options, CPU: {}}.items())


THE_CPU = Device("cpu")


def installed(available: Sequence[str]) -> list[str]:
    """Names of the kinds whose providers onnxruntime has, the CPU left out."""
    return [name for name, kind in KINDS.items() if kind.provider in available and kind.provider != CPU]


def parse_device(text: str) -> Device | None:
    """``auto`` (None), or one of `KINDS`, with its number where there may be several.

    Raises:
        UsageError: it is none of these.
    """
    if plain(text) == "auto":
        return None
    match = re.fullmatch(r"([a-z]+)(?::(\d{1,4}))?", plain(text))
    kind = KINDS.get(match[1]) if match else None
    if match is None or kind is None or (match[2] and not kind.numbered):
        names = [f"{name}[:N]" if kind.numbered else name for name, kind in KINDS.items()]
        near = suggestion(text, ["auto", *KINDS])
        raise UsageError(f"unknown device {text!r}", near or f"take auto, {', '.join(names[:-1])} or {names[-1]}")
    return Device(match[1], int(match[2] or 0), "asked for")


def difference(session: ort.InferenceSession, reference: ort.InferenceSession, stride: int) -> str | None:
    """How a session's results differ from another's by more than rounding; None where they do not.

    The window compared holds light and dark, colours, fine strokes and noise.
    """
    window = proof_window(round_up(SIDE, stride))
    found, expected = (each.run(None, {"image": window})[0] for each in (session, reference))
    apart = np.abs(found.astype(np.int16) - expected)
    near = float((apart <= NEAR).mean())
    return None if near >= SHARE else f"{1 - near:.1%} of its pixels are more than {NEAR} levels off the CPU's"


def proof_window(side: int) -> NDArray[np.uint8]:
    """A shaded picture of rows of strokes and a rough bust, repeated as often as it takes, with noise upon it.

    Returns:
        uint8 [1, side, side, 3].
    """
    from PIL import Image

    with (resources.files("bgtool.runtime") / "proof.png").open("rb") as file, Image.open(file) as image:
        picture = np.asarray(image)
    picture = np.pad(picture, ((0, side - len(picture)), (0, side - picture.shape[1]), (0, 0)), mode="wrap")
    noisy = picture + np.random.default_rng(0).normal(0, 6, picture.shape)
    return noisy.clip(0, 255).astype(np.uint8)[None]
