"""The state behind the window; all its pages show the same, and a page that is loaded anew goes on with it."""

from __future__ import annotations

import os
import webbrowser
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from bgtool.app.form import Form
from bgtool.app.preview import Viewer, Wanted
from bgtool.app.run import Run, Stage, rehearsal
from bgtool.batch.listing import listing
from bgtool.errors import OutputError, UsageError, printable
from bgtool.options import BatchOptions, CleanOptions
from bgtool.report.page import write_review
from bgtool.storage.file_journal import FILE_NAME, LOCKED, is_written
from bgtool.storage.urls import is_url

MOST_FILES = 2000
"""Files among which one can be chosen for the preview."""

MOST_FOLDERS = 2000
"""Folders that are looked into for them."""


class Session:
    """What was chosen, and what is under way.

    Attributes:
        form: the choices.
        run: the last run or rehearsal; None before the first.
        viewer: of the preview.
        files: among which one is chosen for the preview, the first `MOST_FILES`.
        file: that one; empty for none.
        trouble: why there is no preview of it: what was chosen makes no sense together.
    """

    def __init__(self, folder: str = "") -> None:
        self.form = Form(inputs=[os.path.abspath(folder)] if folder else [])  # noqa: PTH100 - it may not be there
        self.run: Run | None = None
        self.viewer = Viewer()
        self.files: list[str] = []
        self.file = self.trouble = ""

    @property
    def is_running(self) -> bool:
        """Whether a run or a rehearsal is under way."""
        return self.run is not None and self.run.is_active

    @property
    def can_go_on(self) -> bool:
        """Whether the last run was stopped before its end."""
        return self.run is not None and self.run.stage is Stage.STOPPED

    def look_for_files(self) -> None:
        """Find the files that can be previewed; keeps the one that is shown, if it is still among them."""
        self.files = list(islice(files_of(self.form.all_inputs), MOST_FILES))
        if self.file not in self.files:
            self.file = self.files[0] if self.files else ""

    def preview(self) -> None:
        """Ask for the preview of the file as the choices are; of none while a run has the machine."""
        wanted, self.trouble = None, ""
        try:
            wanted = Wanted(self.file, self.form.options()) if self.file and not self.is_running else None
        except UsageError as error:
            self.trouble = printable(str(error))
        self.viewer.want(wanted and Wanted(wanted.path, neutral(wanted.options)))

    def rehearse(self) -> None:
        """Find out what a run would do. Raises UsageError where the choices make no sense."""
        self.run = rehearsal(self._ready())

    def start(self) -> None:
        """Start, or go on.

        Raises:
            UsageError: the choices make no sense.
            OutputError: another run is writing into the output folder.
        """
        if is_written(self.form.target):
            raise OutputError(LOCKED, "wait for it, or choose another output folder")
        self.run = Run(self._ready())

    def stop(self) -> None:
        """End what is under way as Ctrl-C does."""
        if self.run:
            self.run.stop()

    def end(self) -> None:
        """End everything, and wait until it is on record."""
        self.stop()
        self.viewer.want(None)
        if self.run:
            self.run.join()

    def review(self) -> Path:
        """Write the review page of the output folder and open it in the browser of this machine.

        Raises:
            UsageError, OutputError: it cannot be written.
        """
        file = write_review(Path(self.form.target)).absolute()
        webbrowser.open(file.as_uri())
        return file

    def say_output(self) -> tuple[str, bool]:
        """A sentence on the output folder, and whether it is a warning."""
        target = self.form.target
        if not target:
            return "", False
        if is_url(target):
            return f"Results go to {printable(target)}.", False
        folder = Path(target)
        if is_written(target) and not self.is_running:
            return f"Another window or run is writing into {printable(target)}. Wait for it, or choose another.", True
        if folder.exists() and not folder.is_dir():
            return f"{printable(target)} is a file, not a folder.", True
        if (folder / FILE_NAME).is_file():
            return f"{printable(target)} holds results already: only what is missing or changed is done.", False
        return f"Results go to {printable(target)}{'' if folder.exists() else ', which is made'}.", False

    def _ready(self) -> BatchOptions:
        """The options, once the machine is free."""
        if self.is_running:
            raise UsageError("a run is under way", "stop it first")
        options = self.form.options()
        self.viewer.want(None)
        return options


def neutral(options: BatchOptions) -> BatchOptions:
    """Options without what a preview does not depend on, so that it is not made anew for that."""
    options = replace(options, inputs=(), output="", overwrite=False)
    return replace(options, join=False, ocr="") if isinstance(options, CleanOptions) else options


def files_of(paths: Iterable[str]) -> Iterator[str]:
    """The files that are inputs or lie below them, in natural order, of the first `MOST_FOLDERS` folders.

    Folders that cannot be read hold none.
    """
    pending, seen = list(reversed(list(paths))), set[str]()
    while pending:
        path = pending.pop()
        if not os.path.isdir(path):  # noqa: PTH112 - raises nothing
            yield from [path] * os.path.isfile(path)  # noqa: PTH113
            continue
        place = os.path.realpath(path)
        if place in seen or len(seen) >= MOST_FOLDERS:
            continue
        seen.add(place)
        try:
            found = listing(path)
        except OSError:
            continue
        yield from (os.path.join(path, name) for name in found.files)  # noqa: PTH118 - paths are strings here
        pending += [os.path.join(path, name) for name in reversed(found.folders)]  # noqa: PTH118
