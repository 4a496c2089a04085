"""Links and outlines of a PDF that lead to a place in the document or to an address, and run nothing."""

from __future__ import annotations

import re

import pikepdf
from pikepdf import Array, Dictionary, Name

_OF_A_LINK = frozenset({
    "/Type", "/Subtype", "/Rect", "/QuadPoints", "/Border", "/BS", "/C", "/H", "/F", "/Dest", "/A", "/Contents", "/NM",
})  # fmt: skip
_SCRIPT = re.compile(r"(?:javascript|vbscript|data):", re.IGNORECASE)
_IGNORED = re.compile(r"[\0-\x20]")  # by browsers, within the name of a scheme


def links_of(notes: pikepdf.Object) -> Array:
    """Of the annotations of a page the links that lead somewhere, and of those what says where and how they look."""
    links = [item for item in notes if isinstance(item, Dictionary) and item.get("/Subtype") == Name.Link]
    for link in links:
        for key in set(link.keys()) - _OF_A_LINK:
            del link[key]
        _tame(link)
    return Array([link for link in links if "/A" in link or "/Dest" in link])


def tame_outline(outlines: pikepdf.Object) -> None:
    """Take from the entries of an outline whatever does not lead somewhere."""
    seen: set[tuple[int, int]] = set()
    waiting: list[pikepdf.Object | None] = [outlines]
    while waiting:
        item = waiting.pop()
        if not isinstance(item, Dictionary) or (item.is_indirect and item.objgen in seen):
            continue
        seen.add(item.objgen)
        if "/AA" in item:
            del item["/AA"]
        _tame(item)
        waiting += [item.get("/First"), item.get("/Next")]


def _tame(item: pikepdf.Object) -> None:
    if "/A" not in item:
        return
    action = _where(item["/A"])
    if action is None:
        del item["/A"]
    else:
        item["/A"] = action


def _where(action: pikepdf.Object) -> Dictionary | None:
    """An action that leads to an address or a place, without those that would follow it; None for any other."""
    if not isinstance(action, Dictionary):
        return None
    kind = action.get("/S")
    if kind == Name.GoTo and "/D" in action:
        return Dictionary(S=kind, D=action.D)
    if kind == Name.URI and "/URI" in action and not _SCRIPT.match(_IGNORED.sub("", str(action.URI))):
        return Dictionary(S=kind, URI=action.URI)
    return None
