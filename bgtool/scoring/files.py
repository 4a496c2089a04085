"""Score files of results against files of truth: pair them by name, read them as masks, measure each pair."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.errors import InputError
from bgtool.imaging.formats import IMAGE_SUFFIXES
from bgtool.imaging.reading.open import open_pages
from bgtool.runtime.task import ModelTask
from bgtool.scoring.metrics import DocumentFigures, PersonFigures, document_figures, person_figures

THRESHOLD = 128


@dataclass(frozen=True)
class FileScore:
    """What became of one truth file.

    Attributes:
        name: path below the truth folder with ``/`` and without suffix; the stem where the truth is one file.
        figures: the figures, or why there are none.
    """

    name: str
    figures: DocumentFigures | PersonFigures | InputError


def score(truth: Path, result: Path, task: ModelTask) -> Iterator[FileScore]:
    """Measure every truth file, in the order of their names, as the iterator is consumed.

    Two files are paired whatever they are called. Otherwise a truth is paired with the result that has the same path
    below its folder, suffix aside; results without a truth are passed over.

    Args:
        truth: an image or a folder of images. Documents: ink is darker than 128; people: a person is 128 or brighter.
        result: an image or a folder of images, read in the same way; of a cut-out, the opacity is the mask.
        task: which figures to compute.

    Raises:
        InputError: on the first step, when a path does not exist or the truth holds no image. What is wrong with one
            file (no result, two results, unreadable, another size) stands in its `FileScore` instead.
    """
    truths, results = _images(truth), _images(result)
    if not truths:
        raise InputError(f"no image in {truth}")
    if truth.is_file() and result.is_file():
        results = {name: [result] for name in truths}
    for name, candidates in sorted(truths.items()):
        try:
            expected = _only(candidates, "truth")
            found = _only(results.get(name, []), "result")
            yield FileScore(name, _measure(expected, found, task))
        except InputError as error:
            yield FileScore(name, error)


def _images(path: Path) -> dict[str, list[Path]]:
    """The images at or below a path, by the name that pairs them."""
    if path.is_file():
        return {path.stem: [path]}
    if not path.is_dir():
        raise InputError(f"{path} does not exist")
    found: dict[str, list[Path]] = {}
    for file in sorted(path.rglob("*")):
        if file.suffix.lower() in IMAGE_SUFFIXES and file.is_file():
            name = file.relative_to(path).with_suffix("").as_posix()
            found.setdefault(name, []).append(file)
    return found


def _only(files: list[Path], role: str) -> Path:
    """The one file there should be."""
    if not files:
        raise InputError(f"there is no {role} of this name")
    if len(files) > 1:
        raise InputError(f"more than one {role} has this name: {', '.join(file.name for file in files)}")
    return files[0]


def _measure(truth: Path, result: Path, task: ModelTask) -> DocumentFigures | PersonFigures:
    """Read one pair as masks and compare them."""
    (expected, opaque), (found, cutout) = _read(truth), _read(result)
    if task == ModelTask.DOCUMENT:
        return document_figures(expected < THRESHOLD, found < THRESHOLD)
    on_black = expected if opaque is None else expected - (255 - opaque)
    return person_figures(on_black >= THRESHOLD, (found if cutout is None else cutout) >= THRESHOLD)


def _read(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """The grey levels of an image of one page, on white where it is transparent; its opacity, if it has any."""
    try:
        with open_pages(path, max_megapixels=math.inf) as reader:
            if reader.count > 1:
                raise InputError("it has more than one page", "score its pages as single files")
            page = next(iter(reader))
            whole = (0, 0, *page.size)
            return np.asarray(Image.fromarray(page.window(*whole)).convert("L")), page.alpha_window(*whole)
    except InputError as error:
        raise InputError(f"{path.name} cannot be read: {error.reason}", error.advice) from error
