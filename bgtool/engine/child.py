"""A process that does jobs, as the one that started it sees it."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, cast

from bgtool.engine.interrupts import ENDING
from bgtool.engine.messages import Answer, Assignment, Gone
from bgtool.tasks.order import Order

SERVE = "bgtool.engine.serve"
"""The module whose `main` such a process runs; its only argument where it is a frozen `bgtool`."""

GRACE_SECONDS = 5.0
"""How long a child may take to leave its windows when it is to stop; a file that it cannot finish by then is redone."""

LISTEN_SECONDS = 0.1
"""How long the end of what a dead child has said may take to come through."""

FRUGAL = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": str(6 << 20), "MALLOC_TRIM_THRESHOLD_": str(32 << 20)}
"""Has glibc give back what was freed: else it keeps that for every thread, and pieces of up to 32 MB."""


class Child:
    """One process that does jobs. It finds every module where this process does.

    Attributes:
        pid: its number.
    """

    def __init__(self) -> None:
        self._news: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._said: deque[bytes] = deque(maxlen=1)
        self._why = ""
        self._killed = float("inf")
        places = os.pathsep.join(map(os.path.abspath, sys.path))  # the current folder is an empty one
        with signals_blocked():
            self._process = subprocess.Popen(
                serving(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**FRUGAL, **os.environ, "PYTHONPATH": places},
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # Windows: Ctrl-C is not for it
            )
        self.pid = self._process.pid
        self._listeners = [threading.Thread(target=run, daemon=True) for run in (self._hear_news, self._hear_errors)]
        for listener in self._listeners:
            listener.start()

    def send(self, message: Order | Assignment) -> None:
        """Tell it something; to a dead one nothing: the end of its news says that it is."""
        with suppress(OSError, ValueError):
            pickle.dump(message, self._input)
            self._input.flush()

    def hear(self, seconds: float) -> Answer | None:
        """What it says next, or None if it has nothing to say for so long."""
        try:
            return self._news.get(timeout=seconds)
        except queue.Empty:
            return Gone() if time.monotonic() - self._killed > GRACE_SECONDS else None

    def request_stop(self) -> None:
        """Have it stop at its next window."""
        with suppress(OSError):
            self._input.close()

    def kill(self, why: str = "") -> None:
        """End it by force; `why` is how it is said to have ended."""
        self._why = self._why or why
        self._killed = min(self._killed, time.monotonic())
        self._process.kill()

    def last_answers(self) -> Iterator[Answer]:
        """Have it stop at its next window, after `GRACE_SECONDS` by force, and give what it says until it is gone."""
        self.request_stop()
        deadline = time.monotonic() + GRACE_SECONDS
        while (answer := self.hear(LISTEN_SECONDS)) != Gone():
            if answer:
                yield answer
            elif time.monotonic() > deadline:
                self.kill()

    def end(self) -> str:
        """Wait until it is gone, if need be by force, and say how it went."""
        self.request_stop()
        try:
            status = self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            try:
                status = self._process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:  # the system does not let go of it, as while a disk does not answer
                return self._why or "cannot be ended"
        for listener in self._listeners:
            listener.join(LISTEN_SECONDS)
        return self._why or cause_of(status, b"".join(self._said).decode(errors="replace").strip())

    @property
    def _input(self) -> IO[bytes]:
        return cast(IO[bytes], self._process.stdin)

    def _hear_news(self) -> None:
        try:
            with cast(IO[bytes], self._process.stdout) as output, suppress(EOFError, pickle.UnpicklingError):
                while True:
                    self._news.put(pickle.load(output))
        finally:
            self._news.put(Gone())

    def _hear_errors(self) -> None:
        with cast(IO[bytes], self._process.stderr) as errors:
            self._said.extend(errors)


def serving() -> list[str]:
    """The command of such a process; a program without Python beside it is started again, and told by `SERVE`."""
    if getattr(sys, "frozen", False):
        return [sys.executable, SERVE]
    return [sys.executable, "-P", "-m", SERVE]


def cause_of(status: int, said: str) -> str:
    """How a process ended, in words; `said` is the last line of its stderr."""
    if -status == getattr(signal, "SIGKILL", 0):
        return "was killed, as happens when memory runs out"
    if status < 0:
        return f"crashed ({signal.Signals(-status).name})"
    return f"ended with status {status}" + (f": {said}" if said else "")


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Keep what ends a run from a process that is started in here until it says otherwise; here it waits for the end.

    A terminal sends it to both, and only one knows what to do.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
