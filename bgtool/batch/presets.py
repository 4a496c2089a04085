"""Presets: options under a name, shipped or from a file ``bgtool.toml`` in the working folder or an input folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from bgtool.errors import UsageError
from bgtool.options import BatchOptions, CleanOptions, CutoutOptions
from bgtool.spelling import advice

KINDS: Mapping[str, type[BatchOptions]] = {"clean": CleanOptions, "cutout": CutoutOptions}
"""The options of each command."""

FILE_NAME = "bgtool.toml"

SHIPPED: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "clean": {
        "archive": {"format": "tiff", "checksum": True},
        "web": {"format": "webp", "quality": 80},
        "print": {"style": "bilevel", "format": "tiff"},
    },
    "cutout": {
        "archive": {"format": "tiff", "checksum": True},
        "web": {"format": "webp", "quality": 80, "crop": True},
        "print": {"format": "png", "background": "white"},
    },
}
"""By command and name."""

OPTIONS = frozenset({
    "style", "scale", "enlarge", "polarity", "pictures", "background", "mask_only", "crop", "model", "device", "format",
    "quality", "jobs", "tile", "max_megapixels", "recursive", "checksum", "rotate_pages", "deskew", "margin", "split",
    "right_to_left", "dpi", "ocr", "padding", "aspect", "size", "keep_specks", "edge", "empty",
})  # fmt: skip
"""What a preset may set: how results look and are made, never what may be replaced or where anything is written."""


def known(command: str, inputs: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """The presets of a command by name: those of the working folder before those of inputs, and these before ours."""
    folders = [Path(), *(Path(path) for path in inputs if os.path.isdir(path))]  # noqa: PTH112 - raises nothing
    found: dict[str, Mapping[str, Any]] = dict(SHIPPED[command])
    for folder in reversed(folders):
        if (file := folder / FILE_NAME).is_file():
            found |= {name: _options(command, name, values, file) for name, values in read(file, command).items()}
    return found


def read(file: Path, command: str) -> dict[str, object]:
    """What a file says of a command's presets, by name: its tables ``[clean.NAME]``, or ``[cutout.NAME]``.

    Raises:
        UsageError: it cannot be read, or says something that nothing follows from.
    """
    import tomllib

    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    for key, presets in tables.items():
        if key not in SHIPPED or not isinstance(presets, dict):
            raise UsageError(f"unknown key {key!r} in {file}", advice(key, SHIPPED))
    return dict(tables.get(command, {}))


def _options(command: str, name: str, values: object, file: Path) -> dict[str, Any]:
    place = f"{command}.{name}"
    if not isinstance(values, dict):
        raise UsageError(f"{place} in {file} is no table", f"write [{place}] and options below it")
    own = [option.name for option in fields(KINDS[command]) if option.name in OPTIONS]
    found = {key.replace("-", "_"): value for key, value in values.items()}
    for key in found:
        if key not in own:
            raise UsageError(f"unknown key {key!r} in {place} of {file}", advice(key, own))
    return found
