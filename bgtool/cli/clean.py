"""``bgtool clean``."""

from __future__ import annotations

from typing import Any

import click

from bgtool.cli.batch import Terminal, batch_options, start
from bgtool.cli.parameters import Choice, word_option
from bgtool.options import MOST_DPI, MOST_SCALE, CleanOptions, CropTo, Pictures, Polarity, Split, Style, with_enums


@click.command()
@batch_options
@word_option(
    "--style", Style.GRAY, "gray: soft edges; bilevel: black and white; color: the ink's own colours on white."
)
@click.option(
    "--scale",
    type=Choice(["auto", *map(str, range(1, MOST_SCALE + 1))]),
    default="auto",
    show_default=True,
    help="How many times pages are enlarged for the network, which small writing wants; the results keep their size.",
)
@click.option(
    "--enlarge",
    type=click.IntRange(1, MOST_SCALE),
    default=1,
    metavar="N",
    help=f"Make results 2 to {MOST_SCALE} times as large as the scans: bilevel text of coarse scans is read better so."
    "  [default: 1]",
)
@word_option(
    "--polarity", Polarity.AUTO, "auto: invert pages that are light on dark as a whole; keep: none; invert: all."
)
@word_option(
    "--pictures", Pictures.KEEP, "keep: recognised pictures stay (bilevel: as dots); drop: they are cleaned, too."
)
@click.option(
    "--rotate-pages/--no-rotate-pages",
    default=False,
    help="Turn scans that lie on their side or upside down, where tesseract is sure of it.",
)
@click.option(
    "--deskew/--no-deskew",
    default=False,
    help="Turn scans until their lines are level (15 degrees at most); pages on their side get a warning.",
)
@word_option("--crop", CropTo.NONE, "page: cut to the sheet, without its bed; ink: to what is written.")
@click.option(
    "--margin",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Pixels that --crop ink leaves around what is written.  [default: 0]",
)
@word_option(
    "--split", Split.NONE, "auto: make two pages of a double page: files named -1, -2, or pages of one TIFF or PDF."
)
@click.option("--right-to-left/--no-right-to-left", default=False, help="The right half of a double page comes first.")
@click.option(
    "--dpi",
    type=click.IntRange(0, MOST_DPI),
    default=0,
    metavar="N",
    help="Pixels per inch of the scans, whatever their files say; 0: as they say.  [default: 0]",
)
@click.option("--join/--no-join", default=False,
              help="One PDF for each folder of inputs, in the order of names; in --format pdf or pdfa.")  # fmt: skip
@click.option(
    "--ocr", default="", metavar="LANG", help="Lay what tesseract reads beneath the pages of PDFs: deu, or deu+lat."
)
def clean(**values: Any) -> None:
    """Clean scanned documents: ink stays, paper turns white.

    INPUT is files, folders (their tree is mirrored below DIR) or - for standard input.
    The same command again does only what is missing or changed; a single output file is made anew.
    """
    terminal = Terminal.of(values)
    values["scale"] = 0 if values["scale"] == "auto" else int(values["scale"])
    start(CleanOptions(**with_enums(values)), terminal)
