"""Options that are seldom wanted: each as a field of the kind that its value is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from nicegui import ui

from bgtool.app.fields import drop_down
from bgtool.app.form import Form
from bgtool.options import MOST_DPI, MOST_EDGE, MOST_SCALE


@dataclass(frozen=True)
class Option:
    """An option of a command, as people read it. Its default tells the kind of its field.

    Attributes:
        name: in the options object.
        label: what the field is called.
        words: what is said for its values, where it is one of few.
        least, most: of numbers; None where there is no such limit.
    """

    name: str
    label: str
    words: Mapping[str, str] = field(default_factory=dict)
    least: int | None = 0
    most: int | None = None


QUALITY = Option("quality", "JPEG, WebP: quality, 1 to 100", least=1, most=100)

TIMES = {f"{times}": f"{times} times" for times in range(2, MOST_SCALE + 1)}

OPTIONS: Mapping[str, tuple[Option, ...]] = {
    "clean": (
        Option("rotate_pages", "Turn pages upright that lie or stand on their heads (tesseract)"),
        Option("deskew", "Turn scans until their lines are level"),
        Option("crop", "Cut to", {"none": "Nothing is cut off", "page": "The sheet, without its bed",
                                  "ink": "What is written"}),
        Option("margin", "Pixels left around it"),
        Option("split", "Double pages", {"none": "Stay as they are", "auto": "Become two pages"}),
        Option("right_to_left", "The right page comes first"),
        Option("polarity", "Light writing on dark pages", {"auto": "Invert such pages", "keep": "Leave them",
                                                           "invert": "Invert every page"}),
        Option("pictures", "Photos on a page", {"keep": "Stay as they are", "drop": "Are cleaned, too"}),
        Option("scale", "Enlarge for the network", {"0": "Pages of small writing", "1": "No page", **TIMES}),
        Option("enlarge", "Size of the results", {"1": "As the scans", **TIMES}),
        Option("dpi", "Pixels per inch; 0: as scanned", most=MOST_DPI),
        Option("join", "One PDF for each folder"),
        Option("ocr", "Text to read: deu, or deu+lat"),
        QUALITY,
    ),
    "cutout": (
        Option("padding", "Space around it: pixels, or 5%"),
        Option("aspect", "Width to height, as 3:4"),
        Option("size", "Print of the head, as 35x45mm"),
        Option("edge", "Widen the outline, in pixels", least=-MOST_EDGE, most=MOST_EDGE),
        Option("keep_specks", "Keep small islands far from any person"),
        Option("empty", "Photos without people", {"write": "Become empty cut-outs", "copy": "Stay as they are",
                                                  "skip": "Have no result"}),
        QUALITY,
    ),
}  # fmt: skip
"""By command, in the order in which they are shown."""


class More:
    """The part of the page with the fields of `OPTIONS`, closed until it is asked for.

    Args:
        form: that the fields fill.
    """

    def __init__(self, form: Form) -> None:
        self._form = form
        self._fields: list[tuple[Option, ui.element]] = []
        self._button = ui.button("More options", icon="expand_more", on_click=self._toggle).props("flat no-caps")
        with ui.element("div") as self._body:
            self._part()
        self._body.set_visibility(False)
        self.update()

    def update(self) -> None:
        """Show the fields that mean something, and how many say something else than usual."""
        for option, element in self._fields:
            element.set_visibility(self._form.applies(option.name))
        count = sum(option.name in self._form.others for option, _ in self._fields)
        self._button.text = f"More options ({count} set)" if count else "More options"
        self._button.props(f"aria-expanded={str(self._body.visible).lower()}")

    def refresh(self) -> None:
        """Show the fields anew, as after another job or a preset was chosen."""
        self._part.refresh()

    @ui.refreshable_method
    def _part(self) -> None:
        self._fields = [(option, self._field(option)) for option in OPTIONS[self._form.command]]

    def _toggle(self) -> None:
        self._body.set_visibility(not self._body.visible)
        self._button.icon = "expand_less" if self._body.visible else "expand_more"
        self.update()

    def _field(self, option: Option) -> ui.element:
        form, label, usual = self._form, option.label, self._form.usual(option.name)
        take, now = partial(form.set_other, option.name), form.value_of(option.name)
        if option.words:
            return drop_down(
                label, option.words, str(now), lambda word: take(int(word) if isinstance(usual, int) else word)
            )
        if isinstance(usual, bool):
            return ui.checkbox(label, value=now, on_change=lambda event: take(event.value))
        if isinstance(usual, str):
            return ui.input(label, value=now, on_change=lambda event: take((event.value or "").strip()))
        return ui.number(label, value=now, min=option.least, max=option.most, precision=0, format="%d",
                         on_change=lambda event: take(usual if event.value is None else int(event.value)))  # fmt: skip
