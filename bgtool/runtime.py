"""onnxruntime sessions: which provider runs a model, and why."""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bgtool.card import Card, ModelTask
from bgtool.catalogue import shipped_model
from bgtool.errors import DeviceError, ModelError
from bgtool.providers import KINDS, THE_CPU, Device, difference, offered, parse_device

if TYPE_CHECKING:
    import onnxruntime as ort

Pixels = NDArray[np.uint8]


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
        device: ``auto``, or one of `bgtool.providers.KINDS`, with its number where there may be several (``cuda:1``).

    Raises:
        ModelError: the file is missing, damaged or made for another task.
        DeviceError: the device cannot run it, with what is missing.
        UsageError: no such device.
    """
    wanted = parse_device(device)
    data = read_model(model, ModelTask(task))
    ort = import_onnxruntime()
    session = open_session(ort, data)
    card = Card.from_metadata(session.get_modelmeta().custom_metadata_map)
    check_contract(session, card, ModelTask(task))
    session, chosen = choose(ort, data, session, card.stride, wanted)
    return Model(session, card, hashlib.sha256(data).hexdigest(), chosen)


def read_card(model: str | None, task: ModelTask) -> Card:
    """The card of a model, without choosing a device.

    Raises:
        ModelError: the file is missing, damaged or has no card.
    """
    session = open_session(import_onnxruntime(), read_model(model, task))
    return Card.from_metadata(session.get_modelmeta().custom_metadata_map)


def open_session(ort: Any, data: bytes, device: Device = THE_CPU) -> ort.InferenceSession:
    """A session on one device.

    Raises:
        ModelError: the bytes are no model that onnxruntime can load there.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.enable_mem_pattern = False  # planned patterns double the memory of a window and save no time
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads leave cores to decoders
    try:
        return ort.InferenceSession(data, options, providers=device.providers())
    except Exception as error:
        raise ModelError(f"onnxruntime cannot load the model: {first_line(error)}") from error


def choose(
    ort: Any, data: bytes, reference: ort.InferenceSession, stride: int, wanted: Device | None
) -> tuple[ort.InferenceSession, Device]:
    """A session on the device that is wanted, or on the first that works, and how it came to that.

    Args:
        ort: the onnxruntime package.
        data: the model's bytes.
        reference: a session of the model on the CPU.
        stride: as on the model's card.
        wanted: the device asked for; None takes the first of `KINDS` that is installed and works.

    Raises:
        DeviceError: the device asked for cannot be used.
    """
    if wanted:
        return (reference if wanted.kind == "cpu" else proven_session(ort, data, reference, stride, wanted)), wanted
    reasons = []
    for name in offered(ort.get_available_providers()):
        if KINDS[name].automatic:
            device = Device(name, why=f"{KINDS[name].label} works")
            try:
                return proven_session(ort, data, reference, stride, device), device
            except DeviceError as error:
                reasons.append(error.reason)
    return reference, Device("cpu", why="; ".join(reasons))


def proven_session(
    ort: Any, data: bytes, reference: ort.InferenceSession, stride: int, device: Device
) -> ort.InferenceSession:
    """A session on a device other than the CPU that computes what the CPU does.

    Raises:
        DeviceError: the provider, its libraries or the hardware are missing, or its results are off.
    """
    kind = KINDS[device.kind]
    reason = missing(ort, device)
    if reason is None:
        if hasattr(ort, "preload_dlls") and kind.nvidia:
            ort.preload_dlls()
        try:
            session = open_session(ort, data, device)
            reason = not_started(session, device) or difference(session, reference, stride)
        except Exception as error:  # a provider may fail as it starts, or not before its first window
            reason = f"it failed: {first_line(error)}"
    if reason is not None:
        raise DeviceError(f"{kind.label} cannot be used: {reason}", "`bgtool doctor` shows more")
    return session


def missing(ort: Any, device: Device) -> str | None:
    """What a device lacks on this machine as far as that shows without a session; None where nothing is missing."""
    kind = KINDS[device.kind]
    if kind.provider not in ort.get_available_providers():
        return f"this onnxruntime has no {kind.label} provider, {kind.source} brings one that has"
    driver = "nvcuda.dll" if os.name == "nt" else "libcuda.so.1"
    try:
        if kind.nvidia:
            ctypes.CDLL(driver)
    except OSError:
        return f"the NVIDIA driver is missing ({driver} cannot be loaded)"
    return None


def not_started(session: ort.InferenceSession, device: Device) -> str | None:
    """Why a session that fell back to the CPU, as onnxruntime lets it in silence, is none of the device's."""
    kind = KINDS[device.kind]
    if kind.provider in session.get_providers():
        return None
    return f"onnxruntime could not start {kind.label} on {device}: its libraries, or the hardware, are missing"


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
