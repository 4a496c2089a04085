"""Pillow without its two process-wide habits: a limit on pixels, and warnings on stderr.

Neither is an argument of Pillow's, and a library must not change them for the whole of its user's process: so they are
set while a picture is read, and counted, because threads read at the same time.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TextIO

from PIL import Image

_lock = threading.Lock()
_inside = 0
_settings = ExitStack()
_heard = threading.local()


@contextmanager
def unlimited() -> Iterator[list[str]]:
    """Let Pillow open, decode and crop images of any size, from any number of threads.

    Yields:
        A list that collects what Pillow warns of in this thread meanwhile.

    Pillow's limit and Python's warning filters are set by the first thread that enters and put back by the last one
    that leaves, because both are shared by the whole process.
    """
    messages: list[str] = []
    before = getattr(_heard, "messages", None)
    _enter()
    _heard.messages = messages
    try:
        yield messages
    finally:
        _heard.messages = before
        _leave()


def _enter() -> None:
    global _inside
    with _lock:
        if _inside == 0:
            _settings.enter_context(_own_settings())
        _inside += 1


def _leave() -> None:
    global _inside
    with _lock:
        _inside -= 1
        if _inside == 0:
            _settings.close()


@contextmanager
def _own_settings() -> Iterator[None]:
    limit = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        show = warnings.showwarning

        def collect(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            messages = getattr(_heard, "messages", None)
            if messages is None:
                show(message, category, filename, lineno, file, line)
            elif (text := " ".join(str(message).split())) not in messages:
                messages.append(text)

        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = collect
        Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit
