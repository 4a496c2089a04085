"""What makes a PDF of pictures alone a PDF/A-2b (ISO 19005-2): colours that are defined, and metadata that agrees.

Such a document needs no more: its pages hold pictures in CCITT G4 or deflate, and no text, fonts, annotations,
actions, attachments, layers or encryption; `bgtool.imaging.writing.pdf` sees to that.
"""

from __future__ import annotations

import re

import pikepdf

from bgtool.errors import InputError
from bgtool.imaging import icc

_SHORTEST, _LONGEST = 3, 14400  # units of a page's side (6.1.13)
_NOT_IN_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")  # of profiles that pictures may have (6.2.4.2)
_NEWEST = 4  # version of ICC profiles


def may_stay(profile: bytes) -> bool:
    """Whether a picture may have an ICC profile."""
    return profile[12:16] in _CLASSES and profile[8] <= _NEWEST


def declare(pdf: pikepdf.Pdf) -> None:
    """Give a document its output intent, sRGB, which defines device grey too, and the metadata that says what it is.

    Raises:
        InputError: a page is smaller or larger than PDF/A allows.
    """
    for page in pdf.pages:
        sides = float(page.mediabox[2]), float(page.mediabox[3])
        if min(sides) < _SHORTEST or max(sides) > _LONGEST:
            raise InputError("a page is smaller or larger than PDF/A allows", "use --format pdf")
    pdf.Root.OutputIntents = pikepdf.Array([
        pikepdf.Dictionary(
            Type=pikepdf.Name.OutputIntent,
            S=pikepdf.Name.GTS_PDFA1,
            OutputConditionIdentifier=pikepdf.String("sRGB"),
            Info=pikepdf.String("sRGB"),
            DestOutputProfile=pikepdf.Stream(pdf, icc.srgb(), N=3),
        )
    ])  # fmt: skip
    for key in list(pdf.docinfo.keys()):
        pdf.docinfo[key] = pikepdf.String(_NOT_IN_XML.sub("", str(pdf.docinfo[key])))
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
        xmp.load_from_docinfo(pdf.docinfo)
        xmp["pdfaid:part"] = "2"
        xmp["pdfaid:conformance"] = "B"
