"""What a run is asked to do, as frozen values: built once by the caller, read everywhere else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Style(StrEnum):
    """How a cleaned page is written."""

    GRAY = "gray"
    BILEVEL = "bilevel"
    COLOR = "color"


class Format(StrEnum):
    """File format of the outputs; ``SAME`` follows each input as far as it can hold the result."""

    SAME = "same"
    PNG = "png"
    TIFF = "tiff"
    JPEG = "jpeg"
    WEBP = "webp"


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """What `clean` and `cutout` have in common.

    Attributes:
        inputs: files, folders or ``"-"`` for standard input.
        output: a folder, a file (one input only) or ``"-"`` for standard output.
        model: the name of a shipped model or the path of an exported ``.onnx``; None takes the task's own.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        format: file format of the outputs.
        jobs: decoding and encoding threads; 0 takes one per core.
        tile: largest side of a window in pixels, halo included; 0 takes the model's own choice.
        recursive: whether folders are searched below their first level.
        overwrite: redo what the manifest calls done.
        dry_run: plan only, write nothing.
        max_megapixels: larger images are refused.
    """

    inputs: tuple[str, ...]
    output: str
    model: str | None = None
    device: str = "auto"
    format: Format = Format.SAME
    jobs: int = 0
    tile: int = 0
    recursive: bool = True
    overwrite: bool = False
    dry_run: bool = False
    max_megapixels: float = 2000.0

    def _pixel_options(self) -> dict[str, Any]:
        return {"format": self.format.value}

    def key(self) -> str:
        """Hex digest of the options that change an output's bytes (the model is keyed apart)."""
        text = json.dumps({"task": type(self).__name__, **self._pixel_options()}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class CleanOptions(BatchOptions):
    """Options of `bgtool clean`."""

    style: Style = Style.GRAY

    def _pixel_options(self) -> dict[str, Any]:
        return {**super()._pixel_options(), "style": self.style.value}


def with_enums(values: dict[str, Any]) -> dict[str, Any]:
    """Options whose enums may be given as their text, as the options objects hold them."""
    enums = {"format": Format, "style": Style}
    return {name: enums[name](value) if name in enums else value for name, value in values.items()}
