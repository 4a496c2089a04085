"""What a person sees of a run: rich progress on a terminal, plain lines elsewhere. All of it on stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from heapq import nlargest, nsmallest
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

from bgtool.batch.pace import clock, speed, time_left
from bgtool.batch.summary import Summary
from bgtool.engine.job import Job, Outcome, Status
from bgtool.errors import printable

NAMED, MANY = 3, 20
"""Files that are named as slowest or least sure; files of a run from which the slowest are named."""

PLAIN_INTERVAL = 10.0
"""Seconds between two progress lines without a terminal."""


def screen_of() -> Console:
    """Standard error as rich draws on it; where there is none, what is drawn goes nowhere."""
    return Console(file=sys.stderr or Path(os.devnull).open("w"), emoji=False)


class SpeedColumn(ProgressColumn):
    """Pages/s, megapixels/s and the time left, as of the whole run."""

    def render(self, task: Task) -> Text:
        """The column of one redraw."""
        fields, elapsed = task.fields, task.elapsed or 0.0
        return Text(
            speed(fields["pages"], fields["unit"], fields["megapixels"], elapsed)
            + time_left(task.completed, task.total, elapsed)
        )


class RunConsole:
    """Observer of a run that draws it on a rich console.

    Args:
        console: where to draw; its ``is_terminal`` decides between a bar and lines.
        quiet: whether only failures and warnings are shown.
        now: monotonic clock in seconds.
        unit: what is counted, pages or photos.
        naming: whether files that went well are named as well, as over folders that are watched.
    """

    def __init__(
        self,
        console: Console,
        quiet: bool = False,
        now: Callable[[], float] = time.monotonic,
        *,
        unit: str = "pages",
        naming: bool = False,
    ) -> None:
        self.console, self.quiet, self.now = console, quiet, now
        self.unit, self.naming = unit, naming
        self.start = self.last_line = now()
        self.total = self.done = self.pages = self.rehearsals = 0
        self.megapixels = 0.0
        self.slowest: list[tuple[float, str]] = []
        self.doubtful: list[tuple[float, str, str]] = []
        self.doubts = 0
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            SpeedColumn(),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self.task = self.progress.add_task("files", total=None, megapixels=0.0, pages=0, unit=unit)

    def __enter__(self) -> RunConsole:
        self.progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.progress.stop()

    def planned(self, total: int, skipped: int, device: str) -> None:
        """A round begins: files to do, files that the manifest calls done, and where the model runs."""
        if not self.total:
            self.start = self.last_line = self.now()
        self.total += total
        self.progress.update(self.task, total=self.total)
        done = f", {skipped} already done" if skipped else ""
        self.say(f"{total} to do{done}, on {device}")

    def note(self, text: str) -> None:
        """Something the user should know about the whole run."""
        self.say(text)

    def advanced(self, pixels: int) -> None:
        """Pixels cleaned since the last call; also called with 0 as time goes by."""
        self.megapixels += pixels / 1e6
        self.progress.update(self.task, megapixels=self.megapixels)
        now = self.now()
        if not self.console.is_terminal and now - self.last_line >= PLAIN_INTERVAL:
            self.last_line = now
            elapsed = now - self.start
            left = time_left(self.done, self.total, elapsed)
            rate = speed(self.pages, self.unit, self.megapixels, elapsed)
            self.say(f"{self.done} of {self.total} files" + (f", {rate}{left}" if rate else ""))

    def finished(self, outcome: Outcome) -> None:
        """One file is done or has failed."""
        self.done += outcome.files
        self.pages += outcome.pages
        self.progress.update(self.task, completed=self.done, pages=self.pages)
        self._remember(outcome)
        if self.naming and outcome.status is Status.DONE:
            self.say(f"done {printable(outcome.source)} -> {printable(outcome.output)}")
        said = [("[red]failed[/]", outcome.error)] * (outcome.status is Status.FAILED)
        said += [("[yellow]warning[/]", warning) for warning in outcome.warnings]
        for kind, text in said:
            line = escape(f"{printable(outcome.source)}: {printable(text)}")
            self.console.print(f"{kind} {line}", soft_wrap=True, highlight=False)

    def _remember(self, outcome: Outcome) -> None:
        """Keep the slowest files and the least sure ones."""
        self.slowest = nlargest(NAMED, [*self.slowest, (outcome.seconds, outcome.source)])
        if outcome.confidence and outcome.confidence.reasons:
            self.doubts += 1
            doubt = (outcome.confidence.value, outcome.source, ", ".join(outcome.confidence.reasons))
            self.doubtful = nsmallest(NAMED, [*self.doubtful, doubt])

    def rehearsed(self, job: Job) -> None:
        """A dry run would do this job; the plan goes to standard output, since it is what was asked for."""
        self.rehearsals += 1
        click.echo(f"{printable(job.source)} -> {printable(job.target)}")

    def summarise_rehearsal(self, summary: Summary) -> None:
        """The last line of a dry run."""
        counts = [f"{self.rehearsals} to do" if self.rehearsals else "nothing to do"]
        counts += [f"{summary.skipped} already done"] * bool(summary.skipped)
        counts += [f"{summary.failed} would fail"] * bool(summary.failed)
        self.say(f"dry run: {', '.join(counts)}")

    def summarise(self, summary: Summary) -> None:
        """The last lines of a run: of a long one the slowest files, the least sure ones, and the counts."""
        if self.done >= MANY:
            slow = ", ".join(f"{printable(name)} ({seconds:.1f} s)" for seconds, name in self.slowest)
            self.say(f"slowest: {slow}")
        if self.doubtful:
            sample = "; ".join(f"{printable(name)} ({why})" for _, name, why in self.doubtful)
            self.say(f"{self.doubts} deserve a look, least sure first: {sample}")
        counts = [f"{summary.done} done"]
        counts += [f"{summary.skipped} already done"] * bool(summary.skipped)
        counts += [f"{summary.failed} failed"] * bool(summary.failed)
        elapsed = self.now() - self.start
        rate = speed(self.pages, self.unit, self.megapixels, elapsed)
        self.say(f"{', '.join(counts)} in {clock(elapsed)}" + (f", {rate}" if rate else ""))

    def say(self, text: str) -> None:
        """One plain line, unless quiet."""
        if not self.quiet:
            self.console.print(escape(text), soft_wrap=True, highlight=False)
