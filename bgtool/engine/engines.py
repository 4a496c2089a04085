"""Which engine does the jobs of a run."""

from __future__ import annotations

from bgtool.engine.base import Engine
from bgtool.engine.inline import InlineEngine
from bgtool.engine.job import STREAM, Job
from bgtool.engine.process import ProcessEngine
from bgtool.options import EngineKind
from bgtool.storage.urls import scheme_of
from bgtool.tasks.order import Order


def open_engine(order: Order, inline: bool) -> Engine:
    """Whatever does the jobs of an order; `inline` where one of them `needs_this_process`."""
    if inline:
        return InlineEngine(order)
    if order.options.engine is EngineKind.RAY:
        from bgtool.engine.ray import RayEngine

        return RayEngine(order)
    return ProcessEngine(order)


def needs_this_process(job: Job) -> bool:
    """Whether a job's input or output can be reached from here only: a standard stream, fsspec's memory."""
    return any(path == STREAM or scheme_of(path) == "memory" for path in (job.source, job.target))
