"""Choosing folders and files of this machine: in a dialog of the page, or in the system's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nicegui import run, ui

from bgtool.app.fields import main_button
from bgtool.batch.listing import Listing, listing
from bgtool.errors import printable

Dialog = Callable[[bool, str], Sequence[str]]
"""The system's dialog: for files, or else a folder; beginning in a folder."""

ROWS = 200
"""Names that are shown at a time; a search finds the others."""


class Picker:
    """A dialog that walks through the folders of this machine. Made once for a page.

    Args:
        native: the system's dialog, where there is one; it takes the place of this one.
    """

    def __init__(self, native: Dialog | None = None) -> None:
        self._native = native
        self._folder, self._found, self._files = Path.home(), Listing(), False
        self._chosen: list[str] = []
        with ui.dialog().props("aria-labelledby=picker-title") as self._dialog, ui.card().classes("picker"):
            self._title = ui.label().classes("title").props("id=picker-title role=heading aria-level=2")
            with ui.row().classes("line"):
                ui.button("Up", on_click=self._up).props("flat")
                ui.button("Home", on_click=lambda: self._enter(Path.home())).props("flat")
                self._search = ui.input("Search here", on_change=lambda: self._rows.refresh()).props("dense clearable")
            self._path = ui.input("Folder").classes("wide").on("keydown.enter", self._typed)
            self._trouble = ui.label().classes("trouble").props("role=status")
            with ui.element("ul").classes("names"):
                self._rows()
            with ui.row().classes("line end"):
                ui.button("Cancel", on_click=lambda: self._dialog.submit(None)).props("flat")
                self._take = main_button("Choose", self._submit)

    async def pick(self, start: str, *, files: bool) -> list[str]:
        """Let the user choose a folder, or files of one; nothing where the user does not.

        Args:
            start: where to begin; a path that is not there begins at home.
            files: whether files are chosen.
        """
        begin = next((path for path in (Path(start), Path(start).parent) if start and path.is_dir()), Path.home())
        if self._native:
            return [str(path) for path in await run.io_bound(self._native, files, str(begin)) or ()]
        self._files = files
        self._title.text = "Choose files" if files else "Choose a folder"
        await self._enter(begin)
        return await self._dialog or []

    @ui.refreshable_method
    def _rows(self) -> None:
        text = (self._search.value or "").lower()
        folders = [name for name in self._found.folders if text in name.lower()]
        files = [name for name in self._found.files if text in name.lower()]
        for name in folders[:ROWS]:
            with ui.element("li"):
                ui.button(printable(name), icon="folder", on_click=self._into(name)).props("flat no-caps align=left")
        for name in files[: ROWS - len(folders[:ROWS])]:
            with ui.element("li"):
                if self._files:
                    box = ui.checkbox(printable(name), on_change=self._mark(name))
                    box.value = str(self._folder / name) in self._chosen
                else:
                    ui.label(printable(name)).classes("file")
        hidden = len(folders) + len(files) - ROWS
        if hidden > 0:
            ui.label(f"and {hidden:,} more; search for a name").classes("file")
        if not folders and not files:
            ui.label("no folders or pictures here").classes("file")

    def _into(self, name: str) -> Callable[[], Any]:
        return lambda: self._enter(self._folder / name)

    def _mark(self, name: str) -> Callable[[Any], None]:
        path = str(self._folder / name)

        def mark(event: Any) -> None:
            self._chosen = [each for each in self._chosen if each != path] + [path] * bool(event.value)
            self._say()

        return mark

    async def _up(self) -> None:
        await self._enter(self._folder.parent)

    async def _typed(self) -> None:
        await self._enter(Path(os.path.expanduser(self._path.value or "")))  # noqa: PTH111 - raises nothing

    async def _enter(self, folder: Path) -> None:
        try:
            found = await run.io_bound(listing, str(folder))
        except OSError as error:
            self._trouble.text = printable(f"{folder} cannot be read: {error.strerror or error}")
            return
        self._folder, self._found, self._chosen, self._trouble.text = folder.absolute(), found or Listing(), [], ""
        self._path.value, self._search.value = printable(str(self._folder)), ""
        self._say()
        self._rows.refresh()

    def _say(self) -> None:
        count = len(self._chosen)
        files = {0: "Choose files", 1: "Choose 1 file"}.get(count, f"Choose {count} files")
        self._take.text = files if self._files else "Choose this folder"
        self._take.set_enabled(bool(count) or not self._files)

    def _submit(self) -> None:
        self._dialog.submit(self._chosen if self._files else [str(self._folder)])
