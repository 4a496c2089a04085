"""What the system tells of another process: the CPU it has used, and whether it is held from using any."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

PS_SECONDS = 5.0
"""How long `ps` may take."""


class Vitals(NamedTuple):
    """Signs of life of a process.

    Attributes:
        threads: seconds that each of its threads spent on a CPU; where only their sum is told, that, as thread 0.
        held: whether one of its threads is stopped (Ctrl-Z), held by a debugger or waits for a disk, as also a process
            does that is being swapped in.
    """

    threads: Mapping[int, float]
    held: bool

    def used_since(self, before: Vitals | None) -> float:
        """The most seconds that one thread spent on a CPU since it was looked at before.

        Not their sum: threads that wait for Python's lock ask for it all the time, and many use as much as one at work.
        """
        past = before.threads if before else {}
        return max((seconds - past.get(thread, 0.0) for thread, seconds in self.threads.items()), default=0.0)


def vitals(pid: int) -> Vitals | None:
    """The signs of life of a process of this user; None where the system tells none that can be relied on.

    Windows does not tell who is held.
    """
    try:
        found = _vitals(pid)
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return None
    return (
        found if any(found.threads.values()) else None
    )  # a Python that has started has used some: these are not kept here


def of_ps(pid: int) -> Vitals:
    """As `ps` of any Unix tells it, in hundredths of a second on macOS, in seconds elsewhere.

    Raises:
        OSError, ValueError, subprocess.SubprocessError: there is no such process, or no `ps` that tells.
    """
    command = ["ps", "-o", "stat=,time=", "-p", str(pid)]
    shown = subprocess.run(
        command, capture_output=True, text=True, timeout=PS_SECONDS, check=True, env={**os.environ, "LC_ALL": "C"}
    )
    state, time = shown.stdout.split()
    days, _, clock = time.rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = 60 * seconds + float(part)
    return Vitals({0: 86400 * int(days or 0) + seconds}, held=state[0] in "DTtU")


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    def _vitals(pid: int) -> Vitals:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = wintypes.HANDLE
        kernel.GetProcessTimes.argtypes = [wintypes.HANDLE, *(4 * [ctypes.c_void_p])]
        kernel.CloseHandle.argtypes = [wintypes.HANDLE]
        limited_information = 0x1000
        handle = kernel.OpenProcess(limited_information, False, pid)
        if not handle:
            raise ctypes.WinError(ctypes.get_last_error())
        try:
            times = [wintypes.FILETIME() for _ in range(4)]  # of its start, of its end, in the kernel, outside
            if not kernel.GetProcessTimes(handle, *map(ctypes.byref, times)):
                raise ctypes.WinError(ctypes.get_last_error())
        finally:
            kernel.CloseHandle(handle)
        ticks = sum((time.dwHighDateTime << 32) + time.dwLowDateTime for time in times[2:])
        return Vitals({0: ticks / 1e7}, held=False)

elif sys.platform == "linux":

    def _vitals(pid: int) -> Vitals:
        ticks, states = os.sysconf("SC_CLK_TCK"), set()
        threads = {}
        for task in Path(f"/proc/{pid}/task").iterdir():
            # behind the name, which may hold anything: the state, and CPU times in fields 11 and 12
            state, *fields = (task / "stat").read_text(errors="replace").rpartition(")")[2].split()
            threads[int(task.name)] = (int(fields[10]) + int(fields[11])) / ticks
            states.add(state)
        return Vitals(threads, held=bool(states & set("DTt")))

else:
    _vitals = of_ps
