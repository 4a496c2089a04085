"""Who does the jobs of a run: the workers of a Ray cluster, which share no memory with this process.

The driver plans, records and draws; workers get files in small batches, a bounded number at a time. A worker that is
lost is replaced, and its files are done again: an output that it had made already counts as the new one, because it
holds the same bytes. A file that is alone with its worker when that dies, a second time, is to blame.
"""

# Paths are strings here: a run may have a million of them.
# ruff: noqa: PTH110, PTH113

from __future__ import annotations

import os
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bgtool._version import __version__
from bgtool.engine.base import POLL_SECONDS, Event, ModelInfo
from bgtool.engine.job import Job, Outcome, Status
from bgtool.engine.ray_cluster import connected, unseen, with_absolute_paths
from bgtool.engine.ray_worker import Batch, Hello, RayWorker, fingerprints
from bgtool.errors import DeviceError
from bgtool.optional import require
from bgtool.storage.digest import digest_of
from bgtool.storage.file_journal import FILE_NAME
from bgtool.storage.stores import absolute, store_of, sweep
from bgtool.tasks.order import Order

CALLS = 2
"""Batches that a worker has at a time, so that it need not wait for the next."""

BATCH_SECONDS = 2.0
"""How long a batch should take: short enough that a slow file holds up few, long enough that calls cost little."""

LARGEST_BATCH = 16
"""Files."""

STILLBORN = 3
"""Workers in a row that die by themselves before they say hello, after which the run gives up."""

NODE_DIED = "its node has died"
"""What Ray says of a worker that went with its node, and was not to blame."""

NODE_SECONDS = 10.0
"""How long a cluster may take to notice that a node is gone."""


@dataclass
class _Worker:
    """An actor, as the driver knows it."""

    actor: Any
    hello: Hello | None = None
    batch: int = 1
    calls: int = 0
    files: int = 0
    since: float = 0.0


@dataclass
class _Call:
    """Something asked of a worker; without jobs, to say hello."""

    worker: _Worker
    jobs: list[Job] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)


class RayEngine:
    """Actors that do jobs, and their successors; see `bgtool.engine.base.Engine`.

    Attributes:
        model: what the run has to know of it.

    Raises:
        UsageError: there is no cluster, or a worker does not see a path.
        ModelError, DeviceError: a worker cannot run the model, or is not like the others.
    """

    def __init__(self, order: Order) -> None:
        options = order.options
        require("ray")
        self._ray, self._is_mine = connected(options)
        self._options, self._order = options, replace(order, options=with_absolute_paths(options))
        needs = {"num_cpus": options.worker_cpus, "num_gpus": options.worker_gpus, "max_concurrency": CALLS + 2}
        self._kind = self._ray.remote(**needs, max_restarts=0, scheduling_strategy="SPREAD")(RayWorker)
        self._calls: dict[Any, _Call] = {}
        self._workers: list[_Worker] = []
        self._again: deque[Job] = deque()  # of lost workers; each is given to a worker alone
        self._losses: Counter[Job] = Counter()
        self._news: deque[tuple[Job, Outcome]] = deque()  # that the run has not been told
        self._left: set[str] = set()  # outputs beside which a killed worker may have left something
        self._stillborn = 0
        self._expected = digest_of(Path(options.model)) if options.model and os.path.isfile(options.model) else ""
        try:
            for _ in range(self._count()):
                self._hire()
            while not (first := next((worker.hello for worker in self._workers if worker.hello), None)):
                for _ in self._listen():
                    pass
        except BaseException:
            self._close()
            raise
        assert isinstance(first.model, ModelInfo)
        why = f"{len(self._workers)} workers of a Ray cluster"
        self.model = replace(first.model, why=f"{first.model.why}; {why}" if first.model.why else why)

    def __enter__(self) -> RayEngine:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def do(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """Bring all jobs to an outcome, a few at a time; gives an event at least every `POLL_SECONDS`.

        Raises:
            UsageError: a worker does not see the folder of outputs.
            OutputError, DeviceError: the run must stop.
        """
        self._check_paths()
        waiting = iter(jobs)
        begun = time.monotonic()
        while self._feed(waiting):
            yield from self._listen()
            yield from self._told()
        sweep(self._left)
        yield Event(note=self._throughput(time.monotonic() - begun))

    def stop(self) -> Iterator[Event]:
        """Take what has come to an outcome, and end the workers: what they have begun appears nowhere."""
        refs = list(self._calls)
        for ref in self._ray.wait(refs, num_returns=len(refs), timeout=0)[0] if refs else ():
            call = self._calls.pop(ref)
            try:
                batch = self._ray.get(ref)
            except self._ray.exceptions.RayError:
                continue
            if isinstance(batch, Batch):
                self._settle(call, batch)
        yield from self._told()
        self._left.update(job.target for call in self._calls.values() for job in call.jobs)
        self._end_workers()
        sweep(self._left)

    def _count(self) -> int:
        """How many workers there are to be: as many as the cluster has room for, unless the user says."""
        if self._options.workers:
            return self._options.workers
        resources = self._ray.cluster_resources()
        room = int(resources.get("CPU", 0) // self._options.worker_cpus)
        if self._options.worker_gpus:
            room = min(room, int(resources.get("GPU", 0) / self._options.worker_gpus))
        return max(1, room)

    def _hire(self) -> None:
        """Start a worker, which may have to wait for a node."""
        worker = _Worker(self._kind.remote(self._order, self._options.worker_cpus))
        self._workers.append(worker)
        self._calls[worker.actor.hello.remote(fingerprints(self._paths()))] = _Call(worker)

    def _paths(self) -> list[str]:
        """The paths that every worker has to see as this process does."""
        options = self._order.options
        named = [*options.inputs, options.output, store_of(options.output).join(options.output, FILE_NAME)]
        return [path for path in (*named, options.model or "") if os.path.exists(path)]

    def _check_paths(self) -> None:
        """Raise UsageError if a worker does not see what is there since the run was begun: its folder of outputs."""
        seen = fingerprints(self._paths())
        asked = [(worker.hello, worker.actor.unseen.remote(seen)) for worker in self._workers if worker.hello]
        for hello, ref in asked:
            try:
                path = self._ray.get(ref)
            except self._ray.exceptions.RayError:
                continue  # a lost worker is noticed elsewhere
            if path:
                raise unseen(path, hello)

    def _feed(self, waiting: Iterator[Job]) -> bool:
        """Keep the workers busy; tells whether there is anything left to do."""
        for worker in self._workers:
            while worker.hello and (batch := self._batch_for(worker, waiting)):
                worker.calls += 1
                if len(batch) == 1 and self._losses[batch[0]]:
                    worker.calls = CALLS  # alone
                sent = [job._replace(source=absolute(job.source), target=absolute(job.target)) for job in batch]
                self._calls[worker.actor.do.remote(sent)] = _Call(worker, batch)
        return bool(self._again) or any(call.jobs for call in self._calls.values()) or self._peek(waiting)

    def _batch_for(self, worker: _Worker, waiting: Iterator[Job]) -> list[Job]:
        if worker.calls >= CALLS:
            return []
        if self._again:
            return [self._again.popleft()] if not worker.calls else []
        batch: list[Job] = []
        while len(batch) < worker.batch and (job := self._next(waiting)):
            batch.append(job)
        return batch

    _ahead: Job | None = None

    def _next(self, waiting: Iterator[Job]) -> Job | None:
        job, self._ahead = self._ahead or next(waiting, None), None
        return job

    def _peek(self, waiting: Iterator[Job]) -> bool:
        """Whether more is to come: no worker may be there to take it now."""
        self._ahead = self._next(waiting)
        return self._ahead is not None

    def _listen(self) -> Iterator[Event]:
        """What workers say next, if they do soon."""
        ready, _ = self._ray.wait(list(self._calls), num_returns=1, timeout=POLL_SECONDS)
        yield Event()
        for ref in ready:
            call = self._calls.pop(ref)
            try:
                answer = self._ray.get(ref)
            except self._ray.exceptions.RayTaskError as error:
                raise DeviceError(f"a worker failed: {type(error.cause).__name__}") from error
            except self._ray.exceptions.RayError as error:
                yield from self._lost(call.worker, call, str(error))
            else:
                if isinstance(answer, Hello):
                    self._welcome(call.worker, answer)
                else:
                    self._settle(call, answer)
                    yield Event(answer.pixels)
                    if answer.error:
                        raise answer.error

    def _welcome(self, worker: _Worker, hello: Hello) -> None:
        """Let a worker in that is like this process and the others."""
        if hello.version != __version__:
            raise DeviceError(f"node {hello.host} has bgtool {hello.version}, this machine {__version__}")
        if hello.unseen:
            raise unseen(hello.unseen, hello)
        if not isinstance(hello.model, ModelInfo):
            raise type(hello.model)(f"node {hello.host}: {hello.model.reason}", hello.model.advice)
        self._expected = self._expected or hello.model.sha256
        if hello.model.sha256 != self._expected:
            raise DeviceError(
                f"node {hello.host} runs another model: its sha256 is {hello.model.sha256[:12]}…, "
                f"not {self._expected[:12]}…"
            )
        worker.hello, worker.since, self._stillborn = hello, time.monotonic(), 0

    def _settle(self, call: _Call, batch: Batch) -> None:
        """Take in what became of the files of a call."""
        worker, seconds = call.worker, time.monotonic() - call.begun
        worker.calls = max(0, worker.calls - 1) if not self._losses[call.jobs[0]] else 0
        worker.files += len(call.jobs)
        if seconds < BATCH_SECONDS / 2:
            worker.batch = min(2 * worker.batch, LARGEST_BATCH)
        elif seconds > 2 * BATCH_SECONDS:
            worker.batch = max(1, worker.batch // 2)
        for job, outcome in zip(call.jobs, batch.outcomes, strict=True):
            if outcome:
                self._news.append((job, replace(outcome, source=job.source, target=job.target)))

    def _told(self) -> Iterator[Event]:
        """What the run has not been told yet."""
        while self._news:
            yield Event(settled=self._news.popleft())

    def _lost(self, worker: _Worker, call: _Call, said: str) -> Iterator[Event]:
        """Replace a worker, and have its files done again; blame one that is alone with it for the second time."""
        others = [ref for ref, each in self._calls.items() if each.worker is worker]
        jobs = [*call.jobs, *(job for ref in others for job in self._calls.pop(ref).jobs)]
        self._workers.remove(worker)
        self._ray.kill(worker.actor)  # it may only be out of reach
        if worker.hello is None:
            self._stillborn += NODE_DIED not in said
            if "No module named 'bgtool'" in said:
                raise DeviceError("a node has no bgtool", "install it there, or name a runtime environment")
            if self._stillborn >= STILLBORN:
                raise DeviceError(f"{STILLBORN} workers in a row died before they had loaded the model")
        self._left.update(job.target for job in jobs)
        self._hire()
        blamed = [job for job in jobs if self._losses[job]]
        if blamed and worker.hello:
            yield from self._wait_for_verdict(worker.hello.node)
            if not self._is_alive(worker.hello.node):
                blamed = []
        self._losses.update(jobs)
        self._again.extend(job for job in jobs if job not in blamed)
        for job in blamed:
            error = "the worker that did it was killed twice, as happens when memory runs out"
            self._news.append((job, Outcome(job.source, job.target, Status.FAILED, error=error)))
        if worker.hello:
            count = len(jobs) - len(blamed)
            yield Event(note=f"a worker on {worker.hello.host} was lost; files that are done again: {count}")

    def _wait_for_verdict(self, node: str) -> Iterator[Event]:
        """A node that is gone takes its workers with it; until the cluster knows, it looks as if they had died."""
        deadline = time.monotonic() + NODE_SECONDS
        while self._is_alive(node) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            yield Event()

    def _is_alive(self, node: str) -> bool:
        return any(each["NodeID"] == node and each["Alive"] for each in self._ray.nodes())

    def _throughput(self, seconds: float) -> str:
        """How many files each worker did, and how fast."""
        told = [
            f"{worker.hello.host} {worker.files} ({worker.files / max(seconds, 0.001):.2f}/s)"
            for worker in self._workers
            if worker.hello and worker.files
        ]
        return f"files by worker: {', '.join(told)}" if told else ""

    def _end_workers(self) -> None:
        for worker in self._workers:
            self._ray.kill(worker.actor)
        self._workers, self._calls = [], {}

    def _close(self) -> None:
        self._end_workers()
        if self._is_mine:
            self._ray.shutdown()
