"""Many PDFs of bgtool's making as one, page after page; of each document its pages alone are taken.

qpdf joins them: it opens few files at a time and copies pictures from file to file. pikepdf's own lists of pages hold
all that is copied: 427 MiB for 2,000 pages of 200 kB, where this takes 56.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import pikepdf

from bgtool.errors import InputError
from bgtool.imaging.pdf.document import DAMAGE
from bgtool.imaging.writing import pdfa
from bgtool.imaging.writing.pdf import save


def join(paths: Sequence[Path], file: BinaryIO, title: str, *, archival: bool = False) -> int:
    """Write one PDF of all pages of several.

    The same documents give the same bytes. The producer is that of the first.

    Args:
        paths: of PDFs as `bgtool.imaging.writing.pdf` makes them, in order; at least one.
        file: where it goes, empty and seekable.
        title: of the whole; bytes of a name that are no text are left out.
        archival: whether the documents are PDF/A-2b, and the whole is to be.

    Returns:
        The number of its pages.

    Raises:
        InputError: a document cannot be read.
        OSError: the file cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="bgtool-") as links:
        pages = [{"file": name, "range": "1-z"} for name in _as_text(paths, Path(links))]
        try:
            with pikepdf.open(paths[0]) as first:
                producer = str(first.docinfo.get("/Producer", ""))
            pdf = pikepdf.Job({"empty": "", "outputFile": "-", "noWarn": "", "pages": pages}).create_pdf()
        except (OSError, *DAMAGE) as error:
            raise InputError(f"its pages cannot be read: {error}") from error
        with pdf:
            pdf.docinfo["/Title"] = os.fsencode(title).decode("utf-8", "ignore")
            pdf.docinfo["/Producer"] = producer
            if archival:
                pdfa.declare(pdf)
            save(pdf, file, pikepdf.ObjectStreamMode.generate)
            return len(pdf.pages)


def _as_text(paths: Sequence[Path], links: Path) -> Iterator[str]:
    """Names that lead to files; qpdf takes text alone, so for a name that is none a link is made."""
    for number, path in enumerate(paths):
        name = str(path)
        try:
            name.encode()
        except UnicodeEncodeError:
            link = links / str(number)
            link.symlink_to(path.absolute())
            name = str(link)
        yield name
