"""What the user has chosen, and the options that it amounts to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from bgtool.batch.command import command_line
from bgtool.batch.lists import paths_of
from bgtool.batch.presets import KINDS, known
from bgtool.errors import UsageError
from bgtool.imaging.formats import PDFS
from bgtool.options import TRANSPARENT, BatchOptions, with_enums
from bgtool.storage.file_journal import FILE_NAME

MASK, COLOUR, PICTURE = "mask", "colour", "picture"
"""Backgrounds of the form that are no words of ``--background``."""

SHOWN = {"clean": ("style",), "cutout": ("crop",)}
"""Options of each command that the form has an attribute of that name for, beside the format."""

NEEDS = {
    "quality": ("format", ("same", "jpeg", "webp")),
    "join": ("format", PDFS),
    "ocr": ("format", PDFS),
    "margin": ("crop", ("ink",)),
    "right_to_left": ("split", ("auto",)),
}
"""Options that mean something with some values of another one only."""

WORDS = (TRANSPARENT, "white", "blur")


@dataclass
class Form:
    """The fields of the window.

    Attributes:
        command: ``clean`` or ``cutout``.
        inputs: files and folders.
        list_name, listed: a list of further inputs, and what it holds.
        list_output: the folder that had the results of what was chosen before the list; empty for none.
        output: the folder of the results; empty for the one that is suggested.
        preset: the name of the one that was taken last.
        others: further options by name, of that preset or set one by one; none that is as usual.
        background: one of `WORDS`, `MASK`, `COLOUR` or `PICTURE`, with `colour` and `picture` for the last two.
    """

    command: str = "clean"
    inputs: list[str] = field(default_factory=list)
    list_name: str = ""
    listed: tuple[str, ...] = ()
    list_output: str = ""
    output: str = ""
    preset: str = ""
    others: dict[str, Any] = field(default_factory=dict)
    style: str = "gray"
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
        """The folder of the results, as chosen or suggested; empty as long as there is no input.

        For files it is the one that has results of a folder above them, if there is one.
        """
        if self.output or not self.all_inputs:
            return os.path.expanduser(self.output)  # noqa: PTH111 - it may be a URL
        if self.listed and self.list_output:
            return self.list_output
        first = Path(self.all_inputs[0])
        if first.is_dir():
            return str(self._beside(first))
        made = (folder for folder in map(self._beside, first.parents) if (folder / FILE_NAME).is_file())
        return str(next(made, self._beside(first.parent)))

    def _beside(self, folder: Path) -> Path:
        """The folder of results that is suggested for those of another."""
        return folder.parent / f"{folder.name or 'results'}-{'clean' if self.command == 'clean' else 'cut-out'}"

    def options(self) -> BatchOptions:
        """What a run is to do. Raises UsageError where the choices make no sense."""
        named = {name: getattr(self, name) for name in ("format", "overwrite", *SHOWN[self.command])}
        if self.command == "cutout":
            named |= self._background()
        others = {name: value for name, value in self.others.items() if self.applies(name)}
        values = with_enums(others | named)
        try:
            return KINDS[self.command](inputs=self.all_inputs, output=self.target, **values)
        except TypeError as error:  # a preset of the user's own may hold anything
            raise UsageError(f"preset {self.preset}: {error}") from None

    def usual(self, name: str) -> Any:
        """What an option of the command is by default."""
        return next(one.default for one in fields(KINDS[self.command]) if one.name == name)

    def value_of(self, name: str) -> Any:
        """What an option of the command is now."""
        if name in ("format", *SHOWN[self.command]):
            return getattr(self, name)
        return self.others.get(name, self.usual(name))

    def applies(self, name: str) -> bool:
        """Whether an option means something beside the other choices; where it does not, it does not hold."""
        other, values = NEEDS.get(name, (name, None))
        return values is None or self.value_of(other) in values

    def set_other(self, name: str, value: Any) -> None:
        """Set one of the further options."""
        self.others = {key: kept for key, kept in self.others.items() if key != name}
        if value != self.usual(name):
            self.others[name] = value

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
        self.others = {key: value for key, value in values.items() if value != self.usual(key)}

    def take_list(self, name: str, text: bytes) -> None:
        """Take the inputs that a list holds in place of those there are. Raises UsageError where it is none."""
        listed, before = paths_of(text, name), self.target
        self.list_output = before if before and (Path(before) / FILE_NAME).is_file() else ""
        self.listed, self.list_name, self.inputs = listed, name, []

    def drop_list(self) -> None:
        """Take its inputs away again."""
        self.listed, self.list_name, self.list_output = (), "", ""

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
