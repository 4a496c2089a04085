"""onnxruntime sessions: which provider runs a model, and why."""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bgtool.card import Card, ModelTask
from bgtool.catalogue import shipped_model
from bgtool.errors import DeviceError, ModelError, UsageError

if TYPE_CHECKING:
    import onnxruntime as ort

Pixels = NDArray[np.uint8]

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"


def import_onnxruntime() -> Any:
    """The onnxruntime package.

    Raises:
        DeviceError: it is not installed, or damaged by two of its variants in one environment.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise DeviceError(f"onnxruntime cannot be imported: {error}", "install bgtool[cpu] or bgtool[gpu]") from None
    if not hasattr(onnxruntime, "InferenceSession"):
        raise DeviceError(
            "onnxruntime is damaged, as it is after one of its variants was removed beside another",
            "reinstall onnxruntime, or onnxruntime-gpu alone",
        )
    return onnxruntime


@dataclass(frozen=True)
class Device:
    """Where models run.

    Attributes:
        provider: the onnxruntime execution provider.
        index: number of the GPU.
        why: how it came to be chosen, for the user.
    """

    provider: str
    index: int = 0
    why: str = ""

    def __str__(self) -> str:
        return f"cuda:{self.index}" if self.provider == CUDA else "cpu"

    @property
    def windows_per_batch(self) -> int:
        """Windows that are worth running together; a CPU gains nothing from more than one."""
        return 4 if self.provider == CUDA else 1


def parse_device(text: str) -> tuple[str, int]:
    """``auto``, ``cpu``, ``cuda`` or ``cuda:N`` as kind and GPU number.

    Raises:
        UsageError: it is none of these.
    """
    match = re.fullmatch(r"(auto|cpu|cuda)(?::(\d+))?", text)
    if not match or (match[2] and match[1] != "cuda"):
        raise UsageError(f"unknown device {text!r}", "take auto, cpu, cuda or cuda:N")
    return match[1], int(match[2] or 0)


def missing_for_cuda(ort: Any) -> str | None:
    """What keeps this machine from CUDA as far as that shows without a session; None where nothing is missing."""
    if CUDA not in ort.get_available_providers():
        return "this onnxruntime has no CUDA provider, bgtool[gpu] brings one that has"
    driver = "nvcuda.dll" if os.name == "nt" else "libcuda.so.1"
    try:
        ctypes.CDLL(driver)
    except OSError:
        return f"the NVIDIA driver is missing ({driver} cannot be loaded)"
    return None


class Model:
    """A network that is ready to run. Safe to call from several threads.

    Attributes:
        turn: held while the network runs, which uses all cores and much memory by itself. A caller that runs many
            windows in a row holds it meanwhile, so that pages are finished one by one.
        card: what the model says of itself.
        sha256: hex digest of the model file.
        device: where it runs.
    """

    def __init__(self, session: ort.InferenceSession, card: Card, sha256: str, device: Device) -> None:
        self.turn = threading.RLock()
        self._session = session
        self.card = card
        self.sha256 = sha256
        self.device = device

    def run(self, images: Pixels) -> Pixels:
        """Run a batch.

        Args:
            images: uint8 [N, H, W, 3], RGB; H and W multiples of the card's stride.

        Returns:
            uint8 [N, H, W]: the page (0 ink .. 255 paper) or alpha (255 person).

        Raises:
            DeviceError: the provider failed, for want of memory as a rule.
        """
        try:
            with self.turn:
                (result,) = self._session.run(None, {"image": images})
        except Exception as error:
            shape = "×".join(map(str, images.shape))
            raise DeviceError(
                f"{self.device} failed on a window of {shape}: {first_line(error)}",
                "a smaller --tile needs less memory",
            ) from error
        return result  # type: ignore[no-any-return]


def first_line(error: BaseException) -> str:
    """The first line of an exception's text, without onnxruntime's status prefix."""
    text = str(error).strip().splitlines()
    return re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text[0]) if text else type(error).__name__


def read_model(model: str | None, task: ModelTask) -> bytes:
    """The bytes of a shipped model (by name; None for the task's own) or of a file.

    Raises:
        ModelError: no such model or file, or a shipped one whose sha256 differs.
    """
    entry = shipped_model(model, task)
    if entry is not None:
        return entry.read()
    path = Path(str(model))
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise ModelError(f"no model {str(model)!r}: neither shipped nor a readable file ({reason})") from None


def load_model(model: str | None = None, *, task: str = "document", device: str = "auto") -> Model:
    """Load a model for a task onto a device.

    Args:
        model: name of a shipped model, or path of a file made by ``python -m export``; None takes the task's own.
        task: ``document`` or ``person``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        ModelError: the file is missing, damaged or made for another task.
        DeviceError: the device cannot run it, with what is missing.
        UsageError: no such device.
    """
    kind, index = parse_device(device)
    data = read_model(model, ModelTask(task))
    ort = import_onnxruntime()
    missing = missing_for_cuda(ort) if kind != "cpu" else None
    if kind == "cuda" and missing:
        raise DeviceError(f"CUDA cannot be used: {missing}")
    if kind == "cpu" or missing:
        why = "asked for" if kind == "cpu" else missing or ""
        session, chosen = open_session(ort, data, CPU, index), Device(CPU, why=why)
    else:
        session, chosen = open_cuda(ort, data, index, required=kind == "cuda")
    card = Card.from_metadata(session.get_modelmeta().custom_metadata_map)
    check_contract(session, card, ModelTask(task))
    return Model(session, card, hashlib.sha256(data).hexdigest(), chosen)


def read_card(model: str | None, task: ModelTask) -> Card:
    """The card of a model, without choosing a device.

    Raises:
        ModelError: the file is missing, damaged or has no card.
    """
    session = open_session(import_onnxruntime(), read_model(model, task), CPU, 0)
    return Card.from_metadata(session.get_modelmeta().custom_metadata_map)


def open_session(ort: Any, data: bytes, provider: str, index: int) -> ort.InferenceSession:
    """A session on one provider (with the CPU behind it).

    Raises:
        ModelError: the bytes are no model that onnxruntime can load.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.enable_mem_pattern = False  # planned patterns double the memory of a window and save no time
    providers: list[Any] = [(provider, {"device_id": index})] if provider == CUDA else []
    try:
        return ort.InferenceSession(data, options, providers=[*providers, CPU])
    except Exception as error:
        raise ModelError(f"onnxruntime cannot load the model: {first_line(error)}") from error


def open_cuda(ort: Any, data: bytes, index: int, required: bool) -> tuple[ort.InferenceSession, Device]:
    """A CUDA session; where that fails, a CPU session with the reason, unless CUDA is required.

    Raises:
        DeviceError: CUDA is required and the session did not take it.
    """
    if hasattr(ort, "preload_dlls"):
        ort.preload_dlls()
    reason = f"onnxruntime could not start CUDA on GPU {index}: its CUDA or cuDNN libraries, or the GPU, are missing"
    try:
        session = open_session(ort, data, CUDA, index)
        if CUDA in session.get_providers():
            return session, Device(CUDA, index, "CUDA works")
    except ModelError as error:
        reason = f"onnxruntime could not start CUDA on GPU {index}: {error.reason}"
    if required:
        raise DeviceError(f"CUDA cannot be used: {reason}", "`bgtool doctor` shows more")
    return open_session(ort, data, CPU, index), Device(CPU, why=reason)


def check_contract(session: ort.InferenceSession, card: Card, task: ModelTask) -> None:
    """Make sure that inputs and outputs are what `Model.run` gives and takes.

    Raises:
        ModelError: the model is for another task or breaks the contract.
    """
    if card.task is not task:
        raise ModelError(f"model {card.name} is for task {card.task}, not {task}")
    inputs, outputs = session.get_inputs(), session.get_outputs()
    seen = [(value.name, value.type, len(value.shape)) for value in [*inputs, *outputs]]
    if seen != [("image", "tensor(uint8)", 4), (card.task.output, "tensor(uint8)", 3)]:
        raise ModelError(f"model {card.name} has other inputs and outputs than its card promises: {seen}")
