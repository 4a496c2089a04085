"""Interruption at a safe point: what has come to an outcome is on record before a run ends."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What ends a run: Ctrl-C, a request, a terminal that is closed; Windows knows no SIGHUP."""


@contextmanager
def held_back() -> Iterator[Callable[[], None]]:
    """Have what is `ENDING` a run wait until the function that this gives is called, or the block ends.

    A second one takes effect at once. Signals without a handler of their own are left alone, and so are all outside
    the main thread, where Python handles none.
    """
    here = threading.current_thread() is threading.main_thread()
    numbers = ENDING if here else ()
    handlers = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}
    arrived: list[tuple[int, FrameType | None]] = []

    def hold(number: int, frame: FrameType | None) -> None:
        arrived.append((number, frame))
        if len(arrived) > 1:
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
