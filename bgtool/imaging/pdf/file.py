"""A PDF as it lies in its file, opened by pikepdf: PDFium draws what it finds and is silent about the rest."""

from __future__ import annotations

import io
import re
from typing import Any, BinaryIO, cast

import pikepdf

from bgtool.errors import InputError

_END = b"%%EOF"
_TAIL = 1024  # bytes that every reader passes over behind it
_PIECE = 1 << 20  # bytes
_LAP = 64  # bytes in which a mark has room
_OBJECT = re.compile(rb"\d\s+\d+\s+obj\b|\bendobj\b|\bendstream\b")

_DAMAGED = "the PDF is damaged or cut short"
MISSING_PAGES = "the PDF is damaged: some of its pages are missing"


class Beginning(io.RawIOBase):
    """The first bytes of a file, which stays open when this is closed.

    Args:
        file: open and seekable.
        length: how many bytes of it.
    """

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file, self._length, self._at = file, length, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As of any file."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """As of any file."""
        view = memoryview(buffer).cast("B")
        self._file.seek(self._at)
        data = self._file.read(min(len(view), max(0, self._length - self._at)))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


def whole(file: BinaryIO) -> BinaryIO:
    """A PDF up to its last end mark, where nothing follows that belongs to a PDF: zeros of a copier, lines of a server.

    Raises:
        InputError: it has no end mark, or goes on after it.
    """
    size = end = file.seek(0, io.SEEK_END)
    after = b""
    while end:
        start = max(0, end - _PIECE)
        file.seek(start)
        data = file.read(end - start) + after
        mark = data.rfind(_END)
        if _OBJECT.search(data, max(0, mark)):
            break
        if mark >= 0:
            stop = start + mark + len(_END)
            return file if size - stop <= _TAIL else cast(BinaryIO, Beginning(file, stop))
        after, end = data[:_LAP], start
    raise InputError(_DAMAGED)


def opened(file: BinaryIO) -> pikepdf.Pdf:
    """The document, whose pages are all there.

    Raises:
        InputError: it needs a password, is damaged, or lacks pages.
    """
    file.seek(0)
    try:
        pdf = pikepdf.open(file, suppress_warnings=True, access_mode=pikepdf.AccessMode.stream)
        count = int(pdf.Root.Pages.Count)
        if len(pdf.pages) != count:
            raise InputError(MISSING_PAGES)
        if not count:
            raise InputError("the PDF has no pages")
    except pikepdf.PasswordError as error:
        raise InputError("the PDF is protected by a password", "remove it, by qpdf --decrypt for example") from error
    except pikepdf.PdfError as error:
        raise InputError(_DAMAGED) from error
    return pdf
