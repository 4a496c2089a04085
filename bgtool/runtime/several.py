"""Several devices, named together; without numpy, for whoever only counts them."""

from __future__ import annotations

import ctypes
import os

from bgtool.errors import UsageError
from bgtool.spelling import plain

_NVIDIA = ("cuda", "tensorrt")


def named_devices(text: str) -> list[str]:
    """The devices that `--device` names: ``cuda:0,1``, ``cuda:all``, ``cpu,cpu``; each is for `parse_device`.

    Raises:
        UsageError: all GPUs are meant, and there is none.
    """
    first, *others = plain(text).split(",")
    kind, _, number = first.partition(":")
    if kind in _NVIDIA and number == "all" and not others:
        if not (count := count_nvidia()):
            raise UsageError(f"{text}: no NVIDIA GPU can be seen", "`bgtool doctor` shows more")
        return [f"{kind}:{index}" for index in range(count)]
    return [text] if not others else [first, *(f"{kind}:{other}" if other.isdigit() else other for other in others)]


def count_nvidia() -> int:
    """NVIDIA GPUs that this process may use, as the driver counts them; 0 without one."""
    count = ctypes.c_int()
    try:
        driver = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except OSError:
        return 0
    failed = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    return 0 if failed else count.value
