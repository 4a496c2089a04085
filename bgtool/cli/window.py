"""``bgtool app``."""

from __future__ import annotations

import click


@click.command("app")
@click.argument("folder", metavar="[FOLDER]", required=False,
                type=click.Path(exists=True, file_okay=False))  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Listen on this port; 0: any.  [default: 0]"
)
@click.option("--native", is_flag=True, help="In a window of its own, with the system's dialogs.")
@click.option("--no-browser", is_flag=True, help="Open no browser; the address that is printed opens the window.")
def app(folder: str | None, port: int, native: bool, no_browser: bool) -> None:
    """Work in a window: choose pictures, see a preview, run, stop, go on, review.

    It is a page of this machine for one browser: nobody else gets in, and nothing leaves the machine. FOLDER is
    chosen from the start. Ctrl-C, or Quit in the page, ends it; a run goes on at the next start.
    """
    from bgtool.optional import require

    require("app")
    from bgtool.app.server import serve

    serve(folder or "", port=port, native=native, browser=not no_browser)
