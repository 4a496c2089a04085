"""``bgtool cutout``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from bgtool.cli.batch import Terminal, batch_options, start
from bgtool.cli.parameters import word_option
from bgtool.cli.presets import PARTS, is_given
from bgtool.errors import UsageError
from bgtool.options import MOST_EDGE, CutoutOptions, with_enums


@click.command()
@batch_options
@click.option(
    "--background",
    default=CutoutOptions.background,
    show_default=True,
    metavar="transparent|blur|COLOUR|IMAGE",
    help="What stands behind the person: nothing, the photo out of focus, white, #336699, a file.",
)
@click.option("--mask-only/--no-mask-only", default=False, help="Write the mask alone: grey, 255 = person.")
@click.option("--crop/--no-crop", default=False, help="Keep no more than the box around the person.")
@click.option("--padding", default="", metavar="N|N%",
              help="Crop, and keep so many pixels around the box, or percent of its longer side.")  # fmt: skip
@click.option("--aspect", default="", metavar="W:H", help="Crop to this width and height, as 3:4.")
@click.option("--size", default="", metavar="NAME|WxHmm|in|px[@DPI]",
              help="Frame head and shoulders for a print: passport, us-passport, or a size as 35x45mm or "
              "2x2in@600.")  # fmt: skip
@click.option("--keep-specks/--no-keep-specks", default=False, help="Keep small islands far from any person.")
@click.option("--edge", type=click.IntRange(-MOST_EDGE, MOST_EDGE), default=CutoutOptions.edge, metavar="-N..+N",
              help="Move the outline by pixels, outwards or inwards.  [default: 0]")  # fmt: skip
@word_option("--empty", CutoutOptions.empty,
             help="Of a photo without people write an empty cut-out, the photo as it is, or nothing.")  # fmt: skip
def cutout(**values: Any) -> None:
    """Cut people out of photos, at full size, with clean edges.

    INPUT is files, folders (their tree is mirrored below DIR) or - for standard input.
    JPEG holds no transparency: without a background such photos become PNG.
    The same command again does only what is missing or changed; a single output file is made anew.
    """
    terminal = Terminal.of(values)
    check_crop(values)
    start(CutoutOptions(**with_enums(values)), terminal)


def check_crop(values: Mapping[str, Any]) -> None:
    """Raise UsageError where the command line asks for the whole photo and for a part of it."""
    asked = [name for name, whole in PARTS.items() if values[name] and not values[whole]]
    if asked and is_given(click.get_current_context(), "crop"):
        raise UsageError(f"--no-crop keeps the whole photo, and --{asked[0]} crops it", "leave one of them out")
