"""What a run is asked to do, as frozen values: built once by the caller, read everywhere else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

STREAM = "-"


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
        tile: side of a window in pixels, halo included; 0 takes the model's own choice.
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
    report: Path | None = None

    def _pixel_options(self) -> dict[str, str | int | float | bool]:
        return {"format": self.format.value}

    def key(self) -> str:
        """Hex digest of the options that change an output's bytes (the model is keyed apart)."""
        text = json.dumps({"task": type(self).__name__, **self._pixel_options()}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class CleanOptions(BatchOptions):
    """Options of `bgtool clean`."""

    style: Style = Style.GRAY

    def _pixel_options(self) -> dict[str, str | int | float | bool]:
        return {**super()._pixel_options(), "style": self.style.value}


@dataclass(frozen=True, kw_only=True)
class CutoutOptions(BatchOptions):
    """Options of `bgtool cutout`.

    Attributes:
        background: ``transparent``, ``blur``, a colour as Pillow's ImageColor reads it, or the path of an image.
        mask_only: write the alpha mask (8-bit grey, 255 person) in place of the cut-out.
        crop: cut the result to the bounding box of the subject.
    """

    background: str = "transparent"
    mask_only: bool = False
    crop: bool = False

    def _pixel_options(self) -> dict[str, str | int | float | bool]:
        return {
            **super()._pixel_options(),
            "background": self.background,
            "mask_only": self.mask_only,
            "crop": self.crop,
        }
