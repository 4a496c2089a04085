"""The command that does rejected files again: with the options that most files were made with, but another look."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from bgtool.batch.presets import KINDS
from bgtool.options import TRANSPARENT, Style
from bgtool.report.items import Item
from bgtool.runtime.catalogue import shipped_models

LOOKS = {"clean": ("style", [style.value for style in Style]), "cutout": ("background", ["white", "blur", TRANSPARENT])}
"""By command, the option that a rejected file most likely wants changed, and words for it."""


def again(items: Sequence[Item]) -> dict[str, Any]:
    """What the page's script makes the command of.

    Returns:
        ``command``; ``words``, its options; ``look``, the name of the one that is to be chosen on the page (empty where
        there is none), with ``looks``, its words, those first that the files do not have.
    """
    made = Counter(json.dumps(item.settings, sort_keys=True) for item in items if item.settings)
    settings = json.loads(made.most_common(1)[0][0]) if made else {}
    command = "cutout" if settings.get("task") == "CutoutOptions" else "clean"
    look, looks = LOOKS[command] if settings.get("mask_only") is not True else ("", [])
    now = settings.get(look)
    had = now[0] if isinstance(now, list) and now else now
    words = [f"--{name.replace('_', '-')}{value}" for name, value in _set(command, settings) if name != look]
    return {"command": command, "words": words, "look": look, "looks": sorted(looks, key=lambda word: word == had)}


def _set(command: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The options that differ from what they are by default, with what follows their name."""
    for option in fields(KINDS[command]):
        value = settings.get(option.name)
        if isinstance(value, str | int) and value != option.default and option.name != "model":
            yield option.name, "" if value is True else f"={value}"
    usual = next(model for model in shipped_models() if model.task is KINDS[command].task)
    model = settings.get("model")
    if model in {one.name for one in shipped_models()} - {usual.name, usual.int8}:
        yield "model", f"={model}"
