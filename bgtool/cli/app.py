"""The command line. Builds one options object, hands it on, and turns what comes back into an exit status."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from dataclasses import astuple, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO, cast

import click

from bgtool._version import __version__
from bgtool.cli.streams import Lasting
from bgtool.engine.interrupts import INTERRUPTED, Interrupt, hear, leave
from bgtool.errors import BgtoolError, InputError, OutputError, UsageError, printable
from bgtool.imaging.formats import Format
from bgtool.options import (
    MOST_SCALE,
    BatchOptions,
    CleanOptions,
    CutoutOptions,
    Polarity,
    Style,
    with_enums,
)
from bgtool.spelling import advice, choice


class Cli(click.Group):
    """The group whose commands share one boundary: a `BgtoolError` becomes a message and its exit status."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is asked for, or what may have been meant."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            raise UsageError(f"unknown command {args[0]!r}", advice(args[0], self.commands))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; nothing that bgtool raises on purpose, nor the system of its output, shows a traceback."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            raise click.UsageError(printable(str(error))) from None
        except BgtoolError as error:
            click.echo(f"bgtool: {printable(str(error))}", err=True)
            ctx.exit(error.exit_code)
        except OSError as error:
            if error.errno == errno.EPIPE:  # click ends quietly on it
                raise
            click.echo(f"bgtool: {printable(str(error))}", err=True)
            ctx.exit(OutputError.exit_code)
        except KeyboardInterrupt:
            hear(leave)
            click.echo("bgtool: interrupted; the same command again goes on where it stopped", err=True)
            ctx.exit(INTERRUPTED)
        finally:
            hear(leave)


@click.group(cls=Cli, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="bgtool")
def main() -> None:
    """Batch background removal: clean scanned documents, cut people out of photos."""
    hear(Interrupt())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show is no reason to fail
    if sys.stderr:
        sys.stderr = cast(TextIO, Lasting(sys.stderr))


class Choice(click.Choice[str]):
    """A choice among words, which takes other spellings too and says what may have been meant."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word that is meant."""
        try:
            return choice(value, self.choices, (param and param.name) or "value")
        except UsageError as error:
            self.fail(printable(str(error)), param, ctx)


def words(values: type[StrEnum]) -> list[str]:
    """What an option takes for the values of an enum."""
    return [value.value for value in values]


def batch_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Arguments and options that every batch command takes."""
    defaults = BatchOptions(inputs=(), output="")
    decorators = [
        click.argument("inputs", nargs=-1, required=True, metavar="INPUT..."),
        click.option("-o", "--output", required=True, metavar="DIR",
                     help="Folder of the results; one file for one input; - for standard output."),
        click.option("--model", metavar="NAME|FILE", help="Shipped model, or one made by `python -m export`."),
        click.option("--device", default=defaults.device, metavar="auto|cpu|cuda[:N]|...", show_default=True,
                     help="Where the network runs; also openvino, directml[:N], tensorrt[:N] and coreml, where "
                     "their packages are installed."),
        click.option("--format", type=Choice(words(Format)), default=defaults.format.value, show_default=True,
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
        click.option("--checksum", is_flag=True, help="Tell by content, not by size and time, what has changed."),
        click.option("--watch", is_flag=True, help="Stay, and process files as they come into the folders."),
        click.option("--quiet", is_flag=True, help="Show only warnings and failures."),
    ]  # fmt: skip
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


@main.command()
@batch_options
@click.option(
    "--style",
    type=Choice(words(Style)),
    default=Style.GRAY.value,
    show_default=True,
    help="gray: soft edges; bilevel: black and white; color: the ink's own colours on white.",
)
@click.option(
    "--scale",
    type=Choice(["auto", *map(str, range(1, MOST_SCALE + 1))]),
    default="auto",
    show_default=True,
    help="How many times pages are enlarged for the network, which small writing wants; the results keep their size.",
)
@click.option("--polarity", type=Choice(words(Polarity)), default=Polarity.AUTO.value, show_default=True,
              help="auto: invert pages that are light on dark as a whole; keep: none; invert: all.")  # fmt: skip
def clean(quiet: bool, scale: str, **values: Any) -> None:
    """Clean scanned documents: ink stays, paper turns white.

    INPUT is files, folders (their tree is mirrored below DIR) or - for standard input.
    The same command again does only what is missing or changed; a single output file is made anew.
    """
    times = 0 if scale == "auto" else int(scale)
    start(CleanOptions(scale=times, **with_enums(values)), quiet)


@main.command()
@batch_options
@click.option(
    "--background",
    default=CutoutOptions.background,
    show_default=True,
    metavar="transparent|blur|COLOUR|IMAGE",
    help="What stands behind the person: nothing, the photo out of focus, white, #336699, a file.",
)
@click.option("--mask-only", is_flag=True, help="Write the mask alone: grey, 255 = person.")
@click.option("--crop", is_flag=True, help="Keep no more than the box around the person.")  # fmt: skip
def cutout(quiet: bool, **values: Any) -> None:
    """Cut people out of photos, at full size, with clean edges.

    INPUT is files, folders (their tree is mirrored below DIR) or - for standard input.
    JPEG holds no transparency: without a background such photos become PNG.
    The same command again does only what is missing or changed; a single output file is made anew.
    """
    start(CutoutOptions(**with_enums(values)), quiet)


def start(options: BatchOptions, quiet: bool) -> None:
    """Run a batch on the terminal and exit with its status."""
    from rich.console import Console

    from bgtool.batch.run import run_batch
    from bgtool.cli.progress import RunConsole

    screen = Console(file=sys.stderr or Path(os.devnull).open("w"), emoji=False)  # noqa: SIM115
    unit = "photos" if options.task == "person" else "pages"
    with RunConsole(screen, quiet, unit=unit, naming=options.watch) as console:
        summary = run_batch(options, console)
    if options.dry_run:
        console.summarise_rehearsal(summary)
    else:
        console.summarise(summary)
    sys.exit(summary.exit_code)


@main.command()
@click.argument("truth", type=click.Path(exists=True, path_type=Path))
@click.argument("result", type=click.Path(exists=True, path_type=Path))
@click.option("--task", type=Choice(["document", "person"]), default="document", show_default=True,
              help="What the images show: pages (DIBCO metrics) or masks of people (Jaccard index).")  # fmt: skip
def score(truth: Path, result: Path, task: Any) -> None:
    """Measure results against their truth, file by file and on average.

    Documents: F-measure, pseudo-F-measure (percent), PSNR (dB), DRD. People: Jaccard index, boundary F-measure.
    TRUTH and RESULT are files, or folders whose files are matched by name without suffix.
    """
    from bgtool.scoring.files import score as scores_of
    from bgtool.scoring.metrics import mean

    scores = list(scores_of(truth, result, task))
    measured = [item.figures for item in scores if not isinstance(item.figures, InputError)]
    names = [field.name for field in fields(measured[0])] if measured else []
    click.echo("\t".join(["name", *names]))
    for item in scores:
        if isinstance(item.figures, InputError):
            click.echo(f"failed {item.name}: {item.figures}", err=True)
        else:
            click.echo(row(item.name, item.figures))
    if measured:
        click.echo(row("mean", mean(measured)))
    sys.exit(1 if len(measured) < len(scores) else 0)


def row(name: str, figures: Any) -> str:
    """One line of figures, separated by tabs."""
    return "\t".join([name, *(f"{value:.4f}" for value in astuple(figures))])


@main.command()
def models() -> None:
    """What ships, with its card."""
    from bgtool.runtime.catalogue import shipped_models
    from bgtool.runtime.session import read_card

    for model in shipped_models():
        card = read_card(model.name, model.task)
        click.echo(f"{model.name}: {model.summary}")
        for name, text in card.lines():
            click.echo(f"  {name:<14} {text}")
        click.echo(f"  {'sha256':<14} {model.sha256}")


@main.command()
def doctor() -> None:
    """What this machine can run on, proved by running it."""
    from bgtool.runtime.devices import KINDS
    from bgtool.runtime.doctor import examine

    findings = list(examine())
    for finding in findings:
        click.echo(f"{'ok ' if finding.good else 'no '} {finding.subject:<20} {finding.text}")
    sys.exit(0 if any(finding.good for finding in findings if finding.subject in KINDS) else 3)
