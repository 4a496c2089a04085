"""The log of a run, for those who are not there to see it: one line of JSON an event, added to a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from bgtool.batch.observer import Observer
from bgtool.engine.job import Job, Outcome
from bgtool.storage.local import folder_errors


class Logged:
    """An observer that hands on what it is told, and writes it down; without a file it writes nothing.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, observer: Observer, file: Path | None) -> None:
        self._observer, self._path = observer, file
        self._file: BinaryIO | None = None
        if file:
            with folder_errors(file):
                file.parent.mkdir(parents=True, exist_ok=True)
                self._file = file.open("ab", buffering=0)

    def __enter__(self) -> Logged:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._write("ended", error=f"{kind.__name__}: {error}" if kind else None)
        if self._file:
            self._file.close()

    def planned(self, total: int, skipped: int, device: str) -> None:
        """A round begins."""
        self._write("planned", files=total, skipped=skipped, device=device)
        self._observer.planned(total, skipped, device)

    def note(self, text: str) -> None:
        """Something about the whole run."""
        self._write("note", text=text)
        self._observer.note(text)

    def advanced(self, pixels: int) -> None:
        """Pixels processed since the last call; not written down."""
        self._observer.advanced(pixels)

    def finished(self, outcome: Outcome) -> None:
        """One file is done or has failed."""
        confidence = outcome.confidence
        self._write(
            outcome.status.value,
            input=outcome.source,
            output=outcome.output,
            pages=outcome.pages,
            seconds=round(outcome.seconds, 3),
            warnings=outcome.warnings,
            error=outcome.error or None,
            confidence=round(confidence.value, 4) if confidence else None,
            reasons=confidence.reasons if confidence else (),
        )
        self._observer.finished(outcome)

    def rehearsed(self, job: Job) -> None:
        """A dry run would do this job."""
        self._write("rehearsed", input=job.source, output=job.target)
        self._observer.rehearsed(job)

    def _write(self, event: str, **values: Any) -> None:
        if not self._file:
            return
        known = {name: value for name, value in values.items() if value not in (None, (), "")}
        line = json.dumps({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **known})
        with folder_errors(self._path or ""):
            self._file.write(line.encode() + b"\n")
