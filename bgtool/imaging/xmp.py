"""XMP packets without what they say of the old file and does not hold for the new one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xml.dom.minidom import Document, Element

_NAMESPACES = {
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/xmp/note/": "xmpNote",
    "http://ns.google.com/photos/1.0/camera/": "GCamera",
    "http://ns.google.com/photos/1.0/container/": "Container",
    "http://ns.google.com/photos/1.0/depthmap/": "GDepth",
    "http://ns.google.com/photos/1.0/image/": "GImage",
    "http://ns.google.com/photos/1.0/audio/": "GAudio",
    "http://ns.google.com/photos/1.0/panorama/": "GPano",
    "http://ns.google.com/photos/dd/1.0/device/": "Device",
    "http://ns.adobe.com/hdr-gain-map/1.0/": "hdrgm",
    "http://ns.apple.com/HDRGainMap/1.0/": "HDRGainMap",
}
"""The usual prefixes of the namespaces that are looked at."""

GEOMETRY = "urn:bgtool:geometry:"
"""The namespace of where a picture lies on its scan."""

_EMPTY = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta>'
)

_LAYOUT = frozenset({
    "tiff:Orientation", "tiff:ImageWidth", "tiff:ImageLength", "tiff:XResolution", "tiff:YResolution",
    "tiff:ResolutionUnit", "exif:PixelXDimension", "exif:PixelYDimension",
})  # fmt: skip
_FURTHER_DATA = frozenset({"Container", "GDepth", "GImage", "GAudio", "Device", "hdrgm", "HDRGainMap"})
"""Prefixes of what tells of films, depth, sound and gain maps behind the picture or in further packets."""

_MOTION = ("GCamera:MotionPhoto", "GCamera:MicroVideo", "xmpNote:HasExtendedXMP")
_PANORAMA = frozenset({"GPano"})
_DEEPEST = 100  # elements in each other

Stale = Callable[[str, str], bool]
"""Whether a property, of this usual prefix and whole name, no longer holds."""


def of_new_file(packet: bytes) -> bytes:
    """A packet of a picture that stands upright, of its own size, in a file with nothing else.

    Raises:
        ValueError: it is no XML in UTF-8, or defines a document type, which no XMP needs.
    """
    return _without(packet, lambda prefix, name: name in _LAYOUT or prefix in _FURTHER_DATA or name.startswith(_MOTION))


def of_part(packet: bytes) -> bytes:
    """A packet of a part of the picture, which is no panorama. Raises ValueError as `of_new_file` does."""
    return _without(packet, lambda prefix, name: prefix in _PANORAMA)


def with_geometry(packet: bytes | None, said: Mapping[str, Any]) -> bytes:
    """A packet, or a new one, that says where the picture lies on its scan.

    Args:
        packet: as `of_new_file` gives it.
        said: numbers, or lists of numbers, by name.
    """
    document = _parsed(packet or _EMPTY)
    root = document.getElementsByTagName("rdf:RDF")
    if not root:
        return packet or b""
    description = document.createElement("rdf:Description")
    description.setAttribute("rdf:about", "")
    description.setAttribute("xmlns:bgtool", GEOMETRY)
    for name, value in said.items():
        description.setAttribute(f"bgtool:{name}", json.dumps(value))
    root[0].appendChild(description)
    return "\n".join(node.toxml() for node in document.childNodes).encode()


def _without(packet: bytes, stale: Stale) -> bytes:
    document = _parsed(packet)
    elements = list(_below(document))
    prefixes = {
        name.partition(":")[2]: _NAMESPACES.get(value, "")
        for element in elements
        for name, value in element.attributes.items()
        if name.startswith("xmlns:")
    }

    def is_stale(name: str) -> bool:
        prefix, colon, local = name.partition(":")
        if prefix == "xmlns":  # the declaration of a prefix goes where all that has it goes
            usual = prefixes.get(local) or local
            return stale(usual, "")
        usual = prefixes.get(prefix) or prefix
        return bool(colon) and stale(usual, f"{usual}:{local}")

    changed = False
    for element in elements:
        for name in [name for name in element.attributes.keys() if is_stale(name)]:  # noqa: SIM118 - no mapping
            element.removeAttribute(name)
            changed = True
        if is_stale(element.tagName) and element.parentNode:
            element.parentNode.removeChild(element)
            changed = True
    return "\n".join(node.toxml() for node in document.childNodes).encode() if changed else packet


def _parsed(packet: bytes) -> Document:
    from xml.dom import expatbuilder
    from xml.parsers.expat import ExpatError

    text = packet.decode().strip("\ufeff\0 \r\n\t")
    if "<!DOCTYPE" in text:
        raise ValueError("XMP with a document type")
    try:
        parsed: Document = expatbuilder.parseString(text.encode(), namespaces=False)
    except ExpatError as error:
        raise ValueError(f"XMP that is no XML: {error}") from error
    return parsed


def _below(document: Document) -> Iterator[Element]:
    """All elements. Raises ValueError where they lie deeper in each other than in any XMP."""
    pending: list[tuple[Any, int]] = [(document, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > _DEEPEST:
            raise ValueError("XMP of elements in elements without end")
        if depth:
            yield node
        pending += [(child, depth + 1) for child in node.childNodes if child.nodeType == child.ELEMENT_NODE]
