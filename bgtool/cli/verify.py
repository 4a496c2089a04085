"""``bgtool verify``."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import click

from bgtool.errors import printable

if TYPE_CHECKING:
    from rich.progress import Progress

    from bgtool.batch.verification import Finding, Verification


@click.command()
@click.argument("folder", metavar="DIR")
@click.option("--no-inputs", is_flag=True, help="Compare the outputs alone.")
@click.option("--jobs", type=click.IntRange(0), default=0, metavar="N",
              help="Files read at a time; 0: as many as there are cores.  [default: 0]")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print each finding as a line of JSON.")
@click.option("--quiet", is_flag=True, help="Print the findings alone.")
def verify(folder: str, no_inputs: bool, jobs: int, as_json: bool, quiet: bool) -> None:
    """Compare an output folder with its manifest: outputs and inputs by SHA-256, and files of no line.

    Each file that is missing, changed, unreadable, orphaned (in DIR, but no output on record) or astray (on record, but
    no place in DIR) is one line: what, output or input, path and why, separated by tabs. Output folders in DIR with
    manifests of their own are compared with those. Exit status 0: all is as it was; 1: it is not.
    """
    from bgtool.batch.verification import Verification
    from bgtool.storage.urls import checked

    counts: Counter[str] = Counter()
    progress = _Advance(quiet)
    run = Verification(checked(folder), inputs=not no_inputs, jobs=jobs, advanced=progress.advanced)
    with progress.shown:
        for finding in run.findings():
            counts[finding.kind] += 1
            click.echo(_line(finding, as_json))
    if not quiet:
        _summarise(run, counts)
    sys.exit(1 if counts else 0)


def _line(finding: Finding, as_json: bool) -> str:
    """JSON holds any name as it is, in ASCII; between tabs it is escaped as on a terminal."""
    return json.dumps(finding._asdict()) if as_json else "\t".join(map(printable, finding))


def _summarise(run: Verification, counts: Counter[str]) -> None:
    for root, number in run.unreachable.items():
        click.echo(f"not compared, for {printable(root)} is not there: {number} inputs", err=True)
    compared = ", ".join(f"{number} {role}s" for role, number in run.checked.items()) or "nothing"
    found = ", ".join(f"{number} {kind}" for kind, number in counts.items()) or "all as on record"
    click.echo(f"compared {compared}: {found}", err=True)


class _Advance:
    """Says how far it is: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self, quiet: bool) -> None:
        from bgtool.cli.progress import PLAIN_INTERVAL

        self._quiet, self._interval, self._last = quiet, PLAIN_INTERVAL, time.monotonic()
        self.shown = _bar(quiet)
        self._task = self.shown.add_task("files", total=None)

    def advanced(self, done: int, total: int) -> None:
        """So many inputs on record of so many are dealt with."""
        self.shown.update(self._task, completed=done, total=total)
        now = time.monotonic()
        if not self._quiet and not self.shown.console.is_terminal and now - self._last >= self._interval:
            self._last = now
            click.echo(f"{done} of {total}", err=True)


def _bar(quiet: bool) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    from bgtool.cli.progress import screen_of

    screen = screen_of()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    return Progress(
        *columns, console=screen, transient=True, redirect_stdout=False, disable=quiet or not screen.is_terminal
    )
