"""Make pages to train on."""

from __future__ import annotations

from pathlib import Path

import click

from training.cli.errors import one_line
from training.drawing.material import gathered
from training.drawing.page import write_drawn
from training.drawing.typeset import find_fonts, write_pages


@click.command()
@click.option("--fonts", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
              help="Folder of font files; those that lie together are a family.")  # fmt: skip
@click.option("--pattern", default="*-latin-[47]00-*.woff", help="Names of the files to use.")
@click.option("--count", type=click.IntRange(1), default=240, help="Pages.")
@click.option("--side", type=click.IntRange(64), default=1024, help="Height and width of a page in pixels.")
@click.option("--seed", type=int, default=0, help="Start of all random numbers.")
@click.option("--output", "-o", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/Typeset"),
              help="Folder of the pages: img/ and gt/.")  # fmt: skip
def typeset(fonts: Path, pattern: str, count: int, side: int, seed: int, output: Path) -> None:
    """Make pages of type in many faces, with mirrored type shining through, for `document --typeset`."""
    with one_line():
        write_pages(find_fonts(fonts, pattern), count, side, seed, output)


@click.command()
@click.option("--fonts", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True, multiple=True,
              help="Folder of font files; those that lie together are a family. Repeatable.")  # fmt: skip
@click.option("--pattern", default="*.*", help="Names of the files to use, of fonts.")
@click.option("--photos", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder of photos; without, pictures are made of noise.")  # fmt: skip
@click.option("--count", type=click.IntRange(1), default=2000, help="Pages.")
@click.option("--side", type=click.IntRange(64), default=768, help="Height and width of a page in pixels.")
@click.option("--seed", type=int, default=0, help="Start of all random numbers.")
@click.option("--output", "-o", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/Drawn"),
              help="Folder of the pages: img/, gt/ and pictures/.")  # fmt: skip
def draw(
    fonts: tuple[Path, ...], pattern: str, photos: Path | None, count: int, side: int, seed: int, output: Path
) -> None:
    """Make pages of every kind people scan, with their ink, for `document --drawn`."""
    with one_line():
        write_drawn(gathered(fonts, pattern, photos), count, side, seed, output)
