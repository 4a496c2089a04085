"""The text of a PDF page, without anything that can be seen: what search, selection and screen readers work on."""

from __future__ import annotations

from collections.abc import Iterator

import pikepdf
from pikepdf import Dictionary, Name, Operator, Stream

_STATE = frozenset({"q", "Q", "cm", "BT", "ET", "Tc", "Tw", "Tz", "TL", "Tf", "Ts", "Td", "TD", "Tm", "T*"})
_SHOWING = frozenset({"Tj", "TJ", "'", '"'})
_FORM = "Do"
_DEEPEST = 12  # forms within forms
_HIGHEST = 64  # branches of a page tree above one another; a damaged one may lead round in a circle
_INVISIBLE = 3
_Instruction = pikepdf.ContentStreamInstruction | pikepdf.ContentStreamInlineImage


def text_layer(pdf: pikepdf.Pdf, page: pikepdf.Page) -> Stream | None:
    """A form that holds all text of a page where it was, invisible; None where there is none.

    Glyphs of Type 3 fonts are drawn whatever the text rendering mode, so a picture should lie over the form.

    Raises:
        pikepdf.PdfError, TypeError, ValueError, AttributeError: the page's content is damaged.
    """
    return _form(pdf, page.obj, resources_of(page.obj), page.mediabox, _DEEPEST)


def lineage(page: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """A page and the branches of the page tree that it hangs on, which it inherits from."""
    node: pikepdf.Object | None = page
    for _ in range(_HIGHEST):
        if not isinstance(node, Dictionary):
            return
        yield node
        node = node.get("/Parent")


def resources_of(page: pikepdf.Object) -> pikepdf.Object:
    """Its own resources, or those that it inherits."""
    return next((node.Resources for node in lineage(page) if "/Resources" in node), Dictionary())


def _form(
    pdf: pikepdf.Pdf, content: pikepdf.Object, resources: pikepdf.Object, box: pikepdf.Object, depth: int
) -> Stream | None:
    drawn = resources.get("/XObject", Dictionary())
    forms: dict[str, Stream] = {}
    kept: list[_Instruction] = [_instruction("Tr", _INVISIBLE)]
    saved, has_text = 0, False
    for instruction in pikepdf.parse_content_stream(content, " ".join(sorted({*_STATE, *_SHOWING, _FORM}))):
        operator = str(instruction.operator)
        if operator == _FORM:
            form = _nested(pdf, drawn.get(str(instruction.operands[0])), resources, depth)
            if form is None:
                continue
            forms[str(instruction.operands[0])] = form
        elif operator == "q":
            saved += 1
        elif operator == "Q":
            if not saved:
                continue
            saved -= 1
        has_text = has_text or operator in _SHOWING
        kept.append(instruction)
    if not has_text and not forms:
        return None
    kept += [_instruction("Q")] * saved
    layer = Stream(pdf, pikepdf.unparse_content_stream(kept), Type=Name.XObject, Subtype=Name.Form, BBox=box)
    layer.Resources = Dictionary(Font=resources.get("/Font", Dictionary()), XObject=Dictionary(forms))
    return layer


def _nested(pdf: pikepdf.Pdf, item: pikepdf.Object | None, resources: pikepdf.Object, depth: int) -> Stream | None:
    """The text of a form that is drawn within other content."""
    if not isinstance(item, Stream) or item.get("/Subtype") != Name.Form or not depth:
        return None
    layer = _form(pdf, item, item.get("/Resources", resources), item.BBox, depth - 1)
    if layer is not None and "/Matrix" in item:
        layer.Matrix = item.Matrix
    return layer


def _instruction(operator: str, *operands: int) -> pikepdf.ContentStreamInstruction:
    return pikepdf.ContentStreamInstruction(list(operands), Operator(operator))
