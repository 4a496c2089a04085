"""What the user has chosen, and the options that it amounts to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bgtool.batch.command import command_line
from bgtool.batch.lists import paths_of
from bgtool.batch.presets import KINDS, known
from bgtool.errors import UsageError
from bgtool.options import TRANSPARENT, BatchOptions, with_enums

MASK, COLOUR, PICTURE = "mask", "colour", "picture"
"""Backgrounds of the form that are no words of ``--background``."""

SHOWN = {"clean": ("style", "polarity"), "cutout": ("crop",)}
"""Options of each command that the form has a field of that name for, beside the format."""

WORDS = (TRANSPARENT, "white", "blur")


@dataclass
class Form:
    """The fields of the window.

    Attributes:
        command: ``clean`` or ``cutout``.
        inputs: files and folders.
        list_name, listed: a list of further inputs, and what it holds.
        output: the folder of the results; empty for the one that is suggested.
        preset: the name of the one that was taken last.
        others: options of that preset that the form has no field for.
        background: one of `WORDS`, `MASK`, `COLOUR` or `PICTURE`, with `colour` and `picture` for the last two.
    """

    command: str = "clean"
    inputs: list[str] = field(default_factory=list)
    list_name: str = ""
    listed: tuple[str, ...] = ()
    output: str = ""
    preset: str = ""
    others: dict[str, Any] = field(default_factory=dict)
    style: str = "gray"
    polarity: str = "auto"
    background: str = TRANSPARENT
    colour: str = "#336699"
    picture: str = ""
    crop: bool = False
    format: str = "same"
    overwrite: bool = False

    @property
    def all_inputs(self) -> tuple[str, ...]:
        """Those that were named and those of the list."""
        return (*self.inputs, *self.listed)

    @property
    def target(self) -> str:
        """The folder of the results, as chosen or suggested; empty as long as there is no input."""
        if self.output or not self.all_inputs:
            return os.path.expanduser(self.output)  # noqa: PTH111 - it may be a URL
        first = Path(self.all_inputs[0])
        folder = first if first.is_dir() else first.parent
        return str(folder.with_name(f"{folder.name or 'results'}-{'clean' if self.command == 'clean' else 'cut-out'}"))

    def options(self) -> BatchOptions:
        """What a run is to do. Raises UsageError where the choices make no sense."""
        kind = KINDS[self.command]
        named = {name: getattr(self, name) for name in ("format", "overwrite", *SHOWN[self.command])}
        if self.command == "cutout":
            named |= self._background()
        values = with_enums(self.others | named)
        if values["format"] not in ("same", "jpeg", "webp"):
            values.pop("quality", None)
        try:
            return kind(inputs=self.all_inputs, output=self.target, **values)
        except TypeError as error:  # a preset of the user's own may hold anything
            raise UsageError(f"preset {self.preset}: {error}") from None

    def command_line(self) -> str:
        """The command that does the same, with the list under its name if there is nothing else."""
        return command_line(self.options(), self.list_name if not self.inputs else "")

    def presets(self) -> Mapping[str, Mapping[str, Any]]:
        """Those that can be taken, by name. Raises UsageError where a file of presets is wrong."""
        return known(self.command, self.all_inputs)

    def take_preset(self, name: str) -> None:
        """Set what a preset says, and what it does not say as it is by default; no name sets everything back."""
        values = dict(self.presets()[name]) if name else {}
        usual = Form()
        self.preset = name
        for field_name in ("format", *SHOWN[self.command]):
            setattr(self, field_name, values.pop(field_name, getattr(usual, field_name)))
        if self.command == "cutout":
            self._take_background(str(values.pop("background", TRANSPARENT)), bool(values.pop("mask_only", False)))
        if values.get("scale") == "auto":
            del values["scale"]
        self.others = values

    def take_list(self, name: str, text: bytes) -> None:
        """Take the inputs that a list holds in place of those there are. Raises UsageError where it is none."""
        self.listed, self.list_name, self.inputs = paths_of(text, name), name, []

    def _background(self) -> dict[str, Any]:
        if self.background == MASK:
            return {"mask_only": True}
        if self.background == PICTURE and not self.picture:
            raise UsageError("no picture was chosen for the background")
        return {"background": {COLOUR: self.colour, PICTURE: self.picture}.get(self.background, self.background)}

    def _take_background(self, value: str, mask_only: bool) -> None:
        if mask_only:
            self.background = MASK
        elif value in WORDS:
            self.background = value
        elif os.path.isfile(value):  # noqa: PTH113 - raises nothing
            self.background, self.picture = PICTURE, value
        else:
            self.background, self.colour = COLOUR, value
