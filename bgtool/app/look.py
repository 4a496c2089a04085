"""How results are to look: the options of the job, and a file before and after that changes with them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from nicegui import ui

from bgtool.app.fields import drop_down
from bgtool.app.form import COLOUR, MASK, PICTURE
from bgtool.app.more import OPTIONS, More
from bgtool.app.picker import Picker
from bgtool.app.session import Session
from bgtool.errors import UsageError, printable

STYLES = {"gray": "Grey, soft edges", "bilevel": "Black and white", "color": "Colours of the ink"}
BACKGROUNDS = {
    "transparent": "Nothing (transparent)",
    "white": "White",
    "blur": "The photo, out of focus",
    COLOUR: "A colour",
    PICTURE: "A picture",
    MASK: "Only the mask",
}
FORMATS = {
    "same": "As the input",
    "png": "PNG",
    "tiff": "TIFF",
    "jpeg": "JPEG",
    "webp": "WebP",
    "pdf": "PDF",
    "pdfa": "PDF/A",
}

SLIDE = """(event) => {
    const after = event.target.closest('.compare').querySelector('.after');
    after.style.clipPath = `inset(0 0 0 ${event.target.value}%)`;
}"""


class Look:
    """The part of the page with options and preview."""

    def __init__(self, session: Session, picker: Picker) -> None:
        self._session, self._picker = session, picker
        self._seen: object = None
        self._offered: object = None
        with ui.element("div").classes("look"):
            with ui.element("div").classes("options"):
                self._presets()
                self._options()
                self._more = More(session.form)
            with ui.element("div").classes("preview"):
                self._preview()

    def update(self) -> None:
        """Show what has changed of the preview."""
        viewer = self._session.viewer
        now = (
            viewer.shown,
            viewer.is_busy,
            tuple(self._session.files),
            self._session.is_running,
            self._session.trouble,
        )
        if now != self._seen:
            self._seen = now
            self._picture.refresh()
        self._busy.set_visibility(viewer.is_busy)
        self._more.update()

    def _presets_now(self) -> tuple[tuple[str, ...], str]:
        """The names of the presets that can be taken, and why there are none where a file of them is wrong."""
        try:
            return tuple(self._session.form.presets()), ""
        except UsageError as error:
            return (), printable(str(error))

    @ui.refreshable_method
    def _presets(self) -> None:
        self._offered = names, trouble = self._presets_now()
        choices = {"": "None", **{name: printable(name) for name in names}}
        drop_down("Preset", choices, self._session.form.preset, self._take_preset)
        if trouble:
            ui.label(trouble).classes("trouble")

    @ui.refreshable_method
    def _options(self) -> None:
        form = self._session.form
        if form.command == "clean":
            ui.label("Style").classes("legend")
            ui.radio(STYLES).bind_value(form, "style").props("aria-label=Style")
        else:
            ui.label("Behind the person").classes("legend")
            ui.radio(BACKGROUNDS).bind_value(form, "background").props('aria-label="Behind the person"')
            self._details()
            ui.checkbox("Only the box around the person").bind_value(form, "crop")
        drop_down("Format of the results", FORMATS, form.format, partial(setattr, form, "format"))
        fields = {option.name for option in OPTIONS[form.command]}
        if unseen := {name: value for name, value in form.others.items() if name not in fields}:
            said = ", ".join(f"{name.replace('_', '-')} {value}" for name, value in unseen.items())
            ui.label(printable(f"The preset also sets {said}.")).classes("hint")

    def _details(self) -> None:
        """Of the backgrounds that want more than a word."""
        form = self._session.form
        colour = ui.color_input("Colour").bind_value(form, "colour")
        colour.bind_visibility_from(form, "background", value=COLOUR)
        with ui.row().classes("line") as row:
            row.bind_visibility_from(form, "background", value=PICTURE)
            ui.input("Picture").bind_value(form, "picture").classes("grow")
            ui.button("Choose…", on_click=self._choose_picture).props("flat aria-label='Choose the picture behind'")

    def show_presets(self) -> None:
        """Show the presets anew if there are others: a choice made in a list while it is replaced would be lost."""
        if self._presets_now() != self._offered:
            self._presets.refresh()

    def show_options(self) -> None:
        """Show the fields anew, as after another job was chosen."""
        self._presets.refresh()
        self._options.refresh()
        self._more.refresh()

    def _take_preset(self, name: str) -> None:
        self._session.form.take_preset(name)
        self._options.refresh()
        self._more.refresh()

    async def _choose_picture(self) -> None:
        for path in (await self._picker.pick(self._session.form.picture, files=True))[:1]:
            self._session.form.picture = path

    def _preview(self) -> None:
        with ui.row().classes("line"):
            ui.label("Preview").classes("legend grow").props("role=heading aria-level=3")
            self._busy = ui.spinner(size="1.2em").props('aria-label="the preview is being made" role=status')
            ui.button("Previous", on_click=lambda: self._step(-1)).props("flat dense")
            ui.button("Next", on_click=lambda: self._step(1)).props("flat dense")
        self._picture()

    def _step(self, by: int) -> None:
        session = self._session
        if session.file in session.files:
            session.file = session.files[(session.files.index(session.file) + by) % len(session.files)]

    @ui.refreshable_method
    def _picture(self) -> None:
        session, viewer = self._session, self._session.viewer
        if session.is_running:
            ui.label("The preview waits until the run has ended.").classes("empty")
        elif not session.file:
            ui.label("Choose a folder or files, and the first one is shown here, before and after.").classes("empty")
        elif session.trouble:
            ui.label(session.trouble).classes("empty trouble")
        elif viewer.shown is None:
            ui.label("The first picture is being made.").classes("empty")
        else:
            self._result()

    def _result(self) -> None:
        viewer = self._session.viewer
        assert viewer.shown
        view, name = viewer.view, printable(Path(viewer.shown.path).name)
        number = self._session.files.index(viewer.shown.path) + 1 if viewer.shown.path in self._session.files else 0
        pages = f", page 1 of {view.pages}" if view.pages > 1 else ""
        ui.label(f"{name} ({number} of {len(self._session.files)}{pages})").classes("caption")
        if view.error:
            ui.label(view.error).classes("trouble").props("role=status")
            return
        before, after = (f"/preview/{viewer.number}/{side}" for side in ("before", "after"))
        if view.alike:
            with ui.element("div").classes("compare"):
                ui.element("img").props(f'src={before} alt="before"').classes("before")
                ui.element("img").props(f'src={after} alt="after"').classes("after")
                slider = ui.element("input").props('type=range min=0 max=100 value=50 aria-label="before and after"')
                slider.on("input", js_handler=SLIDE)
        else:
            with ui.element("div").classes("pair"):
                ui.element("img").props(f'src={before} alt="before"')
                ui.element("img").props(f'src={after} alt="after"').classes("after")
        for text in view.said:
            ui.label(f"Deserves a look: {printable(text)}").classes("hint")
