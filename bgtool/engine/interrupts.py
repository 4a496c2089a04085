"""Interruption at a safe point: what has come to an outcome is on record before a run ends."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What ends a run: Ctrl-C, a request, a terminal that is closed; Windows knows no SIGHUP."""


INTERRUPTED = 130
"""The exit status of a run that was ended."""

AGAIN_SECONDS = 1.0
"""Signals that follow each other faster are one request."""


def hear(handler: Callable[[int, FrameType | None], None]) -> None:
    """Have a handler called on what is `ENDING` a run, but for what whoever started it had ignored, as nohup does."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def leave(number: int, frame: FrameType | None) -> NoReturn:
    """End at once; for when nothing has begun, or all is over."""
    os._exit(INTERRUPTED)


class Interrupt:
    """A handler that ends a run as on Ctrl-C, once for signals that come together."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt, unless that has just been done: it may be about to be told."""
        now = time.monotonic()
        if now - self._last >= AGAIN_SECONDS:
            self._last = now
            raise KeyboardInterrupt


@contextmanager
def held_back() -> Iterator[Callable[[], None]]:
    """Have what is `ENDING` a run wait until the function that this gives is called, or the block ends.

    A second one takes effect at once, and later ones have none: the run is ending. Signals without a handler of their
    own are left alone, and so are all outside the main thread, where Python handles none.
    """
    here = threading.current_thread() is threading.main_thread()
    numbers = ENDING if here else ()
    handlers = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}
    arrived: list[tuple[int, FrameType | None]] = []

    def hold(number: int, frame: FrameType | None) -> None:
        arrived.append((number, frame))
        if len(arrived) == 2:
            release()

    def release() -> None:
        if arrived:
            number, frame = arrived[-1]
            handlers[signal.Signals(number)](number, frame)

    for number in handlers:
        signal.signal(number, hold)
    try:
        yield release
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    release()
