"""onnxruntime sessions: which provider runs a model, and why."""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bgtool.errors import DeviceError, ModelError
from bgtool.log import logger
from bgtool.optional import command
from bgtool.runtime.card import Card, shown
from bgtool.runtime.catalogue import own_model
from bgtool.runtime.cores import usable_cores
from bgtool.runtime.devices import KINDS, THE_CPU, Device, difference, installed, parse_device
from bgtool.runtime.model_file import read_model
from bgtool.runtime.task import UPRIGHT, ModelTask, check_task
from bgtool.spelling import choice

if TYPE_CHECKING:
    import onnxruntime as ort

Images = NDArray[np.uint8]

_LOG = logger(__name__)


def import_onnxruntime() -> Any:
    """The onnxruntime package, kept from telling its makers of each session unless the user's environment wants that.

    Raises:
        DeviceError: it is not installed, or damaged by two of its variants in one environment.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read as it is imported
    try:
        import onnxruntime
    except ImportError as error:
        raise DeviceError(f"onnxruntime cannot be imported: {error}", command("cpu")) from None
    if not hasattr(onnxruntime, "InferenceSession"):
        raise DeviceError(
            "onnxruntime is damaged, as it is after one of its variants was removed beside another",
            "remove all of them, then install one",
        )
    return onnxruntime


class Model:
    """A network that is ready to run. Safe to call from several threads.

    Attributes:
        turn: held while the network runs, which uses all cores and much memory by itself. A caller that runs many
            windows in a row holds it meanwhile, so that pages are finished one by one.
        tells_upright: whether it tells which way is up.
        card: what the model says of itself.
        sha256: hex digest of the model file.
        device: where it runs.
    """

    def __init__(self, session: ort.InferenceSession, card: Card, sha256: str, device: Device) -> None:
        self.turn = threading.RLock()
        self.tells_upright = UPRIGHT in [output.name for output in session.get_outputs()]
        self._session = session
        self.card = card
        self.sha256 = sha256
        self.device = device
        self._options = run_options(card, device)

    def run(self, images: Images) -> Images:
        """Run a batch.

        Args:
            images: uint8 [N, H, W, 3], RGB; H and W multiples of the card's stride.

        Returns:
            uint8 [N, H, W]: the page (0 ink .. 255 paper) or alpha (255 person).

        Raises:
            DeviceError: the provider failed, for want of memory as a rule.
            ModelError: the result has another shape.
        """
        result = self._output(self.card.task.output, images)
        if result.shape != images.shape[:3]:
            raise ModelError(f"model {self.card.name} gave {result.shape} for pictures of {images.shape}")
        return result

    def upright(self, images: Images) -> NDArray[np.float32]:
        """How upright pictures of people seem, where the model `tells_upright`.

        Args:
            images: as for `run`.

        Returns:
            float32 [N], in nats: of the four quarter turns of one picture, the softmax of their scores is the chance
            that each is upright. The mean of all turns of all pictures is about 0.

        Raises:
            DeviceError, ModelError: as `run`.
        """
        scores = self._output(UPRIGHT, images)
        if scores.shape != images.shape[:1]:
            raise ModelError(f"model {self.card.name} gave {scores.shape} for pictures of {images.shape}")
        return scores

    def _output(self, name: str, images: Images) -> NDArray[Any]:
        try:
            with self.turn:
                (result,) = self._session.run([name], {"image": images}, self._options)
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
    return shown(re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text[0])) if text else type(error).__name__


def load_model(model: str | os.PathLike[str] | None = None, *, task: str | None = None, device: str = "auto") -> Model:
    """Load a model onto a device, once for many pictures.

    Examples:
        >>> bgtool.load_model("person").card.task.value
        'person'

    Args:
        model: name of a shipped model, or path of a file made by ``python -m export``; None takes the task's own, in
            8-bit integers if there is such a model and the device is faster on them.
        task: ``document`` or ``person``, which the model has to be for. None allows both; without a model it stands
            for ``document``.
        device: ``auto``, or one of `bgtool.runtime.devices.KINDS`, with its number where there may be several
            (``cuda:1``).

    Raises:
        ModelError: the file is missing, damaged or made for another task.
        DeviceError: the device cannot run it, with what is missing.
        UsageError: no such device or task.
    """
    wanted, wanted_task = parse_device(device), None if task is None else ModelTask(choice(task, ModelTask, "task"))
    ort = import_onnxruntime()
    return start(ort, model, wanted_task, wanted) if wanted else start_best(ort, model, wanted_task)


def start_best(ort: Any, model: str | os.PathLike[str] | None, task: ModelTask | None) -> Model:
    """A model on the first device that this onnxruntime has, that is tried unasked and that works; else on the CPU."""
    reasons = []
    for name in installed(ort.get_available_providers()):
        if not KINDS[name].automatic:
            reasons.append(f"{KINDS[name].label} runs only where it is asked for")
            continue
        try:
            return start(ort, model, task, Device(name, why=f"{KINDS[name].label} works"))
        except DeviceError as error:
            _LOG.debug("%s is passed over: %s", name, error.reason)
            reasons.append(error.reason)
    return start(ort, model, task, Device("cpu", why="; ".join(reasons) or "this onnxruntime has no other device"))


def start(ort: Any, model: str | os.PathLike[str] | None, task: ModelTask | None, device: Device) -> Model:
    """A model on one device. Other than the CPU, it has to compute what the CPU does.

    Raises:
        ModelError: the file is missing, damaged or made for another task.
        DeviceError: the device cannot run it, with what is missing.
    """
    if device.kind != "cpu" and (reason := missing(ort, device)):
        raise unusable(device, reason)
    if model is None and KINDS[device.kind].int8:
        model = own_model(task or ModelTask.DOCUMENT).int8 or None
    data = read_model(model, task)
    session = open_session(ort, data)
    card = card_of(session)
    check_task(card.name, card.task, task)
    check_contract(session, card)
    if device.kind != "cpu":
        session = proven_session(ort, data, session, card.stride, device)
    _LOG.info("model %s loaded on %s (%s)", card.name, device, device.why)
    return Model(session, card, hashlib.sha256(data).hexdigest(), device)


def unusable(device: Device, reason: str) -> DeviceError:
    """The error of a device that cannot be used."""
    return DeviceError(f"{KINDS[device.kind].label} cannot be used: {reason}", "`bgtool doctor` shows more")


def read_card(model: str | None, task: ModelTask) -> Card:
    """The card of a model, without choosing a device.

    Raises:
        ModelError: the file is missing, damaged or has no card.
    """
    return card_of(open_session(import_onnxruntime(), read_model(model, task)))


def card_of(session: ort.InferenceSession) -> Card:
    """The card of the model that a session runs.

    Raises:
        ModelError: it has none that this version of bgtool can read.
    """
    try:
        metadata = session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError:
        raise ModelError("the metadata of the model are no text") from None
    return Card.from_metadata(metadata)


def run_options(card: Card, device: Device) -> ort.RunOptions | None:
    """How a model is to run on a device; None as onnxruntime would.

    Between two photos come the steps that need most memory, so what the network took is given back; windows of pages
    follow each other, and it is kept for the next. Only what leads to the output asked for is run, which saves a sixth
    where that is which way is up.
    """
    if card.task is not ModelTask.PERSON or device.kind != THE_CPU.kind:
        return None
    options = import_onnxruntime().RunOptions()
    options.only_execute_path_to_fetches = True
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def open_session(ort: Any, data: bytes, device: Device = THE_CPU) -> ort.InferenceSession:
    """A session on one device.

    Raises:
        ModelError: the bytes are no model that onnxruntime can load there.
    """
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = usable_cores()  # left alone, onnxruntime binds threads to cores that may be denied
    options.add_session_config_entry("session.load_model_format", "ONNX")  # whose parts were looked at, whatever it is
    options.enable_mem_pattern = False  # planned patterns double the memory of a window and save no time
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads leave cores to decoders
    try:
        return ort.InferenceSession(data, options, providers=device.providers())
    except Exception as error:
        raise ModelError(f"onnxruntime cannot load the model: {first_line(error)}") from error


def proven_session(
    ort: Any, data: bytes, reference: ort.InferenceSession, stride: int, device: Device
) -> ort.InferenceSession:
    """A session on a device other than the CPU that computes what the CPU does.

    Args:
        ort: the onnxruntime package.
        data: the model's bytes.
        reference: a session of the model on the CPU.
        stride: as on the model's card.
        device: of which nothing is `missing`.

    Raises:
        DeviceError: the provider does not start, or its results are off.
    """
    if hasattr(ort, "preload_dlls") and KINDS[device.kind].nvidia:
        ort.preload_dlls()
    try:
        session = open_session(ort, data, device)
        reason = not_started(session, device) or difference(session, reference, stride)
    except Exception as error:  # a provider may fail as it starts, or not before its first window
        reason = f"it failed: {first_line(error)}"
    if reason is not None:
        raise unusable(device, reason)
    return session


def missing(ort: Any, device: Device) -> str | None:
    """What a device lacks on this machine as far as that shows without a session; None where nothing is missing."""
    kind = KINDS[device.kind]
    if kind.provider not in ort.get_available_providers():
        return f"this onnxruntime has no {kind.label} provider, {kind.source} has one"
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


def check_contract(session: ort.InferenceSession, card: Card) -> None:
    """Make sure that inputs and outputs are what `Model.run` gives and takes.

    Raises:
        ModelError: the model breaks the contract of its card.
    """
    try:
        values = [*session.get_inputs(), *session.get_outputs()]
    except UnicodeDecodeError:
        raise ModelError(f"model {card.name} has inputs or outputs whose names are no text") from None
    seen = [(value.name, value.type, len(value.shape)) for value in values]
    promised = [("image", "tensor(uint8)", 4), (card.task.output, "tensor(uint8)", 3)]
    also = [(UPRIGHT, "tensor(float)", 1)] if card.task is ModelTask.PERSON else []
    if seen not in (promised, promised + also):
        raise ModelError(f"model {card.name} has other inputs and outputs than its card promises: {shown(seen)}")
    sides = [side for value in values for side in value.shape[:3]]
    if any(isinstance(side, int) for side in sides) or values[0].shape[3] not in (3, None):
        raise ModelError(f"model {card.name} does not take colour pictures of any size: {shown(sides)}")
