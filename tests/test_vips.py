"""What libvips reads is what Pillow reads."""

import io
import itertools
import os
import subprocess
import sys
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

pytest.importorskip("pyvips")

import pyvips

from bgtool import vips
from bgtool.errors import InputError
from bgtool.reading import Page, open_pages, page_of
from bgtool.vips import VipsRaster

RNG = np.random.default_rng(4)
RGB = RNG.integers(0, 256, (150, 70, 3), dtype=np.uint8)
SMOOTH = np.asarray(Image.fromarray(RGB[:8, :5]).resize((70, 150), Image.Resampling.BICUBIC))
DEEP = RNG.integers(0, 65536, (150, 70, 3), dtype=np.uint16)
NEVER = 1 << 40


def read(source, large=0) -> Page:
    """The only page of a file, and its pixels, read by libvips if large is 0."""
    with open_pages(source, max_megapixels=10, large=large) as reader:
        [page] = reader
        return page.window(0, 0, *page.size), page.alpha_window(0, 0, *page.size), page


def agree(source, tolerance=1):
    """Assert that libvips reads a page, and makes of it what Pillow does."""
    pixels, alpha, page = read(source)
    assert isinstance(page._raster, VipsRaster)
    with Image.open(source) as image:
        expected = page_of(image)
        whole = expected.window(0, 0, *expected.size)
        opacity = expected.alpha_window(0, 0, *expected.size)
    assert pixels.shape == whole.shape
    assert np.abs(pixels.astype(int) - whole).max() <= tolerance
    assert (alpha is None) == (opacity is None)
    assert alpha is None or np.abs(alpha.astype(int) - opacity).max() <= tolerance - 1
    assert page.metadata == expected.metadata
    assert page.warnings == expected.warnings


def encoded(image, format, **options) -> io.BytesIO:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    buffer.seek(0)
    return buffer


def in_mode(mode):
    if mode == "I;16":
        return Image.fromarray(DEEP[..., 0])
    if mode in ("LA", "RGBA"):
        image = Image.fromarray(RGB).convert(mode)
        image.putalpha(Image.fromarray(RGB[..., 1]))
        return image
    return Image.fromarray(RGB).convert(mode)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_png(mode):
    agree(encoded(in_mode(mode), "PNG"))


@pytest.mark.parametrize("transparency", [7, bytes(range(256))])
def test_png_with_transparent_colours(transparency):
    agree(encoded(in_mode("P"), "PNG", transparency=transparency))


def test_png_with_one_transparent_colour():
    agree(encoded(in_mode("L"), "PNG", transparency=int(np.asarray(in_mode("L"))[3, 3])))
    agree(encoded(in_mode("RGB"), "PNG", transparency=tuple(int(v) for v in RGB[3, 3])))


@pytest.mark.parametrize("compression", ["raw", "packbits", "tiff_lzw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_tiff(mode, compression):
    agree(encoded(in_mode(mode), "TIFF", compression=compression))


@pytest.mark.parametrize("compression", ["group3", "group4"])
def test_tiff_of_a_fax(compression):
    agree(encoded(in_mode("1"), "TIFF", compression=compression))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_and_jpeg_in_tiff(mode):
    smooth = Image.fromarray(SMOOTH).convert(mode)
    for options in ({}, {"progressive": True}, {"subsampling": "4:4:4"}):
        agree(encoded(smooth, "JPEG", quality=90, **options))
    agree(encoded(smooth, "TIFF", compression="jpeg", quality=90))


def test_cmyk_goes_through_its_profile(tmp_path):
    from test_writing import cmyk_profile

    for format in ("JPEG", "TIFF"):
        agree(encoded(Image.fromarray(SMOOTH).convert("CMYK"), format, icc_profile=cmyk_profile()))


LAYOUTS = [
    {"photometric": "rgb"},
    {"photometric": "rgb", "planarconfig": "separate"},
    {"photometric": "rgb", "compression": "zlib", "predictor": True},
    {"photometric": "rgb", "bigtiff": True},
    {"photometric": "rgb", "extrasamples": ["assocalpha"]},
    {"photometric": "rgb", "extrasamples": ["unassalpha"]},
    {"photometric": "rgb", "extrasamples": ["unspecified"]},
    {"photometric": "separated"},
    {"photometric": "miniswhite", "byteorder": ">"},
    {"photometric": "miniswhite", "dtype": "uint16"},
    {"photometric": "minisblack", "dtype": "uint16", "byteorder": ">", "compression": "zlib"},
    {"photometric": "rgb", "dtype": "uint16"},
    {"photometric": "rgb", "dtype": "uint16", "byteorder": ">", "compression": "zlib"},
    {"photometric": "rgb", "dtype": "uint16", "extrasamples": ["unassalpha"]},
    {"photometric": "separated", "dtype": "uint16"},
]


def pixels_for(photometric="rgb", dtype="uint8", extrasamples=(), planarconfig="contig", **_):
    pixels = RGB if dtype == "uint8" else DEEP
    if photometric == "separated":
        pixels = np.concatenate([pixels, pixels[..., :1]], axis=-1)
    elif photometric != "rgb":
        pixels = pixels[..., 0]
    elif extrasamples:  # colours no brighter than their alpha, as those multiplied by it are
        half = np.iinfo(pixels.dtype).max // 2
        pixels = np.concatenate([pixels // 2, pixels[..., :1] // 2 + half], axis=-1)
    return np.moveaxis(pixels, -1, 0) if planarconfig == "separate" else pixels


@pytest.mark.parametrize("tile", [None, (32, 48)])
@pytest.mark.parametrize("options", LAYOUTS, ids=str)
def test_tiff_as_others_write_it(tmp_path, options, tile):
    dtype = options.get("dtype", "uint8")
    written = {name: value for name, value in options.items() if name != "dtype"}
    tifffile.imwrite(tmp_path / "a.tif", pixels_for(**options), tile=tile, **written)
    if tile and "planarconfig" in options:  # which libvips does not know
        assert np.array_equal(read(tmp_path / "a.tif")[0], RGB)
    else:  # Pillow cuts 16-bit colours off, in each of two samples
        agree(tmp_path / "a.tif", 2 if dtype == "uint16" and pixels_for(**options).shape[-1:] == (4,) else 1)
