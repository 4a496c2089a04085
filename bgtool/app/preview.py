"""What the options make of one file: computed by another process, which a damaged file may bring down."""

from __future__ import annotations

import io
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from bgtool.engine.child import cause_of
from bgtool.errors import BgtoolError, printable
from bgtool.imaging.formats import Pixels
from bgtool.imaging.reading.open import open_pages
from bgtool.imaging.source import Advance, Bands, whole
from bgtool.options import BatchOptions
from bgtool.report.thumbnails import shrunk
from bgtool.runtime.session import Model, load_model
from bgtool.tasks.order import order_for
from bgtool.tasks.registry import work_for

SIDE = 1400
"""Of a preview, the longer one, in pixels."""

MEGAPIXELS = 100.0
"""Larger pages are not previewed; a run takes them."""

WAIT_SECONDS = 0.1
GRACE_SECONDS = 15.0
"""How long a process may take to come to what is wanted now before it is ended by force."""


class Wanted(NamedTuple):
    """A file, and what is to be done with it."""

    path: str
    options: BatchOptions


@dataclass(frozen=True)
class View:
    """The first page of a file before and after.

    Attributes:
        before, after: WebP; empty where there is none.
        alike: whether both show the same part, so that one can lie over the other.
        pages: of the file.
        said: warnings and reasons to look, sentences.
        error: why there is no result.
    """

    before: bytes = b""
    after: bytes = b""
    alike: bool = True
    pages: int = 1
    said: tuple[str, ...] = ()
    error: str = ""


class Superseded(Exception):
    """Something else is wanted by now."""


class Viewer:
    """Makes the view of what is wanted last, in a process that keeps its network warm.

    Attributes:
        shown: what the view is of; None as long as there is none.
        view: the last one that was made.
        number: of the views made so far.
    """

    def __init__(self) -> None:
        self.shown: Wanted | None = None
        self.view, self.number = View(), 0
        self._wanted: Wanted | None = None
        self._changed = threading.Condition()
        self._process: BaseProcess | None = None
        self._thread = threading.Thread(target=self._work, name="bgtool-preview", daemon=True)
        self._thread.start()

    @property
    def is_busy(self) -> bool:
        """Whether another view than the one that is shown is to come."""
        return self._wanted is not None and self._wanted != self.shown

    def want(self, wanted: Wanted | None) -> None:
        """Ask for a view; None for none, which gives back what the process holds."""
        with self._changed:
            self._wanted = wanted
            self._changed.notify()

    def _work(self) -> None:
        ours: Connection | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted != self.shown)
                wanted = self._wanted
            if wanted is None:
                self._end()
                self.shown = None
                continue
            if ours is None or not (self._process and self._process.is_alive()):
                ours = self._start()
            view = self._ask(ours, wanted)
            if view:
                self.view, self.number = view, self.number + 1
                self.shown = wanted  # last: the page reads it from another thread, and the others if it has changed

    def _start(self) -> Connection:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        return ours

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.join()
        self._process = None

    def _ask(self, connection: Connection, wanted: Wanted) -> View | None:
        """The view of what is wanted; None if that is no longer wanted."""
        late = float("inf")
        try:
            connection.send(wanted)
            while not connection.poll(WAIT_SECONDS):
                if self._wanted != wanted and late == float("inf"):
                    connection.send(None)
                    late = time.monotonic() + GRACE_SECONDS
                if self._wanted is None or time.monotonic() > late:
                    self._end()
                    return None
            answer = connection.recv()
        except (EOFError, OSError):
            process, self._process = self._process, None
            if process:
                process.join()
            return View(error=f"the process that read it {cause_of(process.exitcode or 0 if process else 0, '')}")
        return answer if isinstance(answer, View) else None


def serve(connection: Connection) -> None:
    """The work of the process: a view for each thing that is wanted, until nobody is there any more."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)  # a terminal sends it to all; the window ends this one
    loaded: dict[tuple[object, ...], Model] = {}

    def heed(pixels: int) -> None:
        if connection.poll():
            raise Superseded

    with suppress(EOFError, OSError):
        while True:
            wanted = connection.recv()
            if wanted is None:
                continue
            try:
                connection.send(view_of(wanted, loaded, heed))
            except Superseded:
                connection.recv()
                connection.send(None)


def view_of(wanted: Wanted, loaded: dict[tuple[object, ...], Model], advance: Advance) -> View:
    """A view, made as a run makes the file; `loaded` keeps the network. What goes wrong is said in the view."""
    options = replace(wanted.options, inputs=(wanted.path,))
    key = (options.task, options.model, options.device)
    try:
        order = order_for(options)
        if key not in loaded:
            loaded.clear()
            loaded[key] = load_model(options.model, task=options.task, device=options.device)
        limit = min(MEGAPIXELS, options.max_megapixels)
        with open_pages(Path(wanted.path), max_megapixels=limit) as reader:
            page = next(iter(reader))
            before, size = shrunk(page, SIDE), page.size
            result = next(iter(work_for(order)(page, loaded[key], advance)))
            after = reduced(result.bands)
            confidence = result.confidence()
            reasons = tuple(confidence.reasons) if confidence else ()
            alike = result.bands.size == size
            sharp = result.bands.kind is Pixels.BILEVEL
            return View(
                encoded(before), encoded(after, lossless=sharp), alike, reader.count, (*result.warnings, *reasons)
            )
    except (BgtoolError, OSError, MemoryError) as error:
        return View(error=printable(str(error) or "the memory does not hold it"))


def reduced(bands: Bands) -> Image.Image:
    """A result as it is shown."""
    pixels = whole(bands.rows, bands.size[1])
    if pixels.dtype == np.bool_:
        pixels = np.where(pixels, np.uint8(255), np.uint8(0))
    elif pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    image = Image.fromarray(pixels)
    image.thumbnail((SIDE, SIDE), reducing_gap=2.0)
    return image


def encoded(image: Image.Image, *, lossless: bool = False) -> bytes:
    """A picture as browsers show it."""
    data = io.BytesIO()
    image.save(data, "WEBP", lossless=lossless, quality=90, method=2)
    return data.getvalue()
