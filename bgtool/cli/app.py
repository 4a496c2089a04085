"""The command line: the group of all commands, and where an error becomes a message and an exit status."""

from __future__ import annotations

import errno
import io
import sys
from typing import Any, TextIO, cast

import click

from bgtool._version import __version__
from bgtool.cli.bag import bag
from bgtool.cli.clean import clean
from bgtool.cli.completion import completion
from bgtool.cli.cutout import cutout
from bgtool.cli.doctor import doctor
from bgtool.cli.models import models
from bgtool.cli.review import review
from bgtool.cli.score import score
from bgtool.cli.streams import ResilientStream
from bgtool.cli.verify import verify
from bgtool.cli.window import app
from bgtool.engine.interrupts import INTERRUPTED, Interrupt, hear, leave
from bgtool.errors import BgtoolError, OutputError, UsageError, printable
from bgtool.spelling import advice


class Cli(click.Group):
    """The group whose commands share one boundary: a `BgtoolError` becomes a message and its exit status."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is asked for, or what may have been meant."""
        if not ctx.resilient_parsing and args[0] not in self.commands and not args[0].startswith("-"):
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
        sys.stderr = cast(TextIO, ResilientStream(sys.stderr))


for command in (clean, cutout, app, review, verify, bag, score, models, doctor, completion):
    main.add_command(command)
