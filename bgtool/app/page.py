"""The page: one column, from what there is to what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path

from nicegui import run, ui
from nicegui.events import UploadEventArguments

from bgtool.app.fields import main_button, section
from bgtool.app.look import Look
from bgtool.app.picker import Dialog, Picker
from bgtool.app.progress import Progress
from bgtool.app.session import MOST_FILES, Session
from bgtool.errors import UsageError, printable
from bgtool.storage.file_journal import FILE_NAME

COMMANDS = {"clean": "Clean scanned pages", "cutout": "Cut people out of photos"}

TICK_SECONDS = 0.4

LONGEST_LIST = 16 << 20
"""Bytes."""


class Page:
    """One view of the session. What was chosen and what is under way is the session's; this only shows it.

    Args:
        session: that is shown.
        close: ends the program.
        native: the system's dialog, in a window of its own.
    """

    def __init__(self, session: Session, close: Callable[[], None], native: Dialog | None = None) -> None:
        self._session, self._close = session, close
        self._chosen: object = None
        self._inputs: object = None
        ui.add_css(files("bgtool.app").joinpath("window.css").read_text(encoding="utf-8"))
        ui.colors(primary="#1c5d9f")
        picker = self._picker = Picker(native)
        with ui.element("div").classes("page"):
            self._head()
            with section("What is to be done"):
                job = ui.radio(COMMANDS).bind_value(session.form, "command").props('inline aria-label="Job"')
            with section("Pictures"):
                self._inputs_part()
            with section("Results"):
                self._output_part()
            with section("Look"):
                self._look = Look(session, picker)
            with section("Run"):
                self._progress = Progress(session)
            with section("The same on a command line"):
                self._command_part()
        job.on_value_change(self._job_chosen)
        ui.timer(TICK_SECONDS, self._tick)

    def _head(self) -> None:
        with ui.element("header"):
            ui.label("bgtool").classes("name").props("role=heading aria-level=1")
            ui.label("Nothing leaves this machine, and your files stay as they are.").classes("grow")
            with ui.dialog() as sure, ui.card():
                ui.label("A run is under way. What is done stays, and the next start goes on from there.")
                with ui.row().classes("line end"):
                    ui.button("Back", on_click=sure.close).props("flat")
                    main_button("Stop it and quit", self._quit)
            ui.button("Quit", on_click=lambda: sure.open() if self._session.is_running else self._quit()).props("flat")

    def _inputs_part(self) -> None:
        with ui.row().classes("line"):
            main_button("Choose a folder…", lambda: self._pick(files=False))
            ui.button("Choose files…", on_click=lambda: self._pick(files=True)).props("outline")
            upload = ui.upload(on_upload=self._list_came, auto_upload=True, max_files=1, max_file_size=LONGEST_LIST)
            upload.classes("hidden").props('accept=".txt,.lst,.list,text/plain"')
            ui.button("Choose a list…").props("outline").on(
                "click", js_handler=f"() => getElement({upload.id}).$refs.qRef.pickFiles()"
            ).tooltip("As the review page saves it: rejected.txt")
            self._upload = upload
        with ui.row().classes("line"):
            self._path = ui.input("Or type a path").classes("grow").on("keydown.enter", self._typed)
            ui.button("Add", on_click=self._typed).props("flat")
        self._trouble = ui.label().classes("trouble").props("role=alert")
        self._inputs_list()

    @ui.refreshable_method
    def _inputs_list(self) -> None:
        form = self._session.form
        with ui.element("ul").classes("names"):
            for path in form.inputs:
                self._input(printable(path), partial(form.inputs.remove, path))
            if form.listed:
                count = f"{len(form.listed):,} file{'s' * (len(form.listed) != 1)}"
                self._input(f"{printable(form.list_name)}: {count}", form.drop_list)
        found = len(self._session.files)
        if form.all_inputs:
            many = f"more than {MOST_FILES:,}" if found == MOST_FILES else f"{found:,}"
            ui.label(f"{many} picture{'s' * (found != 1)} found").classes("hint").props("role=status")
        else:
            ui.label("Nothing is chosen yet.").classes("hint")

    def _input(self, text: str, remove: Callable[[], None]) -> None:
        with ui.element("li").classes("line"):
            ui.label(text).classes("grow path")
            ui.button(icon="close", on_click=remove).props("flat dense round").props["aria-label"] = f"remove {text}"

    def _output_part(self) -> None:
        with ui.row().classes("line"):
            ui.input("Folder").bind_value(self._session.form, "output").classes("grow")
            ui.button("Choose…", on_click=self._pick_output).props(
                'outline aria-label="Choose the folder of the results"'
            )
        self._said = ui.label().classes("hint").props("role=status")

    def _command_part(self) -> None:
        with ui.row().classes("line top"):
            self._command = ui.element("code").classes("command grow")
            with self._command:
                self._command_text = ui.label()
            ui.button("Copy", on_click=lambda: ui.clipboard.write(self._command_text.text)).props("outline")

    async def _pick(self, *, files: bool) -> None:
        form = self._session.form
        for path in await self._picker.pick(form.inputs[-1] if form.inputs else "", files=files):
            self._add(path)

    async def _pick_output(self) -> None:
        for path in await self._picker.pick(self._session.form.target, files=False):
            self._session.form.output = path

    def _typed(self) -> None:
        path = (self._path.value or "").strip()
        if path:
            self._add(str(Path(path).expanduser()))
            self._path.value = ""

    def _add(self, path: str) -> None:
        inputs = self._session.form.inputs
        inputs += [path] * (path not in inputs)

    async def _list_came(self, event: UploadEventArguments) -> None:
        self._trouble.text = ""
        try:
            self._session.form.take_list(event.file.name, await event.file.read())
        except UsageError as error:
            self._trouble.text = printable(str(error))
        self._upload.reset()

    def _job_chosen(self) -> None:
        self._session.form.take_preset("")
        self._session.form.list_output = ""
        self._look.show_options()

    async def _tick(self) -> None:
        """Show what has changed, whoever changed it."""
        session, form = self._session, self._session.form
        chosen = (replace(form), form.all_inputs, session.file, session.is_running)
        if form.all_inputs != self._inputs:
            self._inputs = form.all_inputs
            await run.io_bound(session.look_for_files)
            self._inputs_list.refresh()
            self._look.show_presets()  # they may be those of a folder
        if chosen != self._chosen:
            self._chosen = chosen
            session.preview()
            self._command_text.text = self._equal()
        text, is_warning = await run.io_bound(session.say_output) or ("", False)
        self._said.text = text
        self._said.classes(add="trouble" if is_warning else "hint", remove="hint" if is_warning else "trouble")
        self._look.update()
        self._progress.update(has_results=bool(form.target) and (Path(form.target) / FILE_NAME).is_file())

    def _equal(self) -> str:
        if not self._session.form.all_inputs:
            return "Choose pictures first."
        try:
            return self._session.form.command_line()
        except UsageError as error:
            return printable(str(error))

    async def _quit(self) -> None:
        with ui.dialog().props("persistent") as last, ui.card():
            ui.label("bgtool has ended. You can close this page.")
        last.open()
        await run.io_bound(self._session.end)
        self._close()
