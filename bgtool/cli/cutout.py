"""``bgtool cutout``."""

from __future__ import annotations

from typing import Any

import click

from bgtool.cli.batch import batch_options, start
from bgtool.options import CutoutOptions, with_enums


@click.command()
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
