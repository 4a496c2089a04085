"""``bgtool review``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--output", "file", metavar="FILE.html", type=click.Path(dir_okay=False, path_type=Path),
              help="The page; its pictures go into a folder beside it.  [default: DIR/review.html]")  # fmt: skip
def review(folder: Path, file: Path | None) -> None:
    """Make the review page of an output folder, from what its runs put on record.

    The page opens in any browser, without a server and without the network: failures and doubtful results first, each
    before and after. What you reject there comes out as a list for `--from-list`.
    """
    from bgtool.report.page import write_review

    click.echo(write_review(folder, file))
