"""What this machine can run models on, proved by running one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

import numpy as np

from bgtool.errors import BgtoolError
from bgtool.optional import EXTRAS, command, fault
from bgtool.runtime.devices import installed
from bgtool.runtime.session import import_onnxruntime, load_model
from bgtool.runtime.tiling import round_up

SIDE = 512
"""Side in pixels of the window that is run as proof."""

ONNXRUNTIMES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino")


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis."""

    subject: str
    good: bool
    text: str


def versions() -> Iterator[Finding]:
    """The onnxruntime packages that are installed, and a warning where they overwrite each other."""
    found = {}
    for name in ONNXRUNTIMES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if not found:
        yield Finding("onnxruntime", False, f"not installed: {command('cpu')}, or on an NVIDIA GPU {command('gpu')}")
    for name, version in found.items():
        yield Finding(name, len(found) == 1, version)
    if len(found) > 1:
        yield Finding("packages", False, f"{' and '.join(found)} overwrite each other: remove all, install one")


def extras() -> Iterator[Finding]:
    """Each extra that a file may need: whether it works, and the command that installs it where it does not."""
    for name, extra in EXTRAS.items():
        reason, advice = fault(name), f": {command(name)}"
        if not reason and extra.program and not shutil.which(extra.program):
            reason, advice = f"the program {extra.program} is not there", ""
        yield Finding(f"extra {name}", not reason, f"{extra.purpose}: {reason + advice if reason else 'works'}")


def try_device(device: str) -> Finding:
    """Run the shipped document model once on a device."""
    try:
        model = load_model(device=device)
        side = round_up(SIDE, model.card.stride)
        window = np.full((1, side, side, 3), 255, np.uint8)
        model.run(window)
        start = time.perf_counter()
        model.run(window)
    except BgtoolError as error:
        return Finding(device, False, error.reason)  # its advice is to run this
    speed = side * side / 1e6 / (time.perf_counter() - start)
    return Finding(device, True, f"works: {model.card.name} runs at {speed:.1f} MP/s")


def examine() -> Iterator[Finding]:
    """Everything there is to say, in the order of a report; the last lines are the devices."""
    yield from versions()
    yield from extras()
    for device in devices():
        yield try_device(device)


def devices() -> list[str]:
    """The CPU, CUDA, whose absence is worth a word here, and whatever else this onnxruntime has a provider for."""
    try:
        available = import_onnxruntime().get_available_providers()
    except BgtoolError:
        available = []
    return ["cpu", *dict.fromkeys(["cuda", *installed(available)])]
