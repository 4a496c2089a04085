"""What a page of a PDF is made of, gathered before it is drawn."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image, UnidentifiedImageError

from bgtool.errors import InputError
from bgtool.imaging.pdf.limits import Scale, decoded
from bgtool.imaging.pdf.resolution import Size
from bgtool.imaging.pdf.text import resources_of

_MOST_NEEDED = 256 << 20
"""Bytes of all that a page needs besides pictures and drawing instructions, once it is decoded: fonts, profiles."""

_DECODED_WHOLE = {"/DCTDecode": "JPEG", "/DCT": "JPEG", "/JPXDecode": "JPEG2000"}
_NOT_DRAWN = frozenset({"/Parent", "/Metadata", "/PieceInfo", "/OPI", "/Alternates", "/OC", "/ToUnicode"})


@dataclass
class Survey:
    """What is known of a page.

    Attributes:
        unit: of the page, in points.
        calibrated: whether it has colours with an ICC profile.
        masks: the finest mask of its pictures, by their own size.
        pixels: most of a picture that is decoded whole.
    """

    unit: float
    calibrated: bool
    masks: dict[Size, Size] = field(default_factory=dict)
    pixels: int = 0


class Surveyor:
    """Looks at the pages of one document.

    Args:
        check_size: is told width and height of every picture; raises InputError where they are too large.
    """

    def __init__(self, check_size: Callable[[int, int], None]) -> None:
        self._check_size, self._scale = check_size, Scale()
        self._sizes: dict[tuple[int, int], int] = {}

    def __call__(self, page: pikepdf.Object) -> Survey:
        """Look at a page. Raises InputError: a picture is missing, or it unfolds to more than memory can hold."""
        resources = resources_of(page)
        unit = float(page.get("/UserUnit", 1))
        survey = Survey(unit if math.isfinite(unit) and unit > 0 else 1.0, any(map(_is_calibrated, _named(resources))))
        self._scale.page(page, resources)
        needed = 0
        for stream in _streams([resources, *_appearances(page)]):
            kind = stream.get("/Subtype")
            if kind == Name.Image:
                self._picture(stream, survey)
            elif kind == Name.Form or "/PatternType" in stream:
                self._scale.form(stream, resources)
            else:
                needed += self._size(stream)
            if needed > _MOST_NEEDED:
                raise InputError(f"its fonts and profiles take more than {_MOST_NEEDED >> 20} MB once they are decoded")
        return survey

    def _size(self, stream: pikepdf.Object) -> int:
        """Bytes of a stream, decoded once for all pages."""
        if stream.objgen not in self._sizes:
            self._sizes[stream.objgen] = len(decoded(stream))
        return self._sizes[stream.objgen]

    def _picture(self, stream: pikepdf.Object, survey: Survey) -> None:
        own = _size_of(stream)
        self._check_size(*own)
        if held := _held_size(stream):
            self._check_size(*held)
            survey.pixels = max(survey.pixels, held[0] * held[1])
        for key in ("/SMask", "/Mask"):
            mask = stream.get(key)
            if isinstance(mask, Stream):
                survey.masks[own] = max(survey.masks.get(own, own), _size_of(mask), key=math.prod)


def _streams(roots: list[Any]) -> Iterator[pikepdf.Object]:
    """All streams that drawing may need, each once."""
    seen: set[tuple[int, int]] = set()
    waiting = roots
    while waiting:
        item = waiting.pop()
        if not isinstance(item, (Array, Dictionary, Stream)):
            continue
        if item.is_indirect:
            if item.objgen in seen:
                continue
            seen.add(item.objgen)
        if isinstance(item, Stream):
            yield item
        if isinstance(item, Array):
            waiting.extend(item)
        else:
            waiting.extend(item[key] for key in set(item.keys()) - _NOT_DRAWN)


def _appearances(page: pikepdf.Object) -> Iterator[Any]:
    notes = page.get("/Annots")
    for note in notes if isinstance(notes, Array) else ():
        if isinstance(note, Dictionary):
            yield note.get("/AP")


def _named(resources: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """The images and forms of a page. Raises InputError where one that has a name is not in the file."""
    for item in resources.get("/XObject", Dictionary()).as_dict().values():
        if not isinstance(item, Stream):
            raise InputError("the PDF is damaged: a picture of it is missing")
        yield item


def _is_calibrated(item: pikepdf.Object) -> bool:
    space = item.get("/ColorSpace")
    return isinstance(space, Array) and len(space) > 0 and space[0] == Name.ICCBased


def _size_of(picture: pikepdf.Object) -> Size:
    width, height = (picture.get(key, 0) for key in ("/Width", "/Height"))
    return int(width), int(height)


def _held_size(picture: pikepdf.Object) -> Size | None:
    """The size that a picture itself names whose decoder may hold it whole; None for others."""
    filters = picture.get("/Filter", Array())
    names = list(map(str, filters if isinstance(filters, Array) else [filters]))
    if not names or names[-1] not in _DECODED_WHOLE:
        return None
    try:
        with Image.open(io.BytesIO(decoded(picture, _MOST_NEEDED)), formats=[_DECODED_WHOLE[names[-1]]]) as image:
            return image.size
    except (UnidentifiedImageError, OSError, ValueError):
        return _size_of(picture)
