"""The Python API: single pictures in memory, and whole batches as the command line runs them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypedDict, Unpack

from PIL import Image

from bgtool.batch.observer import Observer
from bgtool.batch.run import run_batch
from bgtool.batch.summary import Summary
from bgtool.errors import BgtoolWarning, NobodyFound
from bgtool.imaging import icc
from bgtool.imaging.formats import Format
from bgtool.imaging.metadata import Metadata
from bgtool.imaging.reading.picture import ArraySource, Picture, opened, source_of
from bgtool.imaging.source import AnyPixels, kind_of
from bgtool.options import (
    TRANSPARENT,
    BatchOptions,
    CleanOptions,
    CropTo,
    CutoutOptions,
    Empty,
    EngineKind,
    Pictures,
    Polarity,
    Split,
    Style,
    with_enums,
)
from bgtool.runtime.session import Model, load_model
from bgtool.runtime.task import ModelTask, check_task
from bgtool.spelling import advice
from bgtool.tasks.document import clean_page, planned
from bgtool.tasks.person.backgrounds import background_of
from bgtool.tasks.person.crop import crop_of
from bgtool.tasks.person.cutout import Look, cut_out

__all__ = ["ArraySource", "clean", "clean_files", "cutout", "cutout_files", "load_model", "run_batch", "source_of"]

AnyPath = str | os.PathLike[str]


class BatchChoices(TypedDict, total=False):
    """The options of a batch by name, as `bgtool.options.BatchOptions` explains them; enums may be given as text."""

    model: AnyPath | None
    device: str
    format: Format | str
    quality: int | None
    jobs: int
    tile: int
    recursive: bool
    overwrite: bool
    dry_run: bool
    checksum: bool
    watch: bool
    engine: EngineKind | str
    ray_address: str
    workers: int
    worker_cpus: int
    worker_gpus: float
    max_megapixels: float


class CleanChoices(BatchChoices, total=False):
    """Those of `bgtool.options.CleanOptions`."""

    style: Style | str
    scale: int
    enlarge: int
    polarity: Polarity | str
    rotate_pages: bool
    deskew: bool
    crop: CropTo | str
    margin: int
    split: Split | str
    right_to_left: bool
    dpi: int
    join: bool
    ocr: str
    pictures: Pictures | str


class Shape(TypedDict, total=False):
    """What is shown of the people: those of `bgtool.options.CutoutOptions` of these names."""

    crop: bool
    padding: str | int
    aspect: str
    size: str
    keep_specks: bool
    edge: int


class CutoutChoices(BatchChoices, Shape, total=False):
    """Those of `bgtool.options.CutoutOptions`."""

    background: AnyPath
    mask_only: bool
    empty: Empty | str


def clean(
    picture: Picture,
    *,
    model: Model | AnyPath | None = None,
    style: Style | str = Style.GRAY,
    tile: int = 0,
    scale: int = 0,
    enlarge: int = 1,
    polarity: Polarity | str = Polarity.AUTO,
    pictures: Pictures | str = Pictures.KEEP,
) -> Image.Image:
    """Clean one scan.

    Examples:
        >>> page = bgtool.clean("scan.jpg", style="bilevel")  # of mode "1"; page.info["dpi"] is the scan's

    Args:
        picture: a path, the bytes of a file, a binary file, a Pillow image of any 8- or 16-bit mode, or an array:
            uint8 [H, W], [H, W, 3] (RGB) or [H, W, 4] (RGBA), uint16 [H, W] or bool [H, W]. EXIF turns it upright.
        model: as `load_model` gives or takes it; the shipped one unless given.
        style: ``gray`` (mode L), ``bilevel`` (mode 1) or ``color`` (mode RGB).
        tile: largest side of a window in pixels, halo included; 0 leaves the choice to bgtool.
        scale: how many times the network sees the page enlarged; 0: as the size of its writing asks for.
        enlarge: how many times the result is as large as the scan, 1 to 4.
        polarity: ``auto`` inverts a page that is light on dark, ``keep`` none, ``invert`` any.
        pictures: ``keep`` leaves those that are recognised as they are; ``drop`` cleans them.

    Returns:
        The page; its ``info`` has the picture's ``dpi`` and ``icc_profile``, if any.

    Raises:
        InputError: the picture is none, cannot be read or holds several pages.
        UsageError: the tile leaves nothing between the halos, or an option has no such value.
        ModelError, DeviceError: the model cannot run, or is for people.

    Warns:
        BgtoolWarning: something about the picture could not be read.
    """
    chosen = with_enums({"style": style, "polarity": polarity, "pictures": pictures})
    options = CleanOptions(inputs=(), output="", tile=tile, scale=scale, enlarge=enlarge, **chosen)
    with opened(picture) as source:
        plan = planned(source, options, source.metadata.resolution)
        pixels = clean_page(source, ready(model, ModelTask.DOCUMENT), options.style, tile, plan=plan)
    tell(source.warnings)
    return finished(pixels, source.metadata, enlarge)


def cutout(
    picture: Picture,
    *,
    model: Model | AnyPath | None = None,
    background: str | Picture = TRANSPARENT,
    mask_only: bool = False,
    **shape: Unpack[Shape],
) -> Image.Image:
    """Cut the people out of one photo; where there are none, the result is empty, and a warning says so.

    Examples:
        >>> person = bgtool.cutout("photo.jpg")
        >>> person.mode, person.info["person_found"]
        ('RGBA', True)

    Args:
        picture: as in `clean`. What is transparent stays so.
        model: as `load_model` gives or takes it; the shipped person model unless given.
        background: ``transparent`` (mode RGBA); or, in mode RGB, ``blur``, a colour as Pillow reads it, the path of an
            image or any other form of a picture. A path object is never taken for a colour.
        mask_only: give the mask alone (mode L), 255 = person.
        shape: ``crop``, ``padding``, ``aspect``, ``size``, ``keep_specks``, ``edge`` of `bgtool.options.CutoutOptions`.

    Returns:
        The cut-out; its ``info`` has ``person_found``, and the picture's ``dpi`` and ``icc_profile`` where it has them.

    Raises:
        InputError: the picture is none, cannot be read or holds several pages.
        UsageError: the background is neither a colour nor a readable image, or an option makes no sense.
        ModelError, DeviceError: the model cannot run, or is for documents.

    Warns:
        NobodyFound: no person was found.
        BgtoolWarning: something about the picture could not be read.
    """
    look = look_of(background, mask_only, shape)
    with opened(picture) as source:
        pixels, found, _, notes = cut_out(source, ready(model, ModelTask.PERSON), look, profile=source.metadata.icc)
    tell([*source.warnings, *notes])
    if not found:
        warnings.warn("no person was found", NobodyFound, stacklevel=2)
    result = finished(pixels, source.metadata)
    result.info.update(printed(look) if found else {}, person_found=found)
    return result


def look_of(background: str | Picture, mask_only: bool, shape: Shape) -> Look:
    """How a cut-out is to look. Raises UsageError where an option makes no sense."""
    texts: dict[str, Any] = {**shape, "padding": str(shape.get("padding", ""))}
    options = CutoutOptions(inputs=(), output="", **texts)
    crop = crop_of(options.crop, options.padding, options.aspect, options.size)
    return Look(background_of(background, mask_only), mask_only, crop, options.keep_specks, options.edge)


def printed(look: Look) -> dict[str, tuple[float, float]]:
    """The resolution at which a picture of a size on paper is to be printed, if it is one."""
    dpi = look.crop.print.dpi if look.crop and look.crop.print else 0
    return {"dpi": (dpi, dpi)} if dpi else {}


def clean_files(
    *inputs: AnyPath | Iterable[AnyPath],
    output: AnyPath,
    observer: Observer | None = None,
    **options: Unpack[CleanChoices],
) -> Summary:
    """Clean files and folders, as ``bgtool clean`` does.

    Examples:
        >>> summary = bgtool.clean_files("scans", output="clean", style="bilevel")
        >>> summary.done, summary.failed
        (2, 0)

    Args:
        inputs: paths of files and folders, or lists of them.
        output: path of the output folder, or file for a single input.
        observer: is told how the run goes.
        options: any attribute of `bgtool.options.CleanOptions`; enums may be given as text.

    Raises:
        TypeError: there is no such option, or a path is none.
        BgtoolError: as `bgtool.batch.run.run_batch` raises.
    """
    return run_batch(batch_options(CleanOptions, inputs, output, {**options}), observer)


def cutout_files(
    *inputs: AnyPath | Iterable[AnyPath],
    output: AnyPath,
    observer: Observer | None = None,
    **options: Unpack[CutoutChoices],
) -> Summary:
    """Cut the people out of files and folders, as ``bgtool cutout`` does.

    Examples:
        >>> summary = bgtool.cutout_files(["photos"], output="out", background="white", crop=True)
        >>> [(outcome.source, outcome.warnings) for outcome in summary.outcomes]
        [('photos/empty.png', ('no person was found',))]

    Args:
        inputs: paths of files and folders, or lists of them.
        output: path of the output folder, or file for a single input.
        observer: is told how the run goes.
        options: any attribute of `bgtool.options.CutoutOptions`; enums may be given as text.

    Raises:
        TypeError: there is no such option, or a path is none.
        BgtoolError: as `bgtool.batch.run.run_batch` raises.
    """
    return run_batch(batch_options(CutoutOptions, inputs, output, {**options}), observer)


def ready(model: Model | AnyPath | None, task: ModelTask) -> Model:
    """The model given, loaded if need be, if it is for this task; else the shipped one.

    Raises:
        ModelError: it is for another task, or cannot run.
    """
    if not isinstance(model, Model):
        return load_model(model, task=task)
    check_task(model.card.name, model.card.task, task)
    return model


def tell(sentences: Iterable[str]) -> None:
    """Warn whoever called the API."""
    for sentence in sentences:
        warnings.warn(sentence, BgtoolWarning, stacklevel=3)


def finished(pixels: AnyPixels, metadata: Metadata, enlarged: int = 1) -> Image.Image:
    """A result as an image that knows its resolution, and the profile of its colours, which Pillow then saves."""
    image = Image.fromarray(pixels)
    if profile := icc.for_output(metadata.icc, kind_of(pixels)):
        image.info["icc_profile"] = profile
    if metadata.resolution:
        image.info["dpi"] = metadata.resolution.times(enlarged).dpi
    return image


def batch_options(
    kind: type[BatchOptions], inputs: Iterable[AnyPath | Iterable[AnyPath]], output: AnyPath, options: dict[str, Any]
) -> BatchOptions:
    """The options of a batch from the arguments of a call.

    Raises:
        TypeError: there is no such option, or a path is none.
        UsageError: an option makes no sense.
    """
    known = [each.name for each in fields(kind) if each.name not in ("inputs", "output")]
    for name in options:
        if name not in known:
            raise TypeError(f"there is no option {name!r}: {advice(name, known)}")
    texts = {name: path_text(options[name]) for name in ("model", "background") if options.get(name) is not None}
    texts |= {name: str(options[name]) for name in ("padding",) if name in options}
    listed = ([each] if isinstance(each, str | os.PathLike) else each for each in inputs)
    sources = tuple(os.fspath(path) for group in listed for path in group)
    return kind(inputs=sources, output=os.fspath(output), **with_enums(options | texts))


def path_text(value: AnyPath) -> str:
    """A name or path as the options hold it: a path object is neither a model's name nor a colour.

    Raises:
        TypeError: it is no path.
    """
    text = os.fspath(value)
    return text if isinstance(value, str) or Path(text).name != text else f"{os.curdir}{os.sep}{text}"
