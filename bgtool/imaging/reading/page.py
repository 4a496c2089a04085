"""One page as those who work on it see it: upright, RGB on white, with what its file says of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from bgtool.imaging import icc, metadata
from bgtool.imaging.pixels import Box
from bgtool.imaging.reading import tones
from bgtool.imaging.reading.faults import decoding, of_page
from bgtool.imaging.reading.limits import unlimited
from bgtool.imaging.reading.raster import UPRIGHT, Raster, orientation


class Page:
    """A page, decoded and held once in the mode of its file, or read in parts from it.

    Attributes:
        index: number of the page, from 0.
        count: number of pages of its file.
        size: (width, height) in pixels, upright.
        depth: bits of a sample, 8 or 16.
        cut: whether 16-bit colours have been cut to 8 bits, as Pillow does.
        has_alpha: whether the file says how opaque its pixels are.
        metadata: what the file says of the page.
        warnings: what was wrong with the page and did not keep it from being read, a sentence each.
    """

    def __init__(self, raster: Raster, index: int, count: int) -> None:
        self._raster, self.index, self.count = raster, index, count
        about = raster.about
        self._swap, self._flip_rows, self._flip_columns = UPRIGHT[orientation(about)]
        self.size = raster.size[::-1] if self._swap else raster.size
        self.depth, self.cut = raster.depth, raster.cut
        self.has_alpha = about.has_transparency_data
        self.metadata, warnings = metadata.read(about, turned=self._swap or raster.turned)
        self._to_srgb, failed = _transform_to_srgb(raster.mode, self.metadata.icc)
        self._tones = tones.of(about, raster.mode, self.metadata.icc)
        if raster.mode in ("CMYK", "LAB"):
            self.metadata = replace(self.metadata, icc=icc.srgb() if self._to_srgb else None)
        self.warnings = (*warnings, *failed)

    def window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
        """The pixels in columns x0 to x1 and rows y0 to y1 of the upright page, ends excluded.

        Returns:
            uint8 [y1 - y0, x1 - x0, 3], RGB; what is transparent lies on white. 16 bits become round(v / 257). CMYK
            and grey go through their profile to sRGB, a PNG without a profile by its gamma. Other colours are given as
            they are, described by `metadata.icc`.

        Raises:
            InputError: the page is read in parts, and this part is damaged.
        """
        with self._reading():
            return self._upright(self._colours(self._raster.crop(self._stored(x0, y0, x1, y1))))

    def deep_window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[Any]:
        """As `window`, without a loss of depth: uint16 [y1 - y0, x1 - x0, 3] where `depth` is 16, else uint8."""
        if self.depth == 8:
            return self.window(x0, y0, x1, y1)
        with self._reading():
            samples = self._raster.deep(self._stored(x0, y0, x1, y1))
            colours = samples[..., :3] if samples.shape[2] > 2 else samples[..., :1].repeat(3, axis=2)
            colours = colours if self._tones is None else self._tones[colours]
            return self._upright(_on_white(colours, samples[..., -1:]) if self.has_alpha else colours)

    def alpha_window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8] | None:
        """The opacity of the same pixels as `window`: uint8 [y1 - y0, x1 - x0], 255 opaque; None without alpha."""
        if not self.has_alpha:
            return None
        with self._reading():
            piece = self._raster.crop(self._stored(x0, y0, x1, y1))
            return self._upright(np.asarray(_rgba(piece).getchannel("A")))

    def close(self) -> None:
        """Let go of the pixels, so that they take no memory while the result is written, if no page follows."""
        if self.index + 1 == self.count:
            self._raster.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with of_page(self.index, self.count), decoding(), unlimited():
            yield

    def _stored(self, x0: int, y0: int, x1: int, y1: int) -> Box:
        """Where those pixels are in the stored image."""
        width, height = self.size
        if self._flip_columns:
            x0, x1 = width - x1, width - x0
        if self._flip_rows:
            y0, y1 = height - y1, height - y0
        return (y0, x0, y1, x1) if self._swap else (x0, y0, x1, y1)

    def _upright(self, piece: NDArray[Any]) -> NDArray[Any]:
        if self._swap:
            piece = piece.swapaxes(0, 1)
        if self._flip_rows:
            piece = piece[::-1]
        if self._flip_columns:
            piece = piece[:, ::-1]
        return np.ascontiguousarray(piece)

    def _colours(self, piece: Image.Image) -> NDArray[np.uint8]:
        if self._tones is not None:
            piece = tones.changed(piece, self._tones)
        if self.has_alpha:
            rgba = np.asarray(_rgba(piece))
            return _on_white(rgba[..., :3], rgba[..., 3:])
        if self._to_srgb:
            return np.asarray(ImageCms.applyTransform(piece, self._to_srgb))
        return np.asarray(piece if piece.mode == "RGB" else piece.convert("RGB"))


def _transform_to_srgb(mode: str, profile: bytes | None) -> tuple[ImageCms.ImageCmsTransform | None, tuple[str, ...]]:
    """How to turn CMYK with a profile, or Lab, into sRGB; a warning in place of it if the profile does not work."""
    if mode != "LAB" and not (mode == "CMYK" and profile):
        return None, ()
    target = ImageCms.ImageCmsProfile(io.BytesIO(icc.srgb()))
    try:
        source = ImageCms.ImageCmsProfile(
            ImageCms.createProfile("LAB") if mode == "LAB" else io.BytesIO(profile or b"")
        )
        intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
        return ImageCms.buildTransform(source, target, mode, "RGB", intent, flags), ()
    except (OSError, ImageCms.PyCMSError):
        return None, ("its ICC profile does not work and was left out",)


def _rgba(piece: Image.Image) -> Image.Image:
    return (piece.convert("LA") if piece.mode == "La" else piece).convert("RGBA")


def _on_white(colours: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Colours [h, w, 3] with their alpha [h, w, 1] over white."""
    top = np.iinfo(colours.dtype).max
    alpha = alpha.astype(np.uint16 if top == 255 else np.uint32)
    return np.asarray((colours * alpha + (top - alpha) * top + top // 2) // top, colours.dtype)
