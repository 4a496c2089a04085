"""A worker of a Ray cluster: an actor that keeps a process engine, and thereby one session of the model, busy.

A decoder that crashes or hangs is dealt with where it happens, as on a single machine; the actor itself only hands on.
"""

from __future__ import annotations

import importlib
import os
import platform
import queue
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from bgtool._version import __version__
from bgtool.engine.base import Event, ModelInfo
from bgtool.engine.job import Job, Outcome
from bgtool.engine.process import ProcessEngine
from bgtool.errors import BgtoolError
from bgtool.runtime.cores import SHARE
from bgtool.storage.urls import is_url
from bgtool.tasks.order import Order

Fingerprint = tuple[bool, int]
"""Whether a path is a folder, and its inode, which all machines that share a file system see alike."""


@dataclass(frozen=True)
class Hello:
    """What a worker says of itself before it is given files.

    Attributes:
        node, host: Ray's name of the node, and the machine's own.
        version: of bgtool there.
        model: that it runs, or why it cannot.
        unseen: a path that is not what it is for the driver; empty where all are.
    """

    node: str
    host: str
    version: str
    model: ModelInfo | BgtoolError
    unseen: str = ""


@dataclass(frozen=True)
class Batch:
    """What became of files, in the order in which they were given; None of those that the run's end came before.

    Attributes:
        outcomes: of the files.
        pixels: done since the last batch.
        error: why the run must stop, if it must.
    """

    outcomes: tuple[Outcome | None, ...] = ()
    pixels: int = 0
    error: BgtoolError | None = None


def fingerprint(path: str) -> Fingerprint | None:
    """What two machines that see the same file see the same; None where nothing is there."""
    try:
        status = os.stat(path)  # noqa: PTH116 - the path is a string, as all of a run
    except OSError:
        return None
    return stat.S_ISDIR(status.st_mode), status.st_ino


def fingerprints(paths: Iterable[str]) -> dict[str, Fingerprint | None]:
    """Of the paths that are no URLs."""
    return {path: fingerprint(path) for path in paths if not is_url(path)}


class RayWorker:
    """The actor.

    Args:
        order: what is to be done with each file; its paths are absolute.
        cores: that its process may use.
    """

    def __init__(self, order: Order, cores: int) -> None:
        os.environ[SHARE] = str(cores)
        self._order = order
        self._waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._futures: dict[Job, Future[Outcome]] = {}
        self._pixels = 0
        self._engine: ProcessEngine | None = None

    def hello(self, seen: Mapping[str, Fingerprint | None]) -> Hello:
        """Load the model, and look at what the driver sees under these paths."""
        ray = importlib.import_module("ray")
        node, host = ray.get_runtime_context().get_node_id(), platform.node()
        if unseen := self.unseen(seen):
            return Hello(node, host, __version__, BgtoolError("not loaded"), unseen)
        try:
            self._engine = ProcessEngine(self._order)
        except BgtoolError as error:
            return Hello(node, host, __version__, error)
        threading.Thread(target=self._pump, args=[self._engine], daemon=True).start()
        return Hello(node, host, __version__, self._engine.model)

    def unseen(self, seen: Mapping[str, Fingerprint | None]) -> str:
        """The first of these paths that is another thing here; empty for none."""
        return next((path for path, found in seen.items() if fingerprint(path) != found), "")

    def do(self, jobs: list[Job]) -> Batch:
        """Bring files to an outcome, while other calls do the same with others."""
        futures: list[Future[Outcome]] = [Future() for _ in jobs]
        self._futures.update(zip(jobs, futures, strict=True))
        for job in jobs:
            self._waiting.put(job)
        outcomes: list[Outcome | None] = []
        stopped: BgtoolError | None = None
        for future in futures:
            try:
                outcomes.append(future.result())
            except BgtoolError as error:
                outcomes.append(None)
                stopped = error
        pixels, self._pixels = self._pixels, 0
        return Batch(tuple(outcomes), pixels, stopped)

    def _pump(self, engine: ProcessEngine) -> None:
        """Give the engine what comes, for good."""
        while True:
            first = self._waiting.get()
            try:
                for event in engine.do(_Feed(first, self._waiting)):
                    self._hear(event)
            except Exception as error:
                for event in engine.stop():
                    self._hear(event)
                for future in self._futures.values():
                    future.set_exception(error)
                return

    def _hear(self, event: Event) -> None:
        self._pixels += event.pixels
        if event.settled:
            job, outcome = event.settled
            self._futures.pop(job).set_result(outcome)


class _Feed:
    """What is there to do now; an engine asks again and again, so an end need not be the last."""

    def __init__(self, first: Job, waiting: queue.SimpleQueue[Job]) -> None:
        self._first: Job | None = first
        self._waiting = waiting

    def __iter__(self) -> Iterator[Job]:
        return self

    def __next__(self) -> Job:
        if first := self._first:
            self._first = None
            return first
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            raise StopIteration from None
