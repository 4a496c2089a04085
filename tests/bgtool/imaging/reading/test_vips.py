"""What libvips reads is what Pillow reads."""

import contextlib
import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bgtool.errors import InputError
from bgtool.imaging.metadata import Metadata
from bgtool.imaging.reading.open import open_pages, page_of
from bgtool.imaging.reading.page import Page
from bgtool.imaging.reading.vips import Rows, VipsRaster
from bgtool.imaging.source import Bands
from bgtool.imaging.writing.tiff import TiffWriter
from bgtool.optional import command
from bgtool.options import CleanOptions, CutoutOptions, Style
from bgtool.tasks.document import COVER
from bgtool.tasks.order import order_for
from bgtool.tasks.registry import work_for
from tests.support.profiles import cmyk_profile

pyvips = pytest.importorskip("pyvips")

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


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize(("kind", "bands"), [("rgb", 3), ("separated", 4)])
def test_tiff_with_16_bit_colours_in_planes(tmp_path, monkeypatch, kind, bands, byteorder):
    path = tmp_path / "planes.tif"
    samples = np.dstack([DEEP, DEEP[..., :1]])[..., :bands]
    tifffile.imwrite(path, samples.transpose(2, 0, 1), photometric=kind, planarconfig="separate", byteorder=byteorder)
    _, _, page = read(path, large=NEVER)
    stored = np.asarray(page._raster.crop((0, 0, *page.size)))
    assert np.array_equal(stored, (samples.astype(int) + 128) // 257)
    with Image.open(path) as image, pytest.raises(InputError, match="in planes"):
        page_of(image)
    monkeypatch.setattr("bgtool.imaging.reading.vips.available", lambda: False)
    with pytest.raises(InputError, match=r"in planes.*pyvips"):
        read(path, large=NEVER)


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


def test_raw_ycbcr_is_left_to_pillow(tmp_path):
    tifffile.imwrite(tmp_path / "ycbcr.tif", np.full((20, 30, 3), (99, 94, 199), np.uint8), photometric="ycbcr")
    pixels, _, page = read(tmp_path / "ycbcr.tif")
    assert not isinstance(page._raster, VipsRaster)
    assert np.abs(pixels.astype(int) - (199, 60, 39)).max() <= 3


def test_cmyk_goes_through_its_profile(tmp_path):
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


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "tiled"])
def test_windows_in_any_order_see_the_upright_page(tmp_path, format, orientation):
    exif = Image.Exif()
    exif[274], exif[282], exif[283], exif[296] = orientation, 300, 600, 2
    path = tmp_path / "a"
    if format == "tiled":
        tags = [(274, 3, 1, orientation, True)]
        tifffile.imwrite(path, RGB, photometric="rgb", tile=(32, 48), extratags=tags, resolution=(300, 600))
    else:
        Image.fromarray(RGB).save(path, format, exif=exif)
    agree(path)
    whole = read(path, NEVER)[0]
    with open_pages(path, max_megapixels=1, large=0) as reader:
        [page] = reader
        assert page.size == whole.shape[1::-1]
        for _ in range(20):
            x0, y0 = (int(RNG.integers(side)) for side in page.size)
            x1, y1 = (int(RNG.integers(start + 1, side + 1)) for start, side in zip((x0, y0), page.size, strict=True))
            assert np.array_equal(page.window(x0, y0, x1, y1), whole[y0:y1, x0:x1])


class Decoder:
    """Counts how often a picture of numbered rows is opened."""

    def __init__(self, height):
        self.picture = pyvips.Image.new_from_array(np.repeat(np.arange(height, dtype=np.uint16)[:, None], 7, axis=1))
        self.opened = 0

    def __call__(self, access):
        self.opened += 1
        return self.picture


def test_bands_that_overlap_are_decoded_once_and_only_a_band_is_kept():
    decoder = Decoder(3000)
    rows = Rows(decoder, (7, 3000))
    for top in range(0, 2700, 200):
        bottom = min(top + 500, 3000)
        for left in range(0, 6, 2):
            assert rows.read(left, top, left + 2, bottom)[:, 0, 0].tolist() == list(range(top, bottom))
        assert rows.read(0, top + 150, 7, top + 350)[0, 0, 0] == top + 150
        assert sum(len(kept) for _, kept in rows._kept) <= 500 + 2 * 64
    assert decoder.opened == 1
    assert rows.read(3, 40, 4, 41).item() == 40
    assert decoder.opened == 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 299), st.integers(1, 300)), min_size=1, max_size=12))
def test_rows_come_in_any_order(parts):
    rows = Rows(Decoder(300), (7, 300))
    for top, size in parts:
        bottom = min(top + size, 300)
        assert rows.read(2, top, 3, bottom).ravel().tolist() == list(range(top, bottom))


def test_what_a_png_says_behind_its_pixels_is_heard(tmp_path):
    about = PngInfo()
    about.add(b"tEXt", b"Title\0A letter", after_idat=True)
    about.add_itxt("Author", "Müller")
    exif = Image.Exif()
    exif[270], exif[274] = "text", 3
    data = encoded(Image.fromarray(RGB), "PNG", pnginfo=about, exif=exif, dpi=(300, 300)).getvalue()
    start = data.index(b"eXIf") - 4
    stop = start + 12 + int.from_bytes(data[start : start + 4], "big")
    moved = io.BytesIO(data[:start] + data[stop:-12] + data[start:stop] + data[-12:])
    agree(moved)
    pixels, _, page = read(moved)
    assert dict(page.metadata.text) == {"Title": "A letter", "Author": "Müller"}
    assert np.array_equal(pixels, RGB[::-1, ::-1])


def test_all_pages_of_a_tiff(tmp_path):
    path = tmp_path / "many.tif"
    with tifffile.TiffWriter(path) as tif:
        tif.write(RGB)
        tif.write(RGB[::4, ::4], subfiletype=1)
        tif.write(RGB[::-1], tile=(32, 32), compression="zlib")
        tif.write(DEEP[:9, :9])
    with open_pages(path, max_megapixels=1, large=1000) as reader:
        seen = [(page.window(0, 0, *page.size), page.depth, type(page._raster)) for page in reader]
    assert [depth for _, depth, _ in seen] == [8, 8, 16]
    assert {raster for _, _, raster in seen} == {VipsRaster}
    assert np.array_equal(seen[0][0], RGB)
    assert np.array_equal(seen[1][0], RGB[::-1])
    assert np.array_equal(seen[2][0], np.round(DEEP[:9, :9] / 257))


def test_only_what_is_large_or_deep_is_read_in_parts(tmp_path):
    buffer = encoded(Image.fromarray(RGB), "PNG")
    size = RGB.shape[0] * RGB.shape[1]
    assert not isinstance(read(buffer, size)[2]._raster, VipsRaster)
    assert isinstance(read(buffer, size - 1)[2]._raster, VipsRaster)


def test_a_compressed_page_beyond_four_gigabytes(tmp_path):
    path = tmp_path / "big.tif"
    with path.open("w+b") as file:
        writer = TiffWriter(file)
        writer.add(Bands.of(RGB), Metadata(), "m")
        file.seek(5 << 30)  # a hole: the file takes no room
        writer.add(Bands.of(RGB[::-1]), Metadata(tags={270: "second"}), "m")
        writer.close()
    with open_pages(path, max_megapixels=1) as reader:
        pages = [(page.window(0, 0, *page.size), page.metadata.tags) for page in reader]
    assert np.array_equal(pages[0][0], RGB)
    assert np.array_equal(pages[1][0], RGB[::-1])
    assert pages[1][1] == {270: "second"}


# --- 16 bits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("suffix", [".tif", ".png"])
def test_deep_windows_are_exact(tmp_path, suffix, orientation):
    path = tmp_path / f"a{suffix}"
    vips_image(DEEP, orientation).write_to_file(str(path))
    upright = DEEP if orientation == 1 else np.rot90(DEEP, -1)
    with open_pages(path, max_megapixels=1) as reader:
        [page] = reader
        assert page.depth == 16
        assert np.array_equal(page.deep_window(0, 0, *page.size), upright)
        assert np.array_equal(page.window(0, 0, *page.size), np.round(upright / 257))


def vips_image(pixels, orientation=1):
    image = pyvips.Image.new_from_array(pixels).copy(interpretation="rgb16")
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return image


def test_deep_transparent_colours_lie_on_white(tmp_path):
    rgba = np.concatenate([DEEP, DEEP[..., :1]], axis=-1)
    vips_image(rgba).write_to_file(str(tmp_path / "a.png"))
    with open_pages(tmp_path / "a.png", max_megapixels=1) as reader:
        [page] = reader
        found = page.deep_window(0, 0, *page.size)
    alpha = rgba[..., 3:] / 65535
    assert np.abs(found - (rgba[..., :3] * alpha + 65535 * (1 - alpha))).max() <= 0.5 + 1e-6


def test_deep_grey_needs_no_libvips(tmp_path, without_pyvips):
    tifffile.imwrite(tmp_path / "a.tif", DEEP[..., 0], photometric="miniswhite")
    with open_pages(tmp_path / "a.tif", max_megapixels=1) as reader:
        [page] = reader
        found = page.deep_window(2, 3, 30, 40)
    assert np.array_equal(found, np.repeat(65535 - DEEP[3:40, 2:30, :1], 3, axis=2))


def clean_in_colour(source, target, model, *options):
    command = ["clean", source, "-o", target, "--model", model, "--style", "color", *options]
    result = subprocess.run([sys.executable, "-m", "bgtool", *map(str, command)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stderr


@pytest.mark.parametrize("suffix", [".tif", ".png"])
def test_sixteen_bits_in_sixteen_bits_out(tmp_path, suffix, tiny_model_file):
    source, target = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    vips_image(DEEP).copy(xres=12, yres=12).write_to_file(str(source))
    gray = tmp_path / "gray.png"
    clean_in_colour(source, target, tiny_model_file)
    clean_in_colour(source, gray, tiny_model_file, "--style", "gray")
    found, page = pyvips.Image.new_from_file(str(target)).numpy(), np.asarray(Image.open(gray))
    assert found.dtype == np.uint16
    exact = 65535 - (65535 - DEEP.astype(float)) * COVER[page][..., None].astype(float) / 255
    assert np.abs(found - exact).max() <= 0.5
    assert len(np.unique(found)) > 1000
    with open_pages(target, max_megapixels=1) as reader:
        [page] = reader
        assert page.depth == 16
        assert page.metadata.resolution.dpi == pytest.approx((304.8, 304.8), rel=1e-4)


def test_where_sixteen_bits_do_not_fit_it_is_said(tmp_path, tiny_model_file):
    source = tmp_path / "in.tif"
    vips_image(DEEP).write_to_file(str(source))
    text = clean_in_colour(source, tmp_path / "out.jpg", tiny_model_file)
    assert "JPEG holds 8 bits a colour" in text
    with Image.open(tmp_path / "out.jpg") as image:
        assert image.size == (70, 150)


def test_a_cut_out_says_that_it_has_eight_bits(tmp_path, person_model):
    vips_image(DEEP).write_to_file(str(tmp_path / "in.tif"))
    for mask_only, said in ((False, True), (True, False)):
        with open_pages(tmp_path / "in.tif", max_megapixels=1) as reader:
            [page] = reader
            work = work_for(order_for(CutoutOptions(inputs=(), output="", mask_only=mask_only)))
            [result] = work(page, person_model, lambda pixels: None)
        assert any("8 bits a colour" in warning for warning in result.warnings) == said


def test_without_pyvips_the_loss_is_said_where_it_counts(tmp_path, tiny_model, without_pyvips):
    vips_image(DEEP).write_to_file(str(tmp_path / "in.tif"))
    for style, warnings in (
        (Style.COLOR, [f"its 16 bits a colour were read as 8 ({command('vips')})"]),
        (Style.GRAY, []),
    ):
        with open_pages(tmp_path / "in.tif", max_megapixels=1) as reader:
            [page] = reader
            work = work_for(order_for(CleanOptions(inputs=(), output="", style=style)))
            [result] = work(page, tiny_model, lambda pixels: None)
            told = result.warnings
            assert [warning for warning in told if "16 bits" in warning] == warnings


# --- what cannot be read ----------------------------------------------------------------------------------------------

CUT = [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True})]
CUT += [("TIFF", {"compression": name}) for name in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")]


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(("format", "options"), CUT)
def test_a_file_cut_short_is_refused(tmp_path, format, options, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    data = encoded(Image.fromarray(RGB), format, exif=exif, **options).getvalue()
    for length in range(len(data) // 20, len(data) * 9 // 10, len(data) // 10):
        (tmp_path / "cut").write_bytes(data[:length])
        with pytest.raises(InputError) as caught:
            read(tmp_path / "cut")
        assert "\n" not in str(caught.value)


def test_a_tiled_tiff_cut_short_names_its_page(tmp_path):
    path = tmp_path / "cut.tif"
    with tifffile.TiffWriter(path) as tif:
        tif.write(RGB, tile=(32, 32), compression="zlib")
        tif.write(RGB, tile=(32, 32), compression="zlib")
    with tifffile.TiffFile(path) as tif:
        start, size = (values[5] for values in (tif.pages[1].dataoffsets, tif.pages[1].databytecounts))
    with path.open("r+b") as file:
        file.seek(start)
        file.write(bytes(size))
    with open_pages(path, max_megapixels=1, large=0) as reader:
        pages = iter(reader)
        first = next(pages)
        assert np.array_equal(first.window(0, 0, *first.size), RGB)
        second = next(pages)
        with pytest.raises(InputError, match="page 2 of 2"):
            second.window(0, 0, *second.size)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "TIFF"]), st.data())
def test_a_damaged_byte_never_blows_up(format, data):
    content = bytearray(encoded(Image.fromarray(RGB[:13, :17]), format).getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InputError):
        read(io.BytesIO(bytes(content)))


def test_without_pyvips_pillow_reads_what_it_can(without_pyvips):
    pixels, _, page = read(encoded(Image.fromarray(RGB), "PNG"))
    assert np.array_equal(pixels, RGB)
    assert not isinstance(page._raster, VipsRaster)


def test_without_pyvips_a_page_that_does_not_fit_names_the_extra(tmp_path):
    header = encoded(Image.new("L", (1, 1)), "PNG").getvalue()
    ihdr = b"IHDR" + struct.pack(">II", 40_000, 30_000) + header[24:29]
    (tmp_path / "a.png").write_bytes(header[:12] + ihdr + struct.pack(">I", zlib.crc32(ihdr)) + header[33:])
    program = """
import resource, sys
from pathlib import Path
sys.modules["pyvips"] = None
from bgtool.imaging.reading.open import open_pages
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
with open_pages(Path(sys.argv[1]), max_megapixels=2000) as reader:
    next(iter(reader))
"""
    result = subprocess.run([sys.executable, "-c", program, tmp_path / "a.png"], capture_output=True, text=True)
    assert result.stderr.splitlines()[-1] == (
        f"bgtool.errors.InputError: it does not fit into memory ({command('vips')})"
    )
