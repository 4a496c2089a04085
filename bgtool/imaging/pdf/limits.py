"""What a page of a PDF unfolds to, counted without unfolding more than is allowed: a few kilobytes can hold anything.

PDFium and pikepdf take whatever a page asks for: about 1 kB for each thing that is drawn, forms as often as they are
drawn; 0.5 kB for each instruction that a text layer keeps.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

from bgtool.errors import InputError

LARGEST_STREAM = 64 << 20
"""Bytes of a stream, not a picture, once it is decoded."""

MOST_DRAWN = 500_000
"""Things that are drawn on a page."""

_DEEPEST = 40  # forms within forms, beyond which PDFium draws none
_PIECE = 1 << 16  # bytes
_FLATE = frozenset({"/FlateDecode", "/Fl"})
_LARGEST_CODED = {  # bytes, before they are decoded, of codings that cannot be decoded in part
    "/LZWDecode": 1 << 19, "/LZW": 1 << 19, "/RunLengthDecode": 1 << 20, "/RL": 1 << 20,
    "/ASCII85Decode": LARGEST_STREAM, "/A85": LARGEST_STREAM, "/ASCIIHexDecode": LARGEST_STREAM, "/AHx": LARGEST_STREAM,
}  # fmt: skip

_BORDER = rb"\s\0()<>\[\]{}%"


def _operators(names: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![^%b])(?:%b)(?![^%b/])" % (_BORDER, names, _BORDER))


_DRAWS = _operators(rb"S|s|[fF]\*?|[Bb]\*?|sh|Do|T[jJ]|['\"]|EI")
_IS_TEXT = _operators(rb"[qQ]|cm|BT|ET|T[cwzLfsdDmjJ*]|Do|['\"]")
_FORM = re.compile(rb"/([^%b/]+)[\s\0]+Do(?![^%b/])" % (_BORDER, _BORDER))
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")


class Load(NamedTuple):
    """What content unfolds to.

    Attributes:
        size: bytes of instructions.
        drawn: things that are drawn.
        text: instructions that a text layer keeps.
    """

    size: int = 0
    drawn: int = 0
    text: int = 0

    def plus(self, other: Load, times: int = 1) -> Load:
        """Together with something that is drawn so many times."""
        return Load(*(mine + times * its for mine, its in zip(self, other, strict=True)))


class Scale:
    """Weighs the content of one document's pages, each form once."""

    def __init__(self) -> None:
        self._forms: dict[tuple[int, int], Load] = {}

    def page(self, page: pikepdf.Object, resources: pikepdf.Object) -> Load:
        """What a page unfolds to.

        Raises:
            InputError: it is more than memory should be spent on.
        """
        content = page.get("/Contents")
        streams = [item for item in (content if isinstance(content, Array) else [content]) if isinstance(item, Stream)]
        load = Load()
        for stream in streams:
            load = load.plus(self._content(stream, resources, _DEEPEST))
            _check(load)
        return load

    def form(self, form: pikepdf.Object, resources: pikepdf.Object, depth: int = _DEEPEST) -> Load:
        """What a form unfolds to that is drawn among these resources. Raises InputError as `page`."""
        if form.objgen not in self._forms:
            self._forms[form.objgen] = Load()  # a form within itself is not drawn
            own = form.get("/Resources")
            load = self._content(form, own if isinstance(own, Dictionary) else resources, depth)
            _check(load)
            self._forms[form.objgen] = load
        return self._forms[form.objgen]

    def _content(self, stream: pikepdf.Object, resources: pikepdf.Object, depth: int) -> Load:
        data = decoded(stream)
        load = Load(len(data), _count(_DRAWS, data), _count(_IS_TEXT, data))
        drawn = resources.get("/XObject") if depth else None
        if not isinstance(drawn, Dictionary):
            return load
        for name, times in Counter(match[1] for match in _FORM.finditer(data)).items():
            plain = _ESCAPE.sub(lambda digits: bytes.fromhex(digits[1].decode()), name)
            form = drawn.get("/" + plain.decode("utf-8", "replace"))
            if isinstance(form, Stream) and form.get("/Subtype") == Name.Form:
                load = load.plus(self.form(form, resources, depth - 1), times)
        return load


def _count(operators: re.Pattern[bytes], data: bytes) -> int:
    """How often they occur, as far as that makes a difference."""
    return sum(1 for _ in islice(operators.finditer(data), MOST_DRAWN + 1))


def _check(load: Load) -> None:
    if load.drawn > MOST_DRAWN:
        raise InputError(f"more than {MOST_DRAWN:,} things are drawn on it, which PDFium has no room for")
    if load.size > LARGEST_STREAM:
        raise InputError(f"its drawing instructions take more than {LARGEST_STREAM >> 20} MB")


def decoded(stream: pikepdf.Object, largest: int = LARGEST_STREAM) -> bytes:
    """A stream without its general filters; those of pictures, and predictors, stay. What is damaged ends early.

    Raises:
        InputError: it is larger than allowed.
    """
    if int(stream.get("/Length", 0)) > largest:
        raise _too_large(largest)
    data = stream.read_raw_bytes()
    filters = stream.get("/Filter", Array())
    for name in map(str, filters if isinstance(filters, Array) else [filters]):
        if name in _FLATE:
            data = _inflated(data, largest)
        elif name in _LARGEST_CODED:
            if len(data) > _LARGEST_CODED[name]:
                raise _too_large(largest)
            data = _uncoded(data, name)
        else:
            break
    if len(data) > largest:
        raise _too_large(largest)
    return data


def _inflated(data: bytes, largest: int) -> bytes:
    kept = bytearray()
    try:
        for piece in inflate(data):
            kept += piece
            if len(kept) > largest:
                raise _too_large(largest)
    except (zlib.error, EOFError):
        pass
    return bytes(kept)


def _uncoded(data: bytes, coding: str) -> bytes:
    """Without a coding that pikepdf knows; nothing where it is damaged."""
    with pikepdf.new() as pdf:
        try:
            return Stream(pdf, data, Filter=Name(coding)).read_bytes(pikepdf.StreamDecodeLevel.specialized)
        except (pikepdf.PdfError, RuntimeError):  # of qpdf, which differs in what it calls damage
            return b""


def _too_large(largest: int) -> InputError:
    return InputError(f"a part of it takes more than {largest >> 20} MB once it is decoded")


def inflate(data: bytes) -> Iterator[bytes]:
    """What was deflated, in small pieces. Checksums are passed over: old scanners err in them.

    Raises:
        EOFError: the end is missing.
        zlib.error: the data are damaged.
    """
    decoder, at, rest = zlib.decompressobj(-zlib.MAX_WBITS), 2, b""
    while not decoder.eof:
        if not rest:
            rest, at = data[at : at + _PIECE], at + _PIECE
        piece = decoder.decompress(rest, _PIECE)
        if not rest and not piece:
            raise EOFError
        rest = decoder.unconsumed_tail
        yield piece
