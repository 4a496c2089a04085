"""The process that decodes, infers and encodes: ``python -m bgtool.engine.serve``.

What to do it is told by `bgtool.engine.child`.

The order comes first, then assignments, through standard input; when that ends, so does the work.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from bgtool.engine.base import ModelInfo
from bgtool.engine.interrupts import ENDING
from bgtool.engine.messages import Answer, Assignment, Progress, Refused, Settled
from bgtool.errors import BgtoolError
from bgtool.options import BatchOptions
from bgtool.runtime.cores import usable_cores
from bgtool.runtime.several import named_devices
from bgtool.runtime.task import ModelTask
from bgtool.tasks.order import Order

if TYPE_CHECKING:
    from bgtool.engine.worker import Worker

_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)

ORPHAN_SECONDS = 10.0
"""How long work that is to stop may go on; longer than a parent waits that is there to end it."""


def main() -> None:
    """Do jobs until standard input ends."""
    from bgtool.engine.worker import Cancelled

    say = answering()
    leave_signals_to_the_parent()
    parent = os.getppid()
    end_with(parent)
    order = pickle.load(sys.stdin.buffer)
    try:
        worker, info = make_worker(order, say)
    except BgtoolError as error:
        say(Refused(error))
        return
    worker.parent = parent
    say(info)

    def do(assignment: Assignment) -> None:
        try:
            say(Settled(assignment.number, worker(assignment)))
        except BgtoolError as error:
            say(Refused(error))
        except Cancelled:
            pass

    with ThreadPoolExecutor(threads_of(order.options), thread_name_prefix="bgtool") as pool:
        with suppress(EOFError, pickle.UnpicklingError):
            while True:
                pool.submit(do, pickle.load(sys.stdin.buffer))
        worker.stop()
        last = threading.Timer(ORPHAN_SECONDS, os._exit, [1])  # the parent may be gone, and a thread stuck
        last.daemon = True
        last.start()


def answering() -> Callable[[Answer], None]:
    """The way to the parent, which standard output is no more: what a library prints must not get among the answers."""
    output, lock = os.fdopen(os.dup(1), "wb"), threading.Lock()
    os.dup2(2, 1)

    def say(answer: Answer) -> None:
        with lock:
            pickle.dump(answer, output)
            output.flush()

    return say


def end_with(parent: int) -> None:
    """Have Linux kill this process as its parent dies: what holds Python's lock for ever lets no thread see the end.

    Dies there means: the thread that started this process does, which waits for its end.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:  # it was faster
            os._exit(1)


def leave_signals_to_the_parent() -> None:
    """Ignore what ends a run: the parent hears it too, and ends standard input. Until here it was blocked."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


def make_worker(order: Order, say: Callable[[Progress], None]) -> tuple[Worker, ModelInfo]:
    """Load the model of an order; what does its jobs, and what the run has to know of the model."""
    from bgtool.engine.sessions import load_sessions
    from bgtool.engine.worker import Worker
    from bgtool.tasks.registry import work_for

    work, options = work_for(order), order.options
    sessions = load_sessions(options)
    model = sessions.models[0]
    work.check(model)
    info = ModelInfo(model.card.name, model.sha256, sessions.device, model.device.why)
    return Worker(order, work, sessions, say), info


def threads_of(options: BatchOptions) -> int:
    """Jobs under way at a time: unless the user says, one for each core and, where the network is what takes the time,
    one for each session to keep it fed."""
    fed = len(named_devices(options.device)) if options.task is ModelTask.DOCUMENT else 0
    return options.jobs or usable_cores() + fed


if __name__ == "__main__":
    main()
