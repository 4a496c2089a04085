"""Parts of the page that NiceGUI does not have, or not for everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nicegui import ui


@contextmanager
def section(title: str) -> Iterator[None]:
    """A part of the page under its heading."""
    with ui.element("section"):
        ui.label(title).classes("title").props("role=heading aria-level=2")
        yield


def main_button(text: str, on_click: Callable[[], Any]) -> ui.button:
    """A button for what is most likely wanted next, in colours that can be read in the light and in the dark."""
    return ui.button(text, on_click=on_click, color=None).classes("main").props("unelevated")


def drop_down(label: str, choices: Mapping[str, str], value: str, take: Callable[[str], Any]) -> ui.element:
    """One of several words, with what is said for them; `take` is given the word that is chosen."""
    words = list(choices)
    with ui.element("label").classes("field") as field:
        ui.label(label).classes("hint")
        with ui.element("select") as select:
            for number, word in enumerate(words):
                option = ui.element("option").props(f"value={number}" + " selected" * (word == value))
                option.props["label"] = choices[word]
    select.on("change", lambda event: take(words[int(event.args)]), js_handler="(event) => emit(event.target.value)")
    return field
