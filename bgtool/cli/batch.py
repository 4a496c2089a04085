"""What `clean` and `cutout` share: the options of a batch, and how one is run on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bgtool.batch.lists import paths_in
from bgtool.cli.parameters import word_option
from bgtool.cli.presets import apply
from bgtool.errors import UsageError
from bgtool.options import BatchOptions
from bgtool.runtime.task import ModelTask
from bgtool.storage.urls import is_url


def batch_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Arguments and options that every batch command takes."""
    defaults = BatchOptions(inputs=(), output="")
    decorators = [
        click.argument("inputs", nargs=-1, metavar="INPUT..."),
        click.option("--from-list", metavar="FILE",
                     help="Take the inputs from a list, one path a line; - for standard input."),
        click.option("-o", "--output", required=True, metavar="DIR",
                     help="Folder or URL of the results; one file for one input; - for standard output."),
        click.option("--preset", metavar="NAME",
                     help="Options under a name: archive, web, print, or your own in bgtool.toml."),
        click.option("--model", metavar="NAME|FILE", help="Shipped model, or one made by `python -m export`."),
        click.option("--device", default=defaults.device, metavar="auto|cpu|cuda[:N,...]|...", show_default=True,
                     help="Where the network runs; several GPUs as cuda:0,1 or cuda:all; also openvino, directml[:N], "
                     "tensorrt[:N] and coreml, where their packages are installed."),
        word_option("--format", defaults.format,
                    help="Format of the results; `same` follows each input as far as it can hold the result."),
        click.option("--quality", type=click.IntRange(1, 100), metavar="1..100",
                     help="Of JPEG and of colours in WebP.  [default: 85 for grey JPEG, else 92]"),
        click.option("--jobs", type=click.IntRange(0), default=defaults.jobs, metavar="N",
                     help="Files under way at a time; 0: chosen for you.  [default: 0]"),
        click.option("--tile", type=click.IntRange(0), default=defaults.tile, metavar="N",
                     help="Largest side of a window in pixels, halo included; 0: chosen for you.  [default: 0]"),
        click.option("--max-megapixels", type=click.FloatRange(0, min_open=True), default=defaults.max_megapixels,
                     show_default=True, metavar="N", help="Refuse larger images."),
        click.option("--recursive/--no-recursive", default=True, help="Search folders below their first level."),
        click.option("--overwrite", is_flag=True, help="Redo what is done, and replace files not made by bgtool."),
        click.option("--dry-run", is_flag=True, help="Print what would be written, and write nothing."),
        click.option("--checksum/--no-checksum", default=False,
                     help="Tell by content, not by size and time, what has changed."),
        click.option("--watch", is_flag=True, help="Stay, and process files as they come into the folders."),
        *cluster_options(defaults),
        click.option("--report", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.html",
                     help="Make the review page of the output folder after the run."),
        click.option("--log", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
                     help="Add a line of JSON for each event to a file."),
        click.option("--quiet", is_flag=True, help="Show only warnings and failures."),
    ]  # fmt: skip
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def cluster_options(defaults: BatchOptions) -> list[Callable[..., Any]]:
    """Those that say who does the work."""
    return [
        word_option("--engine", defaults.engine,
                    help="Who does the work: a process of this machine, or the workers of a Ray cluster."),
        click.option("--ray-address", default=defaults.ray_address, show_default=True, metavar="auto|local|ADDRESS",
                     help="Of the cluster; `auto`: the one this machine is in; `local`: one that is started here."),
        click.option("--workers", type=click.IntRange(0), default=defaults.workers, metavar="N",
                     help="Workers of the cluster; 0: as many as it has room for.  [default: 0]"),
        click.option("--worker-cpus", type=click.IntRange(1), default=defaults.worker_cpus, metavar="N",
                     show_default=True, help="Cores of a worker."),
        click.option("--worker-gpus", type=click.FloatRange(0), default=defaults.worker_gpus, metavar="X",
                     show_default=True, help="GPUs of a worker; a part of one may be shared."),
    ]  # fmt: skip


@dataclass(frozen=True)
class Terminal:
    """What the command line does beside the run.

    Attributes:
        quiet: whether only warnings and failures are shown.
        report: where the review page goes.
        log: where the lines of events go.
    """

    quiet: bool = False
    report: Path | None = None
    log: Path | None = None

    @classmethod
    def of(cls, values: dict[str, Any]) -> Terminal:
        """Take the terminal's own out of the values of a command; what a list and a preset say goes into them.

        Raises:
            UsageError: standard input is asked for twice, the list cannot be read, or there is no such preset.
        """
        from bgtool.engine.job import STREAM

        terminal, listed = cls(*(values.pop(name) for name in ("quiet", "report", "log"))), values.pop("from_list")
        if listed == STREAM and STREAM in values["inputs"]:
            raise UsageError("standard input cannot be both an input and the list of inputs")
        if listed:
            values["inputs"] += paths_in(listed)
        apply(click.get_current_context(), values)
        return terminal

    def check(self, options: BatchOptions) -> None:
        """Raise UsageError where a review page is asked for and cannot be made."""
        if not self.report:
            return
        from bgtool.optional import require
        from bgtool.report.page import refuse_foreign

        if options.dry_run or options.watch:
            raise UsageError(
                "--report goes neither with --dry-run nor with --watch", "bgtool review DIR makes it later"
            )
        if is_url(options.output):
            raise UsageError("--report needs an output folder on this machine")
        require("report")
        refuse_foreign(self.report)


def start(options: BatchOptions, terminal: Terminal) -> None:
    """Run a batch on the terminal and exit with its status."""
    from bgtool.batch.run import run_batch
    from bgtool.cli.log import Logged
    from bgtool.cli.progress import RunConsole, screen_of

    terminal.check(options)
    began, quiet = time.monotonic(), terminal.quiet
    screen = screen_of()
    unit = "photos" if options.task is ModelTask.PERSON else "pages"
    console = RunConsole(screen, quiet, unit=unit, naming=options.watch)
    with console, Logged(console, terminal.log) as observer:
        summary = run_batch(options, observer, keep=terminal.report is not None)
    if options.dry_run:
        console.summarise_rehearsal(summary)
    else:
        console.summarise(summary)
    if terminal.report:
        from bgtool.batch.joining import single
        from bgtool.report.page import Speed, write_review

        speed, folder = Speed(time.monotonic() - began, summary.done, summary.skipped), Path(single(options).output)
        console.say(f"review page: {write_review(folder, terminal.report, summary.outcomes, speed)}")
    sys.exit(summary.exit_code)
