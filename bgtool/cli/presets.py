"""What a preset sets on the command line."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from bgtool.batch.presets import OPTIONS, known
from bgtool.errors import UsageError
from bgtool.spelling import advice

AGAINST = {
    "quality": ("format",),
    "background": ("mask_only",),
    "mask_only": ("background",),
    "empty": ("mask_only",),
    "padding": ("size",),
    "aspect": ("size",),
    "size": ("padding", "aspect"),
}
"""Options of a preset that do not hold where the command line asks for one of these."""

PARTS = {"padding": "crop", "aspect": "crop", "size": "crop"}
"""Options of a preset that do not hold where the command line switches this one off."""


def apply(context: click.Context, values: dict[str, Any]) -> None:
    """Take ``preset`` out of the values of a command, and set what it says where the command line says nothing.

    Raises:
        UsageError: there is no such preset, or a file of presets is wrong; with what may have been meant.
    """
    name = values.pop("preset")
    if name is None:
        return
    command = context.command
    presets = known(str(command.name), values["inputs"])
    if name not in presets:
        raise UsageError(f"unknown preset {name!r}", advice(name, presets))
    options = {option.name: option for option in command.params if option.name in OPTIONS}
    for key, value in presets[name].items():
        if not is_given(context, key) and not ruled_out(context, key):
            values[key] = options[key].type_cast_value(context, value)


def ruled_out(context: click.Context, key: str) -> bool:
    """Whether the command line leaves no room for an option of a preset."""
    asked = any(is_given(context, other) and context.params[other] for other in AGAINST.get(key, ()))
    whole = PARTS.get(key)
    return asked or (whole is not None and is_given(context, whole) and not context.params[whole])


def is_given(context: click.Context, key: str) -> bool:
    """Whether the command line says something of an option."""
    return context.get_parameter_source(key) not in (None, ParameterSource.DEFAULT)
