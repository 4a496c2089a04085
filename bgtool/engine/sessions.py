"""Sessions of one model on several devices, fed from one queue of jobs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bgtool.errors import UsageError
from bgtool.options import BatchOptions
from bgtool.runtime.session import Model, load_model
from bgtool.runtime.several import named_devices


class Sessions:
    """One session or more. Each job takes the one with the fewest jobs; safe to use from several threads.

    Raises:
        UsageError: there is none, or they are not of one kind.
    """

    def __init__(self, models: list[Model]) -> None:
        if len({(model.sha256, model.device.kind) for model in models}) != 1:
            raise UsageError("the devices of one run have to be of one kind", "else files would not be done alike")
        self.models = models
        self._jobs = [0] * len(models)
        self._lock = threading.Lock()

    @contextmanager
    def session(self) -> Iterator[Model]:
        """The session of one job."""
        with self._lock:
            number = self._jobs.index(min(self._jobs))
            self._jobs[number] += 1
        try:
            yield self.models[number]
        finally:
            with self._lock:
                self._jobs[number] -= 1

    @property
    def device(self) -> str:
        """Where they run: ``cuda:0,cuda:1``."""
        return ",".join(str(model.device) for model in self.models)


def load_sessions(options: BatchOptions) -> Sessions:
    """A session on each of the devices of a run. Raises what `load_model` raises, and UsageError."""
    devices = named_devices(options.device)
    return Sessions([load_model(options.model, task=options.task, device=device) for device in devices])
