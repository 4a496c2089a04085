"""ICC profiles: what a file says of its colours, turned into what an output can hold."""

from __future__ import annotations

import struct
from functools import cache

from bgtool.imaging.formats import Pixels

_HEADER = 128
_D50 = (0.9642, 1.0, 0.8249)
_PRIMARIES = {  # of sRGB, adapted to D50 as ICC asks
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
}
_CURVE_POINTS = 64


def space(profile: bytes) -> str | None:
    """The colour space of a profile (``"RGB"``, ``"GRAY"``, ``"CMYK"``, ...); None where it is no ICC profile."""
    if len(profile) < _HEADER or profile[36:40] != b"acsp" or len(profile) < int.from_bytes(profile[:4], "big"):
        return None
    return profile[16:20].decode("latin-1").rstrip()


def for_output(profile: bytes | None, pixels: Pixels) -> bytes | None:
    """The profile that goes with a result.

    Colour keeps an RGB profile and grey a GRAY one. A profile of the other kind gives way to sRGB, or to grey with
    the sRGB tone curve. A bilevel page has no tones to describe, so it carries none.
    """
    if profile is None or pixels is Pixels.BILEVEL:
        return None
    if pixels is Pixels.GRAY:
        return profile if space(profile) == "GRAY" else srgb_gray()
    return profile if space(profile) == "RGB" else srgb()


@cache
def srgb() -> bytes:
    """A small ICC v2 profile of sRGB, always the same bytes."""
    primaries = {tag: _xyz(*values) for tag, values in _PRIMARIES.items()}
    return _profile(b"RGB ", "sRGB", primaries, (b"rTRC", b"gTRC", b"bTRC"))


@cache
def srgb_gray() -> bytes:
    """A small ICC v2 profile of grey with the sRGB tone curve, always the same bytes."""
    return _profile(b"GRAY", "Grey, sRGB tone curve", {}, (b"kTRC",))


def _profile(space: bytes, name: str, colorants: dict[bytes, bytes], curves: tuple[bytes, ...]) -> bytes:
    tags = {b"desc": _description(name), b"cprt": b"text\0\0\0\0CC0\0", b"wtpt": _xyz(*_D50), **colorants}
    curve = _srgb_curve()
    table, body = b"", b""
    start = _HEADER + 4 + 12 * (len(tags) + len(curves))
    for tag, data in tags.items():
        table += struct.pack(">4sII", tag, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    for tag in curves:  # one curve in the file serves them all
        table += struct.pack(">4sII", tag, start + len(body), len(curve))
    return (
        _header(start + len(body) + len(curve), space)
        + struct.pack(">I", len(tags) + len(curves))
        + table
        + body
        + curve
    )


def _header(size: int, space: bytes) -> bytes:
    version, date = 0x02100000, (2025, 1, 1, 0, 0, 0)
    start = struct.pack(">I4xI4s4s4s6H4s", size, version, b"mntr", space, b"XYZ ", *date, b"acsp")
    return start.ljust(68, b"\0") + _xyz(*_D50)[8:] + bytes(_HEADER - 80)


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _description(name: str) -> bytes:
    text = name.encode("ascii") + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67)


def _srgb_curve() -> bytes:
    encoded = (i / (_CURVE_POINTS - 1) for i in range(_CURVE_POINTS))
    linear = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in encoded)
    return b"curv\0\0\0\0" + struct.pack(f">I{_CURVE_POINTS}H", _CURVE_POINTS, *(round(v * 65535) for v in linear))
