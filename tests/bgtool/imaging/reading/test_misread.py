"""Files of kinds that were once misread without a word, each drawn here and read both by Pillow and by libvips."""

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from bgtool.imaging.reading import vips
from bgtool.imaging.reading.open import open_pages

RNG = np.random.default_rng(21)
SMALL = RNG.integers(0, 256, (4, 6, 3), dtype=np.uint8)
RGB = np.kron(SMALL, np.ones((16, 16, 1), np.uint8))  # 64 x 96, in flat blocks as JPEG keeps them
GREY = RGB[..., 1]
THIRD = np.zeros(GREY.shape, bool)
THIRD[:, :30] = True


@pytest.fixture(params=["Pillow", "libvips", "no libvips"])
def pages(request, monkeypatch):
    """Reads all pages of bytes: as it comes, all by libvips that can be, or as where that is not installed."""
    if request.param == "no libvips":
        monkeypatch.setattr(vips, "available", lambda: False)
    elif not vips.available():
        pytest.skip("pyvips is not installed")
    large = 1 if request.param == "libvips" else vips.LARGE

    def read(data: bytes) -> list:
        with open_pages(io.BytesIO(data), max_megapixels=10, large=large) as reader:
            return [
                (page.window(0, 0, *page.size), page.deep_window(0, 0, *page.size), page.warnings, page)
                for page in reader
            ]

    return read


def only(found):
    assert len(found) == 1
    return found[0]


def saved(pixels, format, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format, **options)
    return buffer.getvalue()


def tiff(*pages, **options) -> bytes:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for pixels, more in pages:
            writer.write(pixels, **{"metadata": None, "software": False, **options, **more})
    return buffer.getvalue()


def png(pixels: np.ndarray, colour_type: int, *chunks: tuple[bytes, bytes]) -> bytes:
    def chunk(kind, data):
        return struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], pixels.itemsize * 8, colour_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels.astype(pixels.dtype.newbyteorder(">")))
    between = b"".join(chunk(*each) for each in chunks)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + between
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def grey_as_rgb(grey):
    return np.repeat(grey[..., None], 3, 2)


@pytest.mark.parametrize("adobe", [True, False])
def test_a_cmyk_jpeg_is_inverted_only_by_an_adobe_marker(pages, adobe):
    inks = 255 - np.dstack([RGB, np.full_like(GREY, 255)])  # without black
    buffer = io.BytesIO()
    Image.fromarray(inks if adobe else 255 - inks, "CMYK").save(buffer, "JPEG", quality=100, subsampling=0)
    data = buffer.getvalue()
    if not adobe:
        marker = data.index(b"\xff\xee")
        data = data[:marker] + data[marker + 2 + int.from_bytes(data[marker + 2 : marker + 4], "big") :]
    window, *_ = only(pages(data))
    assert np.abs(window.astype(int) - RGB).max() <= 6


@pytest.mark.parametrize("top", [255, 65535])
def test_a_colour_map_of_a_tiff_has_8_or_16_bits(pages, top):
    colours = RNG.integers(0, 256, (3, 256), dtype=np.uint16)
    data = tiff((GREY, {"photometric": "palette", "colormap": colours * (top // 255)}))
    window, *_ = only(pages(data))
    assert np.array_equal(window, colours.T[GREY])


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_planes_of_cielab_have_signs(pages, compression):
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    lab = np.asarray(ImageCms.applyTransform(Image.fromarray(RGB), to_lab))
    together = only(pages(tiff((lab, {"photometric": "cielab"}))))[0]
    planes = np.ascontiguousarray(lab.transpose(2, 0, 1))
    options = {"photometric": "cielab", "planarconfig": "separate", "compression": compression}
    assert np.array_equal(only(pages(tiff((planes, options))))[0], together)
    assert np.abs(together.astype(int) - RGB).mean() < 4


def test_one_level_of_grey_of_16_bits_can_be_transparent(pages):
    grey = np.where(THIRD, 7, np.maximum(GREY, 1).astype(np.uint16) * 257)
    window, deep, _, page = only(pages(png(grey.astype(np.uint16), 0, (b"tRNS", struct.pack(">H", 7)))))
    assert np.array_equal(window[..., 0], np.where(THIRD, 255, np.maximum(GREY, 1)))
    assert deep.dtype == np.uint16
    assert np.array_equal(deep[..., 0], np.where(THIRD, 65535, grey))
    assert np.array_equal(page.metadata.text, {})


@pytest.mark.parametrize(("colour_type", "pixels"), [(0, GREY), (2, RGB), (2, RGB.astype(np.uint16) * 257)])
def test_the_gamma_of_a_png_counts_where_nothing_else_says_what_its_colours_are(pages, colour_type, pixels):
    top = np.iinfo(pixels.dtype).max
    linear = (pixels / top * top).astype(pixels.dtype)
    expected = np.where(linear / top <= 0.0031308, 12.92 * linear / top, 1.055 * (linear / top) ** (1 / 2.4) - 0.055)
    expected = expected if pixels.ndim == 3 else grey_as_rgb(expected)
    of_one = (b"gAMA", struct.pack(">I", 100000))
    window, deep, *_ = only(pages(png(linear, colour_type, of_one)))
    assert np.abs(window - expected * 255).max() <= 1
    assert np.abs(deep / np.iinfo(deep.dtype).max - expected).max() <= 1 / 255
    as_it_is = linear if pixels.ndim == 3 else grey_as_rgb(linear)
    for chunks in ([(b"gAMA", struct.pack(">I", 45455))], [of_one, (b"sRGB", b"\0")], [(b"gAMA", bytes(4))]):
        window, *_ = only(pages(png(linear, colour_type, *chunks)))
        assert np.array_equal(window, as_it_is if top == 255 else RGB)


def test_the_gamma_of_a_palette(pages):
    buffer = io.BytesIO()
    Image.fromarray(RGB).quantize(24).save(buffer, "PNG")
    plain = buffer.getvalue()
    gamma = b"gAMA" + struct.pack(">I", 100000)
    with_gamma = plain[:33] + struct.pack(">I", 4) + gamma + struct.pack(">I", zlib.crc32(gamma)) + plain[33:]
    dark, bright = (only(pages(data))[0].astype(int) for data in (plain, with_gamma))
    assert np.abs(bright[dark == 55] - 128).max(initial=0) <= 2
    assert bright.mean() > dark.mean() + 20


@pytest.mark.parametrize("tag", [281, 341])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_16_bits_of_which_12_are_used_are_scaled_by_their_tag(pages, tag, photometric):
    stored = GREY.astype(np.uint16) * 16 + 15
    stored = 4095 - stored if photometric == "miniswhite" else stored
    window, *_ = only(pages(tiff((stored, {"photometric": photometric, "extratags": [(tag, "H", 1, 4095, True)]}))))
    assert np.abs(window[..., 0].astype(int) - GREY).max() <= 1
    # the largest value that happens to occur is nothing to scale by
    window, *_ = only(pages(tiff((GREY.astype(np.uint16) * 200, {"extratags": [(tag, "H", 1, 50999, True)]}))))
    assert np.abs(window[..., 0] * 257.0 - GREY * 200.0).max() <= 257


def test_12_bits_a_colour_in_16_are_scaled_or_refused(pages):
    stored = RGB.astype(np.uint16) * 16 + 15
    data = tiff((stored, {"photometric": "rgb", "extratags": [(281, "H", 3, (4095,) * 3, True)]}))
    if not vips.available():
        with pytest.raises(Exception, match="not all used, which Pillow cannot read"):
            pages(data)
        return
    window, deep, *_ = only(pages(data))
    assert np.abs(window.astype(int) - RGB).max() <= 1
    assert deep.max() > 65000


def test_pixels_that_are_not_square_keep_their_shape(pages):
    jpeg = bytearray(saved(RGB, "JPEG", dpi=(300, 300)))
    for x, y, expected in ((1, 2, (96, 192)), (3, 2, (144, 96)), (1, 1, None), (0, 2, None)):
        jpeg[13:18] = struct.pack(">BHH", 0, x, y)
        found = only(pages(bytes(jpeg)))[3].metadata.resolution
        assert (found and found.dpi) == expected
    fax = tiff((GREY, {"resolution": (204, 102), "resolutionunit": 1}))
    assert only(pages(fax))[3].metadata.resolution.dpi == (192, 96)
    fax = tiff((GREY, {"resolution": (204, 98), "resolutionunit": 2}))
    assert only(pages(fax))[3].metadata.resolution.dpi == (204, 98)
    square = tiff((GREY, {"resolution": (300, 300), "resolutionunit": 1}))
    assert only(pages(square))[3].metadata.resolution is None


SMALLER = np.ascontiguousarray(RGB[::4, ::4])


@pytest.mark.parametrize(
    "beside",
    [
        (SMALLER, {"photometric": "rgb", "subfiletype": 1}),
        (SMALLER, {"photometric": "rgb", "extratags": [(255, "H", 1, 2, True)]}),
        (THIRD, {"photometric": 4, "subfiletype": 4}),
        (THIRD, {"photometric": 4}),
        (SMALLER.astype(np.float16), {"photometric": "rgb", "subfiletype": 1}),
        (SMALLER.astype(np.float32), {"photometric": "rgb", "subfiletype": 1}),
    ],
    ids=["copy", "copy of old", "mask", "mask by its colours", "half floats", "floats"],
)
def test_copies_and_masks_are_not_pages(pages, beside):
    page = (RGB, {"photometric": "rgb"})
    found = pages(tiff(page, beside, page))
    assert len(found) == 2
    assert all(np.array_equal(window, RGB) for window, *_ in found)


def test_the_picture_of_a_heic_is_its_primary_one(pages):
    pillow_heif = pytest.importorskip("pillow_heif")
    file = pillow_heif.from_pillow(Image.new("RGB", (80, 60), "red"))
    file.add_from_pillow(Image.fromarray(RGB))
    buffer = io.BytesIO()
    file.save(buffer, quality=100, chroma=444, primary_index=1)
    window, _, warnings, _ = only(pages(buffer.getvalue()))
    assert np.abs(window.astype(int) - RGB).mean() < 5
    assert warnings == ("it holds 2 pictures: only its main one is used",)


def test_16_bits_of_a_bmp_are_those_of_a_pixel(pages):
    packed = (GREY >> 3).astype("<u2") * (1 << 11 | 1 << 6 | 1)
    sizes = struct.pack("<IHHI", 66 + packed.nbytes, 0, 0, 66)
    header = struct.pack("<IiiHHIIiiII", 40, GREY.shape[1], GREY.shape[0], 1, 16, 3, packed.nbytes, 0, 0, 0, 0)
    masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    *_, page = only(pages(b"BM" + sizes + header + masks + packed[::-1].tobytes()))
    assert not page.cut


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_pam(pages, samples):
    kinds = {1: "GRAYSCALE", 2: "GRAYSCALE_ALPHA", 3: "RGB", 4: "RGB_ALPHA"}
    pixels = np.full((64, 96, samples), 255, np.uint8)
    pixels[..., : 1 if samples < 3 else 3] = GREY[..., None] if samples < 3 else RGB
    header = f"P7\nWIDTH 96\n# of ours\nHEIGHT 64\nDEPTH {samples}\nMAXVAL 255\nTUPLTYPE {kinds[samples]}\nENDHDR\n"
    window, *_ = only(pages(header.encode() + pixels.tobytes()))
    assert np.array_equal(window, RGB if samples > 2 else grey_as_rgb(GREY))
    narrow = header.replace("255", "100").encode() + np.round(pixels / 255 * 100).astype(np.uint8).tobytes()
    assert np.abs(only(pages(narrow))[0].astype(int) - window).max() <= 2
    wide = header.replace("255", "65535").encode() + (pixels.astype(">u2") * 257).tobytes()
    assert np.array_equal(only(pages(wide))[0], window)
