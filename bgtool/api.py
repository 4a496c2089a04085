"""The Python API: single pictures in memory, and whole batches as the command line runs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.card import ModelTask, check_task
from bgtool.document import clean_page
from bgtool.errors import InputError
from bgtool.metadata import Metadata
from bgtool.options import TRANSPARENT, CleanOptions, CutoutOptions, Polarity, Style, with_enums
from bgtool.outcome import Summary
from bgtool.page import Page
from bgtool.person import Look, cut_out
from bgtool.pipeline import Observer, run_batch
from bgtool.reading import page_of
from bgtool.runtime import Model, load_model
from bgtool.survey import approach

__all__ = ["clean", "clean_files", "cutout", "cutout_files", "load_model", "run_batch"]

Picture = Image.Image | NDArray[np.uint8]


@dataclass(frozen=True)
class ArraySource:
    """A picture in memory that is read in parts.

    Attributes:
        pixels: uint8 [H, W, 3], RGB.
        metadata: none.
    """

    pixels: NDArray[np.uint8]
    metadata: Metadata = field(default_factory=Metadata)
    depth: int = 8

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.pixels.shape[:2]
        return width, height

    def window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        """RGB of the part from (x0, y0) up to, without, (x1, y1)."""
        return self.pixels[y0:y1, x0:x1]

    deep_window = window

    def alpha_window(self, x0: int, y0: int, x1: int, y1: int) -> None:
        """None: all of it is opaque."""


def source_of(picture: Picture) -> ArraySource | Page:
    """A Pillow image or an array as a source.

    Raises:
        InputError: the array is not uint8 [H, W] or [H, W, 3], the picture has no pixels or none of 8 or 16 bits.
    """
    if isinstance(picture, Image.Image):
        if not all(picture.size):
            raise InputError(f"the picture has no pixels: {picture.width}×{picture.height}")
        return page_of(picture)
    if not isinstance(picture, np.ndarray):
        raise InputError(f"expected a Pillow image or an array, got {type(picture).__name__}")
    if (
        picture.dtype != np.uint8
        or picture.ndim not in (2, 3)
        or picture.shape[2:] not in ((), (3,))
        or not picture.size
    ):
        raise InputError(f"expected uint8 [H, W] or [H, W, 3], got {picture.dtype} {list(picture.shape)}")
    return ArraySource(picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2))


def ready(model: Model | None, task: ModelTask) -> Model:
    """The model given if it is for this task, else the shipped one.

    Raises:
        ModelError: it is for another task, or cannot run.
    """
    if model is None:
        return load_model(task=task)
    check_task(model.card.name, model.card.task, task)
    return model


def clean(
    picture: Picture,
    *,
    model: Model | None = None,
    style: Style | str = Style.GRAY,
    tile: int = 0,
    scale: int = 0,
    polarity: Polarity | str = Polarity.AUTO,
) -> Image.Image:
    """Clean one scan.

    Args:
        picture: a Pillow image of any 8- or 16-bit mode, turned upright as its EXIF says, or uint8 [H, W] or [H, W, 3]
            (RGB).
        model: as `load_model` gives it; the shipped document model on the best device unless given. Loading takes a
            part of a second, so load once for many pictures.
        style: ``gray`` (mode L), ``bilevel`` (mode 1) or ``color`` (mode RGB).
        tile: largest side of a window in pixels, halo included; 0 leaves the choice to bgtool.
        scale: how many times the page is enlarged for the network; 0: as the size of its writing asks for. The result
            has the picture's size.
        polarity: ``auto`` inverts a page that is light on dark, ``keep`` none, ``invert`` any.

    Raises:
        InputError: the picture is none.
        UsageError: the tile leaves nothing between the halos, the scale is out of its range, or there is no such style
            or polarity.
        ModelError, DeviceError: the model cannot run, or is for people.
    """
    options = CleanOptions(
        inputs=(), output="", tile=tile, scale=scale, **with_enums({"style": style, "polarity": polarity})
    )
    source = source_of(picture)
    plan = approach(source, options.scale, options.polarity, source.metadata.resolution)
    page = clean_page(source, ready(model, ModelTask.DOCUMENT), options.style, tile, approach=plan)
    return Image.fromarray(page)


def cutout(
    picture: Picture,
    *,
    model: Model | None = None,
    background: str = TRANSPARENT,
    mask_only: bool = False,
    crop: bool = False,
) -> Image.Image:
    """Cut the people out of one photo; where there are none, the result is empty.

    Args:
        picture: a Pillow image of any 8- or 16-bit mode, turned upright as its EXIF says, or uint8 [H, W] or [H, W, 3]
            (RGB). What is transparent stays so.
        model: as `load_model(task="person")` gives it; the shipped person model on the best device unless given.
        background: ``transparent`` (mode RGBA), ``blur``, a colour as Pillow reads it or the path of an image (mode
            RGB).
        mask_only: give the mask alone (mode L), 255 = person.
        crop: keep no more than the box around the person.

    Raises:
        InputError: the picture is none.
        UsageError: the background is neither a colour nor a readable image, or a mask is to have one.
        ModelError, DeviceError: the model cannot run.
    """
    options = CutoutOptions(inputs=(), output="", background=str(background), mask_only=mask_only, crop=crop)
    source, look = source_of(picture), Look(options.backdrop, mask_only, crop)
    pixels, _ = cut_out(source, ready(model, ModelTask.PERSON), look, profile=source.metadata.icc)
    return Image.fromarray(pixels)


def clean_files(*inputs: Any, output: Any, observer: Observer | None = None, **options: Any) -> Summary:
    """Clean files and folders: ``clean_files("scans", output="clean", style="bilevel")``.

    Args:
        inputs: paths of files and folders.
        output: path of the output folder, or file for a single input.
        observer: is told how the run goes.
        options: any attribute of `bgtool.options.CleanOptions`; enums may be given as text.

    Raises:
        As `run_batch`.
    """
    return run_batch(CleanOptions(inputs=tuple(map(str, inputs)), output=str(output), **with_enums(options)), observer)


def cutout_files(*inputs: Any, output: Any, observer: Observer | None = None, **options: Any) -> Summary:
    """Cut the people out of files and folders: ``cutout_files("photos", output="out", background="white")``.

    Args:
        inputs: paths of files and folders.
        output: path of the output folder, or file for a single input.
        observer: is told how the run goes.
        options: any attribute of `bgtool.options.CutoutOptions`; enums may be given as text.

    Raises:
        As `run_batch`.
    """
    return run_batch(CutoutOptions(inputs=tuple(map(str, inputs)), output=str(output), **with_enums(options)), observer)
