"""Tones that a page has by a grey profile or a PNG's gamma, turned into those of sRGB."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from bgtool.imaging import icc
from bgtool.imaging.pixels import eight_bits

_SRGB_GAMMA = 1 / 2.2
_NEAR = 0.05  # a gamma as close to that of sRGB is taken for it, as the PNG specification suggests
_GAMMAS = (0.1, 10.0)  # those that make sense
_LEVELS = np.arange(256, dtype=np.uint8)


def of(about: Image.Image, mode: str, profile: bytes | None) -> NDArray[np.uint16] | None:
    """What the samples of a page are in sRGB.

    Args:
        about: what Pillow says of the page.
        mode: of its pixels.
        profile: ICC profile that goes with them.

    Returns:
        uint16 [65536], by samples of 16 bits; None where they need no change.
    """
    if profile:
        return _by_profile(profile) if mode in ("L", "LA") and icc.space(profile) == "GRAY" else None
    gamma = about.info.get("gamma") if about.format == "PNG" and "srgb" not in about.info else None
    if not gamma or abs(gamma / _SRGB_GAMMA - 1) < _NEAR or not _GAMMAS[0] <= gamma <= _GAMMAS[1]:
        return None
    linear = np.linspace(0, 1, 1 << 16) ** (1 / gamma)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray((encoded * 65535).round(), np.uint16)


def changed(piece: Image.Image, tones: NDArray[np.uint16]) -> Image.Image:
    """A piece of a page, grey or RGB, with other tones; its alpha stays as it is."""
    if piece.mode not in ("L", "LA", "RGB", "RGBA"):
        piece = piece.convert("RGBA" if piece.has_transparency_data else "RGB")
    levels = eight_bits(tones[::257])
    bands = piece.getbands()
    table: list[Any] = [*np.concatenate([_LEVELS if band == "A" else levels for band in bands])]
    return piece.point(table)


def _by_profile(profile: bytes) -> NDArray[np.uint16] | None:
    try:
        source, target = (ImageCms.ImageCmsProfile(io.BytesIO(data)) for data in (profile, icc.srgb()))
        transform = ImageCms.buildTransform(source, target, "L", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC)
    except (OSError, ImageCms.PyCMSError):
        return None
    ramp = np.asarray(ImageCms.applyTransform(Image.fromarray(_LEVELS[None]), transform))[0, :, 1]
    return np.asarray(np.interp(np.arange(1 << 16), _LEVELS * 257.0, ramp * 257.0).round(), np.uint16)
