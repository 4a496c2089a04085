import importlib.util
import io
import os
import threading
import warnings
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from bgtool.errors import InputError
from bgtool.imaging import icc
from bgtool.imaging.reading.open import open_pages
from bgtool.imaging.reading.page import Page

RNG = np.random.default_rng(3)
GRAY = RNG.integers(0, 256, (13, 17), dtype=np.uint8)
RGB = RNG.integers(0, 256, (13, 17, 3), dtype=np.uint8)


def whole(page: Page) -> np.ndarray:
    return page.window(0, 0, *page.size)


def read_one(source, max_megapixels=10):
    """The pixels of the first page, its opacity, and the page, whose metadata outlives the file."""
    with open_pages(source, max_megapixels=max_megapixels) as reader:
        page = next(iter(reader))
        return whole(page), page.alpha_window(0, 0, *page.size), page


def encoded(image, format, **options) -> io.BytesIO:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    buffer.seek(0)
    return buffer


def refused(source, **options) -> str:
    """Why reading all of it fails."""
    with pytest.raises(InputError) as caught:
        read_all(source, **{"max_megapixels": 10, **options})
    return str(caught.value)


def read_all(source, max_megapixels=10) -> list[np.ndarray]:
    with open_pages(source, max_megapixels=max_megapixels) as reader:
        return [whole(page) for page in reader]


def reason_if_refused(source) -> str:
    try:
        read_all(source)
    except InputError as error:
        return str(error)
    return ""


# --- pixels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP", "PPM", "GIF", "JPEG2000", "WEBP"])
def test_grey_and_colour_come_out_as_they_went_in(format):
    options = {"lossless": True} if format == "WEBP" else {}
    assert np.array_equal(
        read_one(encoded(Image.fromarray(GRAY), format, **options))[0], np.repeat(GRAY[..., None], 3, 2)
    )
    if format != "GIF":
        assert np.array_equal(read_one(encoded(Image.fromarray(RGB), format, **options))[0], RGB)


@pytest.mark.parametrize(
    ("format", "options"), [("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "group4"}), ("PPM", {})]
)
def test_bilevel_is_black_and_white(format, options):
    pixels = read_one(encoded(Image.fromarray(GRAY > 127), format, **options))[0]
    assert np.array_equal(pixels[..., 0], np.where(GRAY > 127, 255, 0))


def test_white_is_zero_in_one_and_sixteen_bits(tmp_path):
    bits = GRAY > 127
    tifffile.imwrite(tmp_path / "1.tif", bits, photometric="miniswhite")
    assert np.array_equal(read_one(tmp_path / "1.tif")[0][..., 0], np.where(bits, 0, 255))
    for compression in (None, "zlib"):
        tifffile.imwrite(
            tmp_path / "16.tif", GRAY.astype(np.uint16) * 257, photometric="miniswhite", compression=compression
        )
        assert np.array_equal(read_one(tmp_path / "16.tif")[0][..., 0], 255 - GRAY)


SIXTEEN = (np.arange(65536, dtype=np.uint32).reshape(256, 256)).astype(np.uint16)
ROUNDED = np.round(SIXTEEN / 257).astype(np.uint8)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_sixteen_bit_tiff_is_rounded_whatever_the_page_holds(tmp_path, byteorder, compression):
    path = tmp_path / "deep.tif"
    if compression == "lzw":
        Image.fromarray(SIXTEEN).save(path, compression="tiff_lzw")
    else:
        tifffile.imwrite(path, SIXTEEN, photometric="minisblack", byteorder=byteorder, compression=compression)
    pixels, alpha, page = read_one(path)
    assert np.array_equal(pixels, np.repeat(ROUNDED[..., None], 3, 2))
    assert alpha is None
    assert not page.warnings
    dark = tmp_path / "dark.tif"
    tifffile.imwrite(dark, SIXTEEN // 16, photometric="minisblack")
    assert read_one(dark)[0].max() == 16  # not stretched


def test_sixteen_bit_png_and_pnm():
    assert np.array_equal(read_one(encoded(Image.fromarray(SIXTEEN), "PNG"))[0][..., 0], ROUNDED)
    header = b"P5\n256 256\n65535\n"
    assert np.array_equal(read_one(io.BytesIO(header + SIXTEEN.astype(">u2").tobytes()))[0][..., 0], ROUNDED)


def test_sixteen_bit_colour_png_is_at_most_one_level_off(tmp_path):
    rows = np.stack([SIXTEEN] * 3, -1)
    path = tmp_path / "deep.png"
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in rows)

    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    ihdr = (256).to_bytes(4, "big") * 2 + bytes([16, 2, 0, 0, 0])
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    )
    assert np.abs(read_one(path)[0][..., 0].astype(int) - ROUNDED).max() <= 1


def test_twelve_bit_tiff_has_its_own_white(tmp_path):
    values = np.array([[0, 4095, 2048, 1]], dtype=np.uint16)
    packed = b"".join((int(a) << 12 | int(b)).to_bytes(3, "big") for a, b in values.reshape(-1, 2))
    tags = [
        (256, 4, 4),
        (257, 4, 1),
        (258, 3, 12),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, 1),
        (279, 4, 6),
    ]
    body = b"".join(
        t.to_bytes(2, "little") + k.to_bytes(2, "little") + b"\1\0\0\0" + v.to_bytes(4, "little") for t, k, v in tags
    )
    ifd = len(tags).to_bytes(2, "little") + body + bytes(4)
    path = tmp_path / "12.tif"
    path.write_bytes(b"II*\0" + (14).to_bytes(4, "little") + packed + ifd)
    assert read_one(path)[0][0, :, 0].tolist() == [0, 255, 128, 0]


@pytest.mark.parametrize("array", [np.ones((4, 4), np.float32), np.ones((4, 4), np.int32), np.ones((4, 4), np.int16)])
def test_pixels_without_a_white_are_refused(tmp_path, array):
    tifffile.imwrite(tmp_path / "f.tif", array, photometric="minisblack")
    assert "floating-point" in refused(tmp_path / "f.tif")


def test_transparent_pixels_lie_on_white():
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[0, :, 3] = 0, 128, 255
    pixels, alpha, page = read_one(encoded(Image.fromarray(rgba), "PNG"))
    assert pixels[0, :, 0].tolist() == [255, 127, 0]
    assert alpha[0].tolist() == [0, 128, 255]
    assert page.has_alpha
    la = Image.fromarray(rgba).convert("LA")
    assert read_one(encoded(la, "PNG"))[0][0, :, 0].tolist() == [255, 127, 0]
    assert read_one(encoded(la, "TIFF"))[1][0].tolist() == [0, 128, 255]


def test_a_transparent_colour_of_a_palette_or_grey_lies_on_white():
    palette = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    palette.putpalette([0, 0, 0, 10, 20, 30])
    for transparency in (0, b"\x00\xff"):
        pixels, alpha, page = read_one(encoded(palette, "PNG", transparency=transparency))
        assert pixels.tolist() == [[[255, 255, 255], [10, 20, 30]]]
        assert alpha.tolist() == [[0, 255]]
        assert not page.warnings
    grey = Image.fromarray(np.array([[7, 8]], np.uint8))
    assert read_one(encoded(grey, "PNG", transparency=7))[0][0, :, 0].tolist() == [255, 8]


def test_cmyk_without_a_profile_takes_the_plain_way():
    cmyk = Image.frombytes("CMYK", (3, 1), bytes([0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0]))
    for format in ("TIFF", "JPEG"):
        pixels, _, page = read_one(encoded(cmyk.resize((48, 16), 0), format, quality=100))
        assert np.abs(pixels[8, [8, 24, 40]].astype(int) - [[255, 255, 255], [0, 0, 0], [0, 255, 255]]).max() <= 6
        assert page.metadata.icc is None


def test_a_profile_of_another_kind_is_dropped_with_a_warning():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    _, _, page = read_one(encoded(Image.new("CMYK", (8, 8)), "JPEG", icc_profile=srgb))
    assert page.metadata.icc is None
    assert page.warnings == ("its ICC profile is damaged and was left out",)
    _, _, page = read_one(encoded(Image.new("RGB", (8, 8)), "PNG", icc_profile=b"nonsense" * 40))
    assert page.metadata.icc is None
    assert "ICC" in page.warnings[0]
    _, _, page = read_one(encoded(Image.new("L", (8, 8)), "PNG", icc_profile=srgb))
    assert page.metadata.icc == srgb  # for writing.py to turn into grey


def test_every_tiff_page_has_its_own_profile_or_none(tmp_path):
    profile = icc.srgb()
    with tifffile.TiffWriter(tmp_path / "pages.tif") as file:
        file.write(RGB, photometric="rgb", metadata=None)
        file.write(RGB, photometric="rgb", iccprofile=profile, metadata=None)
        file.write(RGB[..., 0], photometric="minisblack", metadata=None)
    with open_pages(tmp_path / "pages.tif", max_megapixels=10) as reader:
        found = [(page.metadata.icc, page.warnings) for page in reader]
    assert found == [(None, ()), (profile, ()), (None, ())]


def test_grey_goes_through_its_profile_to_srgb(tmp_path):
    """With a gamma of 1.8, level v is the light (v/255)**1.8."""
    gamma = b"curv" + bytes(4) + (1).to_bytes(4, "big") + round(1.8 * 256).to_bytes(2, "big") + bytes(2)
    profile = icc.srgb_gray()
    srgb_curve = profile[profile.index(b"curv\0\0\0\0") :]
    profile = profile.replace(srgb_curve, gamma.ljust(len(srgb_curve), b"\0"))
    light = (np.arange(256) / 255) ** 1.8
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    ramp = np.arange(256, dtype=np.uint8)[None].repeat(8, axis=0)
    for image in (Image.fromarray(ramp), Image.fromarray(ramp).convert("LA")):
        pixels, _, page = read_one(encoded(image, "PNG", icc_profile=profile))
        assert np.abs(pixels[3] - expected[:, None]).max() <= 1.5
        assert page.metadata.icc == profile
    deep = Image.fromarray(ramp.astype(np.uint16) * 257)
    with open_pages(encoded(deep, "PNG", icc_profile=profile), max_megapixels=10) as reader:
        [page] = reader
        assert np.abs(page.deep_window(0, 3, 256, 4)[0] / 257 - expected[:, None]).max() <= 1.5


def test_signed_bytes_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "signed.tif", RGB[..., 0].astype(np.int8), photometric="minisblack")
    assert "signed" in refused(tmp_path / "signed.tif")


def test_an_avif_may_call_itself_an_image_of_any_codec():
    data = encoded(Image.fromarray(RGB), "AVIF").getvalue()
    assert b"avif" in data[12:64]
    pixels, _, page = read_one(io.BytesIO(data[:8] + b"mif1" + data[12:]))
    assert page.size == (17, 13)
    assert pixels.shape == RGB.shape


def test_a_damaged_cmyk_profile_is_dropped_with_a_warning():
    profile = (bytes(12) + b"prtrCMYKLab " + bytes(12) + b"acsp").ljust(300, b"\xff")
    with pytest.raises(OSError, match="cannot"):
        ImageCms.ImageCmsProfile(io.BytesIO(profile))
    _, _, page = read_one(encoded(Image.new("CMYK", (8, 8)), "JPEG", icc_profile=profile))
    assert page.metadata.icc is None
    assert page.warnings == ("its ICC profile does not work and was left out",)


def test_lab_becomes_srgb():
    lab = Image.merge("LAB", [Image.new("L", (4, 4), v) for v in (255, 128, 128)])
    pixels, _, page = read_one(encoded(lab, "TIFF"))
    assert np.abs(pixels.astype(int) - 255).max() <= 2
    assert page.metadata.icc is not None


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_windows_see_the_upright_page(tmp_path, format, orientation):
    stored = Image.fromarray(RGB)
    exif = Image.Exif()
    exif[274] = orientation
    buffer = encoded(stored, format, exif=exif, **({"lossless": True} if format == "WEBP" else {}))
    with Image.open(buffer) as reference:
        upright = np.asarray(ImageOps.exif_transpose(reference).convert("RGB"))
    with open_pages(buffer, max_megapixels=1) as reader:
        [page] = reader
        assert page.size == upright.shape[1::-1]
        assert np.array_equal(whole(page), upright)
        assert np.array_equal(page.window(2, 1, 9, 12), upright[1:12, 2:9])


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_out_of_range_is_none(value):
    exif = Image.Exif()
    exif[274] = value
    assert np.array_equal(read_one(encoded(Image.fromarray(RGB), "PNG", exif=exif))[0], RGB)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_windows_are_parts_of_the_whole(data):
    mode = data.draw(st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"]))
    orientation = data.draw(st.integers(1, 8))
    image = Image.fromarray(SIXTEEN[:13, :17].copy()) if mode == "I;16" else Image.fromarray(RGB).convert(mode)
    exif = Image.Exif()
    exif[274] = orientation
    with open_pages(encoded(image, "TIFF", exif=exif), max_megapixels=1) as reader:
        [page] = reader
        full, (width, height) = whole(page), page.size
        x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
        x1, y1 = data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height))
        window = page.window(x0, y0, x1, y1)
    assert window.dtype == np.uint8
    assert window.flags.c_contiguous
    assert np.array_equal(window, full[y0:y1, x0:x1])


# --- pages ------------------------------------------------------------------------------------------------------------


def test_all_pages_of_a_tiff_whatever_their_size_and_kind(tmp_path):
    pages = [Image.fromarray(GRAY), Image.fromarray(RGB), Image.fromarray(GRAY[:5] > 99), Image.fromarray(SIXTEEN)]
    path = tmp_path / "many.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    with open_pages(path, max_megapixels=1) as reader:
        assert (reader.count, reader.suffix) == (4, ".tif")
        seen = [(page.index, page.count, page.size, whole(page)) for page in reader]
    assert [s[:3] for s in seen] == [(0, 4, (17, 13)), (1, 4, (17, 13)), (2, 4, (17, 5)), (3, 4, (256, 256))]
    assert np.array_equal(seen[1][3], RGB)
    assert np.array_equal(seen[3][3][..., 0], ROUNDED)


def test_a_closed_page_lets_go_of_its_pixels_and_leaves_the_next_one_readable(tmp_path):
    path = tmp_path / "two.tif"
    Image.fromarray(RGB).save(path, save_all=True, append_images=[Image.fromarray(GRAY)])
    with open_pages(path, max_megapixels=1) as reader:
        pages = iter(reader)
        next(pages).close()
        last = next(pages)
        assert (whole(last)[..., 0] == GRAY).all()
        last.close()
        with pytest.raises(InputError):
            whole(last)
        assert last.size == (17, 13)


def test_a_bad_page_is_named_by_its_number(tmp_path):
    path = tmp_path / "many.tif"
    pages = [Image.fromarray(GRAY), Image.fromarray(RNG.integers(0, 256, (50, 50), dtype=np.uint8))]
    pages[0].save(path, save_all=True, append_images=[pages[1], pages[0]])
    assert refused(path, max_megapixels=0.001).startswith("page 2 of 3: it has")
    assert refused(path, max_megapixels=0.001).endswith("(raise --max-megapixels)")


def test_thumbnails_in_a_tiff_are_no_pages(tmp_path):
    path = tmp_path / "thumb.tif"
    with tifffile.TiffWriter(path) as tif:
        tif.write(GRAY)
        tif.write(GRAY[::4, ::4], subfiletype=1)
        tif.write(GRAY[::-1])
    with open_pages(path, max_megapixels=1) as reader:
        assert reader.count == 2
        assert [page.size for page in reader] == [(17, 13)] * 2


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_an_animation_gives_its_first_picture_and_a_warning(format):
    first = Image.new("RGB", (8, 8), "white")
    buffer = encoded(first, format, save_all=True, append_images=[Image.new("RGB", (8, 8), "black")])
    with open_pages(buffer, max_megapixels=1) as reader:
        [page] = reader
        assert whole(page).min() == 255
    assert "animated" in page.warnings[0]


def test_the_content_decides_not_the_name(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "photo.jpg", "PNG")
    with open_pages(tmp_path / "photo.jpg", max_megapixels=1) as reader:
        assert reader.suffix == ".png"


def test_a_stream_need_not_be_seekable():
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "wb") as out:
        out.write(encoded(Image.fromarray(RGB), "PNG").getvalue())
    with os.fdopen(read_end, "rb") as stream:
        assert np.array_equal(read_one(stream)[0], RGB)


# --- what cannot be read ----------------------------------------------------------------------------------------------


def test_each_kind_of_bad_file_has_its_reason(tmp_path):
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("Dear archive,\n")
    (tmp_path / "noise.jpg").write_bytes(b"\xff\xd8\xff" + bytes(range(200)))
    (tmp_path / "loop.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "far.tif").write_bytes(b"II+\0\x08\0\0\0" + (1 << 62).to_bytes(8, "little") + bytes(100))
    assert refused(tmp_path / "empty.png") == "the file is empty"
    assert refused(tmp_path / "text.png") == "the file is no image of a known format"
    assert refused(tmp_path / "noise.jpg") == "the image is damaged, or of a kind that is not supported"
    assert refused(tmp_path / "loop.png") == "it is a link to a file that does not exist"
    assert refused(tmp_path / "gone.png") == "the file does not exist"
    assert refused(tmp_path / "folder.png") == "it is a folder"
    assert refused(tmp_path / "pipe.png") == "it is no regular file"
    assert refused(tmp_path / "far.tif").startswith("the image is damaged")
    assert refused(io.BytesIO()) == "standard input is empty"


@pytest.mark.skipif(importlib.util.find_spec("pillow_heif") is not None, reason="nothing is missing")
def test_heic_names_what_is_missing():
    assert "pillow-heif" in refused(io.BytesIO(b"\0\0\0\x18ftypheic" + bytes(100)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file(tmp_path):
    (tmp_path / "secret.png").write_bytes(b"x")
    (tmp_path / "secret.png").chmod(0)
    assert "permission" in refused(tmp_path / "secret.png")


CUT = [
    *(("TIFF", {"compression": name}) for name in ("raw", "group4", "tiff_lzw", "tiff_adobe_deflate")),
    *((format, {}) for format in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "PPM", "JPEG2000")),
]


@pytest.mark.parametrize(("format", "options"), CUT)
def test_a_file_cut_anywhere_is_refused_or_read_but_never_blows_up(tmp_path, capfd, format, options):
    pixels = RNG.integers(0, 256, (64, 64), dtype=np.uint8)
    image = Image.fromarray(pixels > 127) if options.get("compression") == "group4" else Image.fromarray(pixels)
    data = encoded(image, format, **options).getvalue()
    path = tmp_path / "cut"
    for length in [*range(1, min(len(data), 64)), *range(64, len(data), max(1, len(data) // 40))]:
        path.write_bytes(data[:length])
        reason = reason_if_refused(path)
        assert "<_io" not in reason
        assert "\n" not in reason
    path.write_bytes(data[: len(data) // 2])
    assert refused(path)
    if format != "TIFF":  # libtiff itself writes to stderr
        assert capfd.readouterr() == ("", "")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "TIFF", "GIF", "BMP", "PPM", "WEBP"]), st.data())
def test_a_damaged_byte_never_blows_up(format, data):
    exif = Image.Exif()
    exif[274], exif[270] = 6, "text"
    options = {"exif": exif} if format in ("PNG", "JPEG", "TIFF", "WEBP") else {}
    content = bytearray(encoded(Image.fromarray(RGB), format, **options).getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    reason_if_refused(io.BytesIO(bytes(content)))


def test_too_many_pixels_name_the_option(tmp_path):
    Image.new("1", (2000, 1000)).save(tmp_path / "a.png")
    assert "--max-megapixels" in refused(tmp_path / "a.png", max_megapixels=1.9)
    assert read_one(tmp_path / "a.png", max_megapixels=2)[0].shape == (1000, 2000, 3)


def test_pillows_own_limit_does_not_count_and_is_put_back(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    Image.fromarray(GRAY).save(tmp_path / "a.tif", compression="tiff_lzw")
    with warnings.catch_warnings(record=True) as caught:
        results = []
        threads = [threading.Thread(target=lambda: results.append(read_one(tmp_path / "a.tif")[0])) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(results) == 8
    assert not caught
    assert Image.MAX_IMAGE_PIXELS == 10


def test_pillows_warnings_become_the_pages(tmp_path, capfd):
    exif = Image.Exif()
    exif[270] = "x" * 40
    block = exif.tobytes()
    buffer = encoded(Image.fromarray(RGB), "JPEG", exif=block[:-30])
    pixels, _, page = read_one(buffer)
    assert pixels.shape == RGB.shape
    assert page.warnings
    assert capfd.readouterr() == ("", "")
