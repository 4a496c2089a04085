"""ICC profiles: what a file says of its colours, turned into what an output can hold."""

from __future__ import annotations

from functools import cache
from importlib import resources

from bgtool.imaging.formats import Pixels

_HEADER = 128


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
    """A small ICC v2 profile of sRGB: its primaries adapted to D50, its tone curve in 64 points."""
    return (resources.files("bgtool.imaging") / "srgb.icc").read_bytes()


@cache
def srgb_gray() -> bytes:
    """A small ICC v2 profile of grey with the sRGB tone curve."""
    return (resources.files("bgtool.imaging") / "grey.icc").read_bytes()
