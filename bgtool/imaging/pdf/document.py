"""What is kept of a PDF whose pages become pictures: nothing that describes the old pages, nothing that runs."""

from __future__ import annotations

import pikepdf

from bgtool.errors import InputError
from bgtool.imaging.metadata import Metadata
from bgtool.imaging.pdf.limits import Scale, decoded
from bgtool.imaging.pdf.links import links_of, tame_outline
from bgtool.imaging.pdf.text import lineage, resources_of, text_layer

TEXT = "/Text"
"""Name of the text layer among the resources of a page."""

DAMAGE = (pikepdf.PdfError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What pikepdf raises over damaged documents."""

_MOST_CONTENT = 16 << 20  # bytes of instructions of a page whose text is looked for
_MOST_TEXT = 500_000  # of its instructions that would be kept
_LARGEST_XMP = 4 << 20  # bytes

_INFORMATION = {"/Title": 269, "/Author": 315, "/Subject": 270}
_OF_A_DOCUMENT = frozenset({
    "/Type", "/Pages", "/Metadata", "/Outlines", "/PageLabels", "/Dests", "/Names", "/Lang", "/PageMode", "/PageLayout",
    "/ViewerPreferences",
})  # fmt: skip
_OF_A_PAGE = frozenset({
    "/Type", "/Parent", "/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox", "/Rotate", "/UserUnit", "/Annots",
    "/LastModified",
})  # fmt: skip


def keep_what_holds(pdf: pikepdf.Pdf, warnings: list[str]) -> None:
    """Leave out what was said of the old pages: of the document, of its pages, of the branches they hang on."""
    for key in set(pdf.Root.keys()) - _OF_A_DOCUMENT:
        del pdf.Root[key]
    if "/Names" in pdf.Root:
        destinations = pdf.Root.Names.get("/Dests")
        del pdf.Root["/Names"]
        if destinations is not None:
            pdf.Root.Names = pikepdf.Dictionary(Dests=destinations)
    if "/Outlines" in pdf.Root:
        tame_outline(pdf.Root.Outlines)
    scale = Scale()
    layers = [_text(pdf, page, scale, warnings) for page in pdf.pages]
    for page, layer in zip(pdf.pages, layers, strict=True):
        for key in set(page.obj.keys()) - _OF_A_PAGE:
            del page.obj[key]
        for branch in lineage(page.obj):
            if "/Resources" in branch:
                del branch["/Resources"]
        page.obj.Resources = pikepdf.Dictionary()
        if layer is not None:
            page.obj.Resources.XObject = pikepdf.Dictionary({TEXT: layer})
        if "/Annots" in page.obj:
            page.obj.Annots = links_of(page.obj.Annots)


def _text(pdf: pikepdf.Pdf, page: pikepdf.Page, scale: Scale, warnings: list[str]) -> pikepdf.Stream | None:
    try:
        load = scale.page(page.obj, resources_of(page.obj))
        if load.size <= _MOST_CONTENT and load.text <= _MOST_TEXT:
            return text_layer(pdf, page)
    except InputError:
        pass
    except DAMAGE:
        warnings.append("the text of a damaged page was left out")
        return None
    warnings.append("the text of a page was left out, for the page has too many instructions to be searched for it")
    return None


def inform(pdf: pikepdf.Pdf, metadata: Metadata, producer: str, warnings: list[str]) -> None:
    """Write the document information, and the XMP where there is some."""
    tags = metadata.tags
    for key, tag in _INFORMATION.items():
        text = tags.get(tag)
        if text and key not in pdf.docinfo:
            pdf.docinfo[key] = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    pdf.docinfo["/Producer"] = producer
    if "/ModDate" in pdf.docinfo:
        del pdf.docinfo["/ModDate"]
    if "/Metadata" not in pdf.Root:
        return
    try:
        decoded(pdf.Root.Metadata, _LARGEST_XMP)
    except InputError:
        del pdf.Root["/Metadata"]
        warnings.append(f"its XMP takes more than {_LARGEST_XMP >> 20} MB and was left out")
        return
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
        xmp["pdf:Producer"] = producer
        for name in ("pdfaid:part", "pdfaid:conformance", "xmp:ModifyDate", "xmp:MetadataDate"):
            if name in xmp:
                del xmp[name]
