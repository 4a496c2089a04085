"""The way to a Ray cluster, and what paths mean there."""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH113

from __future__ import annotations

import importlib
import os
import signal
import socket
import threading
from dataclasses import replace
from typing import Any

from bgtool.engine.interrupts import ENDING
from bgtool.engine.ray_worker import Hello
from bgtool.errors import UsageError
from bgtool.options import BatchOptions
from bgtool.storage.stores import absolute

ANSWER_SECONDS = 10.0
"""How long the head of a cluster may take to accept a connection."""

LOCAL = "--ray-address local starts one on this machine"


def connected(options: BatchOptions) -> tuple[Any, bool]:
    """The ray package, connected to a cluster, and whether it was connected for this run.

    Raises:
        UsageError: there is no such cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray = importlib.import_module("ray")
    if ray.is_initialized():
        return ray, False
    is_local = options.ray_address == "local"
    where: dict[str, Any] = {"include_dashboard": False} if is_local else {"address": options.ray_address}
    if not is_local and options.ray_address != "auto":
        require_answer(options.ray_address)
    here = threading.current_thread() is threading.main_thread()
    handlers = {number: signal.getsignal(number) for number in ENDING if here}
    try:
        ray.init(**where, log_to_driver=False, logging_level="ERROR", namespace="bgtool")
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        reason = f"no Ray cluster at {options.ray_address!r} ({type(error).__name__})"
        raise UsageError(reason, LOCAL) from None
    finally:
        for number, handler in handlers.items():  # Ray takes some of them
            signal.signal(number, handler)
    return ray, True


def require_answer(address: str) -> None:
    """Raise UsageError where nothing listens at an address: Ray itself would try for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    try:
        socket.create_connection((host, int(port)), ANSWER_SECONDS).close()
    except (OSError, ValueError) as error:
        raise UsageError(f"no Ray cluster at {address!r}: {error}", LOCAL) from None


def with_absolute_paths(options: BatchOptions) -> BatchOptions:
    """The options as a process with another current folder understands them."""
    model = options.model
    if model and os.path.isfile(model):
        model = absolute(model)
    return replace(options, inputs=tuple(map(absolute, options.inputs)), output=absolute(options.output), model=model)


def unseen(path: str, hello: Hello) -> UsageError:
    """What to say of a path that is another thing, or nothing, for a worker."""
    advice = "name a folder that all nodes share, or a URL"
    return UsageError(f"node {hello.host} does not see {path} as this machine does", advice)
