import io

import numpy as np
import pytest
from PIL import Image

from bgtool.imaging import xmp
from bgtool.imaging.reading.open import open_pages

GOOGLE = b"http://ns.google.com/photos/1.0/"
MOTION = (
    b'xmlns:GCamera="' + GOOGLE + b'camera/" xmlns:Container="' + GOOGLE + b'container/" GCamera:MotionPhoto="1" '
    b'GCamera:MotionPhotoVersion="1" GCamera:MicroVideo="1" GCamera:MicroVideoOffset="5032" GCamera:Kept="yes"'
)
GAIN_MAP = b'xmlns:gm="http://ns.adobe.com/hdr-gain-map/1.0/" gm:Version="1.0"'
PANORAMA = b'xmlns:GPano="' + GOOGLE + b'panorama/" GPano:UsePanoramaViewer="True"'


def packet(attributes: bytes, inner: bytes = b"") -> bytes:
    return (
        b"<?xpacket begin='\xef\xbb\xbf' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>"
        b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:dc='http://purl.org/dc/elements/1.1/'>"
        b"<rdf:Description dc:creator='Ann' " + attributes + b">" + inner + b"</rdf:Description></rdf:RDF></x:xmpmeta>"
        b"<?xpacket end='w'?>"
    )


def read(content: bytes) -> tuple[bytes | None, tuple[str, ...]]:
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8), 200, np.uint8)).save(buffer, "WEBP", xmp=content)
    buffer.seek(0)
    with open_pages(buffer, max_megapixels=1) as reader:
        page = next(iter(reader))
        return page.metadata.xmp, page.warnings


def test_films_depth_and_gain_maps_that_do_not_follow_are_not_promised():
    inner = b"<Container:Directory><rdf:Seq><rdf:li Container:Mime='video/mp4'/></rdf:Seq></Container:Directory>"
    found, warnings = read(packet(MOTION + b" " + GAIN_MAP, inner))
    assert warnings == ()
    assert found is not None
    for gone in (b"Motion", b"Micro", b"Container", b"hdr-gain-map", b"gm:", b"mp4"):
        assert gone not in found
    for kept in (b'dc:creator="Ann"', b'GCamera:Kept="yes"', b"<?xpacket begin='\xef\xbb\xbf'", b"<?xpacket end='w'?>"):
        assert kept in found


def test_a_part_of_a_panorama_is_none():
    whole = packet(PANORAMA)
    assert read(whole)[0] == whole  # byte for byte, as nothing is stale
    part = xmp.of_part(whole)
    assert b"GPano" not in part
    assert b"Ann" in part


@pytest.mark.parametrize(
    "hostile",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + packet(b"dc:title='&b;'"),
        packet(b"")[:-40],
        b"<x>\xff\xfe</x>",
        b"<x>" * 100_000,
    ],
    ids=["entities", "cut short", "no UTF-8", "deep"],
)
def test_what_is_no_xmp_is_left_out_with_a_warning(hostile):
    assert read(hostile) == (None, ("its XMP is damaged and was left out",))


def test_deep_xmp_is_left_out():
    deep = packet(b"", b"<a>" * 20_000 + b"</a>" * 20_000)
    assert read(deep) == (None, ("its XMP is damaged and was left out",))
