"""What a run is asked to do, as frozen values: built once by the caller, read everywhere else.

Nothing that they name is looked at here: `bgtool.tasks.order` does that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from bgtool.errors import UsageError
from bgtool.imaging.formats import PDFS, Format
from bgtool.runtime.task import ModelTask
from bgtool.spelling import choice

TRANSPARENT = "transparent"
"""The background that is none."""


MOST_SCALE = 4
"""Times that a page may be enlarged for the network, and its result."""

MOST_DPI = 9600
"""Pixels per inch that may be said of a scan."""

MOST_EDGE = 100
"""Pixels by which an outline may be moved."""


_LANGUAGES = re.compile(r"[A-Za-z][\w/]*(\+[A-Za-z][\w/]*)*", re.ASCII)


class Style(StrEnum):
    """How a cleaned page is written."""

    GRAY = "gray"
    BILEVEL = "bilevel"
    COLOR = "color"


class Empty(StrEnum):
    """What becomes of photos without people: an empty cut-out, the photo as it is, or no output."""

    WRITE = "write"
    COPY = "copy"
    SKIP = "skip"


class Pictures(StrEnum):
    """What becomes of pictures on a page."""

    KEEP = "keep"
    DROP = "drop"


class Polarity(StrEnum):
    """What becomes of pages that are light on dark as a whole: ``AUTO`` inverts those, ``INVERT`` all."""

    AUTO = "auto"
    KEEP = "keep"
    INVERT = "invert"


class CropTo(StrEnum):
    """What of a scan is kept: all, the sheet without the bed it lies on, or what is written."""

    NONE = "none"
    PAGE = "page"
    INK = "ink"


class Split(StrEnum):
    """What becomes of double pages: they stay, or are parted at the gutter."""

    NONE = "none"
    AUTO = "auto"


class EngineKind(StrEnum):
    """Who does the work of a batch: a process of this machine, or the workers of a Ray cluster."""

    PROCESS = "process"
    RAY = "ray"


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """What `clean` and `cutout` have in common.

    Attributes:
        inputs: files, folders or ``"-"`` for standard input.
        output: a folder, a file (one input only) or ``"-"`` for standard output.
        model: the name of a shipped model or the path of an exported ``.onnx``; None takes the task's own.
        device: as `bgtool.runtime.session.load_model` takes it, or several as ``cuda:0,1`` or ``cuda:all``.
        format: file format of the outputs.
        quality: 1 to 100, of JPEG and of colours in WebP; None takes `GRAY_QUALITY` (`bgtool.imaging.writing.jpeg`)
            for grey JPEG, else 92.
        jobs: files under way at a time; 0 takes `bgtool.engine.serve.threads_of`.
        tile: largest side of a window in pixels, halo included; 0 takes the model's own choice.
        recursive: whether folders are searched below their first level.
        overwrite: redo what the manifest calls done, and replace outputs that are not bgtool's.
        dry_run: plan only, write nothing.
        checksum: tell by their SHA-256, not by size and time, whether inputs and outputs have changed.
        watch: stay, and process files as they come into the input folders.
        engine: who does the work.
        ray_address: of a Ray cluster; ``auto`` finds the one that this machine belongs to, ``local`` starts one here.
        workers: of a Ray cluster; 0 takes as many as it has room for.
        worker_cpus, worker_gpus: what each of them is given; a part of a GPU may be shared.
        max_megapixels: larger images are refused.

    Raises:
        UsageError: a number is out of its range.
    """

    task: ClassVar[ModelTask]
    """Of the models that fit."""

    inputs: tuple[str, ...]
    output: str
    model: str | None = None
    device: str = "auto"
    format: Format = Format.SAME
    quality: int | None = None
    jobs: int = 0
    tile: int = 0
    recursive: bool = True
    overwrite: bool = False
    dry_run: bool = False
    checksum: bool = False
    watch: bool = False
    engine: EngineKind = EngineKind.PROCESS
    ray_address: str = "auto"
    workers: int = 0
    worker_cpus: int = 1
    worker_gpus: float = 0.0
    max_megapixels: float = 2000.0

    def __post_init__(self) -> None:
        if min(self.jobs, self.tile) < 0 or not self.max_megapixels > 0:
            raise UsageError("jobs and tile cannot be negative, and max_megapixels must be above 0")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise UsageError(f"quality goes from 1 to 100, and {self.quality} is not in between")
        if self.quality is not None and self.format not in (Format.SAME, Format.JPEG, Format.WEBP):
            raise UsageError(f"{self.format} is written without loss", "--quality is for JPEG and WebP")
        if min(self.workers, self.worker_gpus) < 0 or self.worker_cpus < 1:
            raise UsageError("workers and worker_gpus cannot be negative, and worker_cpus must be 1 or more")
        if self.watch and (self.dry_run or self.overwrite):
            raise UsageError("--watch goes neither with --dry-run nor with --overwrite")


@dataclass(frozen=True, kw_only=True)
class CleanOptions(BatchOptions):
    """Options of `bgtool clean`.

    Attributes:
        style: how a cleaned page is written.
        scale: how many times a page is enlarged for the network, 1 to `MOST_SCALE`; 0: as the size of its writing asks
            for. The result's size does not depend on it.
        enlarge: how many times the result is as large as the scan, 1 to `MOST_SCALE`.
        polarity: what becomes of pages that are light on dark.
        pictures: whether those that are recognised stay as the scan has them or are cleaned as well.
        rotate_pages: turn scans by 90, 180 or 270 degrees where tesseract is sure that they do not stand upright.
        deskew: turn scans until their lines are level.
        crop: what of a scan is kept.
        margin: pixels of the scan that stay around what is written, where it is cropped to that.
        split: what becomes of double pages; the two halves are pages that follow each other in one file, or two files
            where the format holds one page.
        right_to_left: of two halves, the right one comes first.
        dpi: pixels per inch of the scans, whatever their files say; 0: as they say.
        join: make one PDF of each folder of inputs (`bgtool.batch.joining`).
        ocr: languages, by tesseract's names as ``deu`` or ``deu+lat``, in which it reads the results, whose words are
            laid beneath the pages of PDFs; empty: none are.

    Raises:
        UsageError: a number is out of its range, what is to be joined or read is no PDF, there are no such languages.
    """

    task: ClassVar[ModelTask] = ModelTask.DOCUMENT
    style: Style = Style.GRAY
    scale: int = 0
    enlarge: int = 1
    polarity: Polarity = Polarity.AUTO
    pictures: Pictures = Pictures.KEEP
    rotate_pages: bool = False
    deskew: bool = False
    crop: CropTo = CropTo.NONE
    margin: int = 0
    split: Split = Split.NONE
    right_to_left: bool = False
    dpi: int = 0
    join: bool = False
    ocr: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.margin >= 0 and 0 <= self.dpi <= MOST_DPI):
            raise UsageError(f"margin cannot be negative, and dpi goes up to {MOST_DPI}")
        if self.join and self.format not in PDFS:
            raise UsageError("--join makes PDFs", "use --format pdf or pdfa")
        if self.join and self.watch:
            raise UsageError("--join does not go with --watch", "run the command again and again instead")
        if self.ocr and not _LANGUAGES.fullmatch(self.ocr):
            raise UsageError(f"{self.ocr!r} names no languages", "name them as tesseract does, deu+lat for example")
        if self.ocr and self.format not in PDFS and not self.output.lower().endswith(".pdf"):
            raise UsageError("--ocr lays text beneath the pages of PDFs", "use --format pdf or pdfa")
        if not 0 <= self.scale <= MOST_SCALE:
            raise UsageError(f"scale has to be 1 to {MOST_SCALE}, or 0 for bgtool's own choice")
        if not 1 <= self.enlarge <= MOST_SCALE:
            raise UsageError(f"enlarge has to be 1 to {MOST_SCALE}, and {self.enlarge} is not")


@dataclass(frozen=True, kw_only=True)
class CutoutOptions(BatchOptions):
    """Options of `bgtool cutout`.

    Attributes:
        background: ``transparent``, ``blur``, a colour as Pillow's ImageColor reads it, or the path of an image. A file
            that is called like a colour is meant by ``./red``.
        mask_only: write the mask alone, 8-bit grey, 255 = person.
        crop: keep no more than the box around the person; padding, aspect and size, if they are not empty, crop too.
        padding: what stays around that box within the photo: pixels, or percent of the box's longer side, as ``5%``.
        aspect: width to height that the box is brought to, as ``3:4``.
        size: of a picture of head and shoulders: ``passport``, ``us-passport``, or as ``35x45mm`` (300 dpi),
            ``2x2in@600`` or ``600x800px``.
        keep_specks: keep small islands far from any larger one; before a blurred background they never stay.
        edge: pixels by which the outline is moved, outwards or (below 0) inwards, at most `MOST_EDGE`.
        empty: what becomes of photos without people; of files with several pages, empty cut-outs instead of none.

    Raises:
        UsageError: the edge is out of its range, or a mask is to be a photo.
    """

    task: ClassVar[ModelTask] = ModelTask.PERSON
    background: str = TRANSPARENT
    mask_only: bool = False
    crop: bool = False
    padding: str = ""
    aspect: str = ""
    size: str = ""
    keep_specks: bool = False
    edge: int = 0
    empty: Empty = Empty.WRITE

    def __post_init__(self) -> None:
        super().__post_init__()
        if abs(self.edge) > MOST_EDGE:
            raise UsageError(f"an outline can be moved by {MOST_EDGE} pixels at most, and {self.edge} is more")
        if self.mask_only and self.empty is Empty.COPY:
            raise UsageError("a mask is no copy of the photo", "leave out --mask-only, or take --empty write or skip")


def with_enums(values: dict[str, Any]) -> dict[str, Any]:
    """Options whose enums may be given as text, in other spellings too, as the options objects hold them.

    Raises:
        UsageError: a text is near no value of its enum.
    """
    enums: dict[str, type[StrEnum]] = {
        "engine": EngineKind,
        "format": Format,
        "style": Style,
        "polarity": Polarity,
        "pictures": Pictures,
        "empty": Empty,
        "crop": CropTo,  # of `clean`; `cutout` takes True or False
        "split": Split,
    }
    return {
        name: enums[name](choice(value, enums[name], name)) if name in enums and not isinstance(value, bool) else value
        for name, value in values.items()
    }
