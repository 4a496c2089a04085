"""Score files of results against files of truth: pair them by name, read them as masks, measure each pair."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bgtool.errors import InputError
from bgtool.metrics import DocumentFigures, PersonFigures, document_figures, person_figures
from bgtool.pillow import unlimited

Task = Literal["document", "person"]

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


def score(truth: Path, result: Path, task: Task) -> Iterator[FileScore]:
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
    suffixes = {suffix for suffix, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    found: dict[str, list[Path]] = {}
    for file in sorted(path.rglob("*")):
        if file.suffix.lower() in suffixes and file.is_file():
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


def _measure(truth: Path, result: Path, task: Task) -> DocumentFigures | PersonFigures:
    """Read one pair as masks and compare them."""
    if task == "document":
        return document_figures(_grey(truth, "white") < THRESHOLD, _grey(result, "white") < THRESHOLD)
    return person_figures(_grey(truth, "black") >= THRESHOLD, _opacity(result) >= THRESHOLD)


def _grey(path: Path, ground: str) -> NDArray[np.uint8]:
    """The grey levels of an image, laid on a ground colour where it is transparent."""
    image = _load(path)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, ground), image)
    return np.asarray(image.convert("L"))


def _opacity(path: Path) -> NDArray[np.uint8]:
    """The opacity of a cut-out; of an image without transparency, its grey levels."""
    image = _load(path)
    return np.asarray(image.getchannel("A") if image.mode == "RGBA" else image)


def _load(path: Path) -> Image.Image:
    """Decode an image of one page to mode RGBA, if it can be transparent, else to L."""
    try:
        with unlimited(), Image.open(path) as image:
            if getattr(image, "n_frames", 1) > 1:
                raise InputError(f"{path.name} has more than one page", "score its pages as single files")
            if image.mode.startswith("I;16"):  # Pillow would clip, not scale
                return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
            return image.convert("RGBA" if image.has_transparency_data else "L")
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(f"{path.name} cannot be read: {error}") from error
