"""``bgtool bag``."""

from __future__ import annotations

import click

from bgtool.errors import UsageError, printable


@click.command()
@click.argument("folder", metavar="DIR")
@click.argument("bag_folder", metavar="BAG")
@click.option("--info", multiple=True, metavar="NAME=VALUE",
              help="A line of bag-info.txt, as Source-Organization=\"City archive\"; several times.")  # fmt: skip
def bag(folder: str, bag_folder: str, info: tuple[str, ...]) -> None:
    """Copy the outputs of DIR into a BagIt bag, a new folder BAG, with their manifest as a tag file.

    Every file has to be what the manifest says: else no bag is made, and `bgtool verify` lists what differs.
    """
    from bgtool.batch.bag import make_bag
    from bgtool.storage.urls import checked

    files = make_bag(checked(folder), bag_folder, dict(map(_parted, info)))
    click.echo(f"{files} files in {printable(bag_folder)}", err=True)


def _parted(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or ":" in name or "\n" in text or "\r" in text:
        raise UsageError(f"{text!r} is no line of bag-info.txt", "--info NAME=VALUE")
    return name.strip(), value.strip()
