"""A journal where nothing can be appended or locked: numbered objects, each made once, and a lease.

Lines are gathered for a moment and put into the next segment, on the condition that there is none of that number.
Whoever makes a segment is the writer from then on: a run that was thought dead fails at its next one. The lease only
says that somebody is at work; it is renewed, and is no longer believed when it has not been for `LEASE_SECONDS` of the
store's clock, or when its process is seen to be gone on this machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from bgtool.errors import BgtoolError, OutputError
from bgtool.storage.base import START, Mark
from bgtool.storage.file_journal import FILE_NAME, LOCKED
from bgtool.storage.remote_faults import is_conflict, is_missing, retried, writing_faults
from bgtool.storage.remote_listing import condition, listed, time_of

LEASE_SECONDS = 60.0
"""How long a lease is believed that nobody renews."""

RENEW_SECONDS = 15.0

FLUSH_SECONDS = 5.0
"""How long lines are gathered; after a kill, files done in so short a time are done again."""

FLUSH_LINES = 1000
"""Lines of a segment at most."""

TAKEN_OVER = "another run of bgtool has taken over the output folder"

_LARGEST = 1 << 30  # bytes; no segment is
_AT_A_TIME = 16  # objects that are read together


class RemoteJournal:
    """See `bgtool.storage.base.Journal`. The second number of a mark is that of the last segment read."""

    def __init__(self, fs: Any, scheme: str, folder: str) -> None:
        self._fs, self._scheme, self._folder = fs, scheme, folder.rstrip("/")
        self.where = f"{self._folder}/{FILE_NAME}"
        self._lease, self._clock = f"{self.where}/lease.json", f"{self.where}/clock"
        self._begun = f"{self.where}/begun"
        self._run = secrets.token_hex(8)
        self._last = 0  # number of the newest segment
        self._lines: list[bytes] = []
        self._lock = threading.RLock()
        self._is_held = False
        self._fault: BgtoolError | None = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """By the first segment of its own, unless the lease of another is believed."""
        with writing_faults(self.where):
            self._last = max(self._numbers(), default=0)  # before the lease: a segment made since is met below
            if self._is_leased():
                raise OutputError(LOCKED, f"if it was killed elsewhere, try again in {LEASE_SECONDS:.0f} s")
            self._add_segment(json.dumps({"run": self._run}).encode() + b"\n")
            self._renew()
            self._abort_uploads()
        ended = threading.Event()
        keeper = threading.Thread(target=self._keep, args=[ended], daemon=True)
        self._is_held = True
        keeper.start()
        try:
            yield
        finally:
            ended.set()
            keeper.join()
            self._is_held = False
            try:
                self._flush()
            finally:
                if self._holder() == self._run:
                    self._remove([self._lease, self._clock])

    def begins_with(self, mark: Mark) -> bool:
        """Whether the segment is there; what is in one never changes."""
        return mark == START or mark[1] <= self._last or mark[1] in self._numbers()

    def lines(self, mark: Mark) -> Iterator[tuple[Mark, bytes]]:
        """Segment by segment, some fetched together."""
        with writing_faults(self.where):
            numbers = sorted(number for number in self._numbers() if number > mark[1])
            for number, content in zip(numbers, self._contents(map(self._segment, numbers)), strict=True):
                for line in content.splitlines(keepends=True):
                    if not line.startswith(b'{"run"'):
                        yield (0, number, 0), line

    def append(self, line: bytes) -> None:
        """Into the next segment."""
        with self._lock:
            if self._fault:
                raise self._fault
            self._lines.append(line)
            if len(self._lines) >= FLUSH_LINES:
                self._flush()

    def announce(self, target: str, digest: str) -> None:
        """As an object of its own."""
        name = target.removeprefix(f"{self._folder}/")
        with writing_faults(self.where):
            retried(lambda: self._fs.pipe_file(self._announcement(name, digest), _bytes_of(digest, name)))

    def announced(self) -> Iterator[tuple[str, str]]:
        """Those whose lines are not in a segment."""
        if self._is_held:
            self._flush()
        with writing_faults(self.where):
            for content in self._contents(self._announcements()):  # one that is gone meanwhile has a line
                digest, _, name = content.decode(errors="surrogateescape").partition(" ")
                if len(digest) == 64 and name:
                    yield name, digest

    def forget(self) -> None:
        """Remove those objects."""
        self._flush()
        with suppress(Exception):  # what stays is no harm
            self._remove(self._announcements())

    def _flush(self) -> None:
        """Put the lines gathered into a segment. Raises OutputError, also if another run has made it."""
        with self._lock, writing_faults(self.where):
            if not self._lines:
                return
            self._add_segment(b"".join(self._lines))
            lines, self._lines = self._lines, []
        made = [json.loads(line) for line in lines]
        made += [each["second"] for each in made if "second" in each]
        outputs = [(each["output"], each["output_sha256"]) for each in made if each["output"] and each["output_sha256"]]
        self._remove([self._announcement(*output) for output in outputs])

    def _add_segment(self, content: bytes) -> None:
        path = self._segment(self._last + 1)
        try:
            retried(lambda: self._fs.pipe_file(path, content, **condition(self._scheme, create=True)))
        except Exception as error:
            # an answer that was lost looks like a conflict, but then the content is this one
            if not is_conflict(error) or self._content(path) != content:
                if is_conflict(error):
                    raise OutputError(TAKEN_OVER) from None
                raise
        self._last += 1

    def _keep(self, ended: threading.Event) -> None:
        """Flush and renew until the end; what fails is said at the next line."""
        since = 0.0
        while not ended.wait(FLUSH_SECONDS):
            try:
                self._flush()
                since += FLUSH_SECONDS
                if since >= RENEW_SECONDS:
                    self._renew()
                    since = 0.0
            except BgtoolError as error:
                self._fault = error
                return
            except Exception:  # the lease grows old; the next segment tells whether that mattered
                continue

    def _holder(self) -> str:
        """Which run the lease is of; nothing where that cannot be told."""
        with suppress(Exception):
            return str(json.loads(self._content(self._lease))["run"])
        return ""

    def _renew(self) -> None:
        if self._is_held and self._holder() not in ("", self._run):
            raise OutputError(TAKEN_OVER)
        holder = {"run": self._run, "machine": _machine(), "pid": os.getpid()}
        retried(lambda: self._fs.pipe_file(self._lease, json.dumps(holder).encode()))

    def _is_leased(self) -> bool:
        """Whether another run is to be believed at work."""
        try:
            holder = json.loads(self._content(self._lease))
            written = time_of(retried(lambda: self._fs.info(self._lease, **self._fresh())))
        except Exception as error:
            if is_missing(error) or isinstance(error, ValueError):
                return False
            raise
        if holder.get("machine") == _machine() and not _runs(int(holder.get("pid", 0))):
            return False
        now = self._now()
        return written is None or now is None or now - written < LEASE_SECONDS

    def _now(self) -> float | None:
        """The store's clock, told by the time of an object made just now."""
        retried(lambda: self._fs.pipe_file(self._clock, b"."))
        return time_of(retried(lambda: self._fs.info(self._clock, **self._fresh())))

    def _fresh(self) -> dict[str, bool]:
        return {"refresh": True} if self._scheme == "s3" else {}

    def _segment(self, number: int) -> str:
        return f"{self.where}/{number:08d}.jsonl"

    def _announcement(self, name: str, digest: str) -> str:
        return f"{self._begun}/{hashlib.sha256(_bytes_of(digest, name)).hexdigest()[:40]}"

    def _numbers(self) -> list[int]:
        names = self._names(self.where)
        return [int(name.removesuffix(".jsonl")) for name in names if name.removesuffix(".jsonl").isdigit()]

    def _announcements(self) -> list[str]:
        return [f"{self._begun}/{name}" for name in self._names(self._begun)]

    def _names(self, folder: str) -> list[str]:
        try:
            return [name for name, _ in listed(self._fs, self._scheme, folder)]
        except Exception as error:
            if is_missing(error):
                return []
            raise

    def _contents(self, paths: Iterable[str]) -> Iterator[bytes]:
        """A few at a time, so that a long record does not stand in memory; nothing of an object that is gone."""
        rest = iter(paths)
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            while some := list(islice(rest, _AT_A_TIME)):
                yield from pool.map(self._content_or_nothing, some)

    def _content_or_nothing(self, path: str) -> bytes:
        try:
            return self._content(path)
        except Exception as error:
            if is_missing(error):
                return b""
            raise

    def _content(self, path: str) -> bytes:
        """Of one object, in one request: without a range, some file systems ask for the size first."""
        return bytes(retried(lambda: self._fs.cat_file(path, start=0, end=_LARGEST)))

    def _remove(self, paths: list[str]) -> None:
        """Remove objects, one by one: several at once are patterns to fsspec. One that stays is no harm."""

        def remove(path: str) -> None:
            with suppress(Exception):
                self._fs.rm_file(path)

        if paths:
            with ThreadPoolExecutor(_AT_A_TIME) as pool:
                list(pool.map(remove, paths))

    def _abort_uploads(self) -> None:
        """End what killed workers had begun to upload, so that no parts stay in the store (S3)."""
        names = [name for name, _ in self.announced()] if self._scheme == "s3" else []
        for name in names:
            bucket, key, _ = self._fs.split_path(f"{self._folder}/{name}")
            with suppress(Exception):
                found = self._fs.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=key)
                for upload in found.get("Uploads", ()):
                    asked = {"Bucket": bucket, "Key": upload["Key"], "UploadId": upload["UploadId"]}
                    if upload["Key"] == key:
                        self._fs.call_s3("abort_multipart_upload", **asked)


def _bytes_of(digest: str, name: str) -> bytes:
    """What an announcement holds; names of files need not be text."""
    return f"{digest} {name}".encode(errors="surrogateescape")


def _machine() -> str:
    """This machine since it was started, and the container whose processes are seen, as far as the system tells."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{platform.node()} {boot} {Path('/proc/self/ns/pid').readlink()}"
    return platform.node()


def _runs(pid: int) -> bool:
    """Whether a process of this machine is there; true where that cannot be told."""
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
