import io
import os
import stat
import struct
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, IptcImagePlugin
from PIL.TiffImagePlugin import IFDRational

from bgtool import __version__
from bgtool.errors import InputError, OutputError
from bgtool.imaging import icc
from bgtool.imaging.formats import Format, Pixels, output_suffix
from bgtool.imaging.metadata import EXIF_IFD, GPS_IFD, TEXT_TAGS, Metadata, Resolution
from bgtool.imaging.reading.open import open_pages
from bgtool.imaging.source import Bands
from bgtool.imaging.writing.tiff import TiffWriter
from bgtool.imaging.writing.writer import open_writer
from bgtool.storage.local import replacing, sweep
from bgtool.storage.places import Place
from tests.support.profiles import cmyk_profile

RNG = np.random.default_rng(5)
GRAY = RNG.integers(0, 256, (40, 61), dtype=np.uint8)
RESULTS = {
    Pixels.BILEVEL: GRAY > 127,
    Pixels.GRAY: GRAY,
    Pixels.RGB: RNG.integers(0, 256, (40, 61, 3), dtype=np.uint8),
    Pixels.RGBA: RNG.integers(0, 256, (40, 61, 4), dtype=np.uint8),
}
EXACT = {
    ".png": list(RESULTS),
    ".tif": list(RESULTS),
    ".bmp": [Pixels.BILEVEL, Pixels.GRAY, Pixels.RGB],
    ".ppm": [Pixels.BILEVEL, Pixels.GRAY, Pixels.RGB],
    ".jp2": [Pixels.GRAY, Pixels.RGB, Pixels.RGBA],
    ".j2k": [Pixels.GRAY, Pixels.RGB, Pixels.RGBA],
    ".webp": [Pixels.BILEVEL, Pixels.GRAY],
}
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
DPI_300 = Metadata(resolution=Resolution(Fraction(300), Fraction(300)))


def write(path: Path, kind: Pixels, metadata: Metadata = DPI_300) -> list[str]:
    with open_writer(path, model="net-1") as writer:
        writer.add(Bands.of(RESULTS[kind]), metadata)
    return writer.warnings


def metadata_of(path: Path | io.BytesIO) -> Metadata:
    with open_pages(path, max_megapixels=10) as reader:
        [page] = reader
        assert not page.warnings
        return page.metadata


def carried(tmp_path: Path, source: Path, target: str, kind: Pixels) -> Metadata:
    """What is left of a file's metadata in an output made from it."""
    write(tmp_path / target, kind, metadata_of(source))
    return metadata_of(tmp_path / target)


# --- formats ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "format", "pixels", "expected"),
    [
        (".JPG", Format.SAME, Pixels.GRAY, ".JPG"),
        (".jpeg", Format.JPEG, Pixels.RGB, ".jpeg"),
        (".png", Format.JPEG, Pixels.RGB, ".jpg"),
        (".tiff", Format.SAME, Pixels.RGBA, ".tiff"),
        (".tiff", Format.TIFF, Pixels.BILEVEL, ".tiff"),
        (".png", Format.TIFF, Pixels.BILEVEL, ".tif"),
        (".pnm", Format.SAME, Pixels.BILEVEL, ".pnm"),
        (".ppm", Format.SAME, Pixels.GRAY, ".pgm"),
        (".pgm", Format.SAME, Pixels.BILEVEL, ".pbm"),
        (".bmp", Format.SAME, Pixels.BILEVEL, ".bmp"),
        (".jp2", Format.SAME, Pixels.RGBA, ".jp2"),
        (".webp", Format.SAME, Pixels.RGBA, ".webp"),
    ],
)
def test_a_suffix_that_holds_the_result_is_kept(suffix, format, pixels, expected):
    assert output_suffix(suffix, format, pixels) == (expected, None)


@pytest.mark.parametrize(
    ("suffix", "format", "pixels"),
    [
        (".jpg", Format.SAME, Pixels.BILEVEL),
        (".jpg", Format.SAME, Pixels.RGBA),
        (".png", Format.JPEG, Pixels.RGBA),
        (".bmp", Format.SAME, Pixels.RGBA),
        (".jp2", Format.SAME, Pixels.BILEVEL),
        (".gif", Format.SAME, Pixels.GRAY),
        (".heic", Format.SAME, Pixels.RGB),
        ("", Format.SAME, Pixels.RGB),
    ],
)
def test_a_suffix_that_cannot_becomes_png_with_a_reason(suffix, format, pixels):
    found, reason = output_suffix(suffix, format, pixels)
    assert found == ".png"
    assert reason
    assert "PNG takes its place" in reason


@pytest.mark.parametrize(("suffix", "kind"), [(suffix, kind) for suffix, kinds in EXACT.items() for kind in kinds])
def test_what_is_written_without_loss_comes_back(tmp_path, suffix, kind):
    path = tmp_path / f"a{suffix}"
    write(path, kind)
    with Image.open(path) as image:
        found = np.asarray(image)
    expected = RESULTS[kind]
    if suffix == ".webp":
        expected = np.repeat((expected.astype(np.uint8) * (255 if kind is Pixels.BILEVEL else 1))[..., None], 3, 2)
    assert np.array_equal(found, expected)


def test_lossy_formats_come_close_and_keep_alpha_and_coloured_edges(tmp_path):
    edge = np.full((32, 32, 3), 255, np.uint8)
    edge[:, 15:17] = 200, 0, 0
    with open_writer(tmp_path / "a.jpg") as writer:
        writer.add(Bands.of(edge), Metadata())
    assert np.abs(np.asarray(Image.open(tmp_path / "a.jpg")).astype(int) - edge).max() < 20
    write(tmp_path / "a.webp", Pixels.RGBA)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.webp"))[..., 3], RESULTS[Pixels.RGBA][..., 3])


def test_what_a_format_cannot_hold_is_refused(tmp_path):
    for path, kind in ((tmp_path / "a.jpg", Pixels.RGBA), (tmp_path / "a.jp2", Pixels.BILEVEL)):
        with pytest.raises(InputError, match="cannot hold"):
            write(path, kind)
    with pytest.raises(InputError, match="16383"), open_writer(tmp_path / "a.webp") as writer:
        writer.add(Bands.of(np.zeros((1, 16384), np.uint8)), Metadata())
    with pytest.raises(InputError, match="3 pages"), open_writer(tmp_path / "a.png", pages=3):
        pass
    with pytest.raises(InputError, match="can be written"), open_writer(tmp_path / "a.gif"):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("samples", [3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_come_back_with_all_that_is_said_of_them(tmp_path, suffix, samples):
    path, pixels = tmp_path / f"a{suffix}", RNG.integers(0, 65536, (300, 61, samples), dtype=np.uint16)
    about = Metadata(Resolution(Fraction(300), Fraction(600)), SRGB, b"<x/>", tags={270: "A letter"})
    with open_writer(path, model="net-1") as writer:
        writer.add(Bands.of(pixels), about)
    assert not writer.warnings
    found = metadata_of(path)
    assert (found.resolution, found.icc, found.xmp, found.tags) == (about.resolution, SRGB, b"<x/>", about.tags)
    if suffix == ".tif":
        assert np.array_equal(tifffile.imread(path), pixels)
    else:
        pyvips = pytest.importorskip("pyvips")
        assert np.array_equal(pyvips.Image.new_from_file(str(path)).numpy(), pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".bmp", ".ppm", ".jp2"])
def test_sixteen_bits_are_rounded_with_a_warning_where_they_do_not_fit(tmp_path, suffix):
    pixels = np.full((40, 61, 3), 40000, np.uint16)
    with open_writer(tmp_path / f"a{suffix}") as writer:
        writer.add(Bands.of(pixels), Metadata())
    assert len(writer.warnings) == 1
    assert "8 bits a colour" in writer.warnings[0]
    with Image.open(tmp_path / f"a{suffix}") as image:
        assert np.abs(np.asarray(image).astype(int) - 156).max() <= 1


# --- TIFF -------------------------------------------------------------------------------------------------------------


def test_a_tiff_of_many_pages_opens_the_same_in_other_readers(tmp_path):
    path = tmp_path / "a.tif"
    with open_writer(path, model="net-1", pages=4) as writer:
        for number, pixels in enumerate(RESULTS.values()):
            writer.add(Bands.of(pixels), Metadata(tags={270: f"page {number}"}))
    with tifffile.TiffFile(path) as tif:
        assert not tif.is_bigtiff
        assert [page.compression.name for page in tif.pages] == ["CCITTFAX4", *["ADOBE_DEFLATE"] * 3]
        assert [page.photometric.name for page in tif.pages] == ["MINISWHITE", "MINISBLACK", "RGB", "RGB"]
        assert [page.description for page in tif.pages] == [f"page {n}" for n in range(4)]
        assert [page.tags["PageNumber"].value for page in tif.pages] == [(n, 4) for n in range(4)]
        for page, expected in zip(tif.pages[1:], list(RESULTS.values())[1:], strict=True):
            assert tuple(page.shape) == expected.shape
    with Image.open(path) as image:
        for number, expected in enumerate(RESULTS.values()):
            image.seek(number)
            assert np.array_equal(np.asarray(image), expected)


def test_a_bilevel_page_keeps_all_its_tags(tmp_path):
    resolution = Resolution(Fraction(11811, 100), Fraction(300000, 2540), "cm")
    tags = {269: "Akte 7", 270: "Größe".encode(), 315: "Archive", 33432: "© 1999".encode()}
    write(tmp_path / "a.tif", Pixels.BILEVEL, Metadata(resolution, SRGB, b"<x/>", b"\x1c\x02\x05\x00\x03abc", tags))
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        found = {tag.name: tag.value for tag in tif.pages[0].tags}
    assert found["XResolution"] == (11811, 100)
    assert found["YResolution"] == (15000, 127)
    assert found["ResolutionUnit"] == 3
    assert found["DocumentName"] == "Akte 7"
    assert found["ImageDescription"] == "Größe"
    assert found["Copyright"] == "© 1999"
    assert found["Software"] == f"bgtool {__version__} (net-1)"
    assert found["XMP"] == b"<x/>"
    assert "InterColorProfile" not in found
    assert metadata_of(tmp_path / "a.tif").iptc == b"\x1c\x02\x05\x00\x03abc"


def test_rows_of_many_strips_come_back(tmp_path):
    tall = RNG.integers(0, 256, (3000, 700, 3), dtype=np.uint8)
    with open_writer(tmp_path / "a.tif") as writer:
        writer.add(Bands.of(tall), Metadata())
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.tif")), tall)
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert len(tif.pages[0].dataoffsets) > 10


def test_beyond_four_gigabytes_it_is_bigtiff(tmp_path, without_pyvips):
    path = tmp_path / "big.tif"
    exif = {36867: "2020:01:02 03:04:05", 33434: IFDRational(1, 60)}
    with path.open("w+b") as file:
        writer = TiffWriter(file)
        writer.add(Bands.of(GRAY), Metadata(tags={270: "first"}), "m")
        file.seek(5 << 30)  # a hole: the file takes no room
        writer.add(Bands.of(RESULTS[Pixels.RGB]), Metadata(icc=SRGB, exif=exif, tags={270: "second"}), "m")
        writer.close()
    with tifffile.TiffFile(path) as tif:
        assert tif.is_bigtiff
        assert [page.description for page in tif.pages] == ["first", "second"]
        assert np.array_equal(tif.pages[0].asarray(), GRAY)
        assert np.array_equal(tif.pages[1].asarray(), RESULTS[Pixels.RGB])
    with Image.open(path) as image:
        image.seek(1)
        assert image.info["icc_profile"] == SRGB
        assert image.getexif().get_ifd(34665)[36867] == "2020:01:02 03:04:05"
    with pytest.raises(InputError, match=r"beyond 4 GB.*pyvips"), open_pages(path, max_megapixels=1):
        pass  # Pillow would give zeros


# --- metadata ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp", ".bmp", ".jp2"])
def test_resolution_is_kept(tmp_path, suffix):
    write(tmp_path / f"a{suffix}", Pixels.GRAY, Metadata(resolution=Resolution(Fraction(300), Fraction(600))))
    found = metadata_of(tmp_path / f"a{suffix}").resolution
    assert found
    assert found.dpi == pytest.approx((300, 600), rel=1e-4)
    if suffix != ".jp2":
        assert found == Resolution(Fraction(300), Fraction(600))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp", ".bmp", ".jp2"])
def test_no_resolution_is_none(tmp_path, suffix):
    write(tmp_path / f"a{suffix}", Pixels.GRAY, Metadata())
    assert metadata_of(tmp_path / f"a{suffix}").resolution is None


def test_a_tiff_without_a_unit_and_a_jpeg_with_a_mere_ratio_have_no_resolution(tmp_path):
    Image.fromarray(GRAY).save(tmp_path / "a.tif", x_resolution=300, y_resolution=300, resolution_unit=1)
    assert metadata_of(tmp_path / "a.tif").resolution is None
    Image.fromarray(GRAY).save(tmp_path / "a.jpg")
    assert metadata_of(tmp_path / "a.jpg").resolution is None


def test_a_quarter_turn_swaps_the_resolutions(tmp_path):
    exif = Image.Exif()
    exif[274], exif[282], exif[283], exif[296] = 6, 300, 600, 2
    for suffix in ("jpg", "tif", "webp"):
        Image.fromarray(GRAY).save(tmp_path / f"a.{suffix}", exif=exif)
        found = metadata_of(tmp_path / f"a.{suffix}")
        assert found.resolution == Resolution(Fraction(600), Fraction(300)), suffix
        assert 274 not in found.tags


def rich_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[270], exif[271], exif[315], exif[305] = "A letter", "Scanner Inc", b"M\xc3\xbcller", "Old Software 1.0"
    exif[274], exif[256], exif[257] = 1, 4000, 3000
    exif[34665] = {36867: "2020:01:02 03:04:05", 33434: IFDRational(1, 60), 40962: 4000, 40963: 3000, 37500: b"\1" * 50}
    exif[34853] = {1: "N", 2: (52.0, 30.0, 1.5), 3: "E", 4: (13.0, 24.0, 0.25)}
    return exif


@pytest.mark.parametrize("source", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("target", ["jpg", "png", "webp", "tif"])
def test_exif_is_kept_less_what_no_longer_holds(tmp_path, source, target):
    exif = rich_exif()
    if source == "tif":
        del exif[256], exif[257]  # there they are the size of the picture itself
    Image.fromarray(GRAY).save(tmp_path / f"in.{source}", exif=exif.tobytes())
    carried(tmp_path, tmp_path / f"in.{source}", f"out.{target}", Pixels.GRAY)
    with Image.open(tmp_path / f"out.{target}") as image:
        exif = image.getexif()
        assert (exif[270], exif[271]) == ("A letter", "Scanner Inc")
        assert exif[305] == f"bgtool {__version__} (net-1)"
        if source != "tif":  # Pillow itself writes a TIFF's text as ASCII
            assert exif[315] == b"M\xc3\xbcller".decode("latin-1")
        assert exif.get(256, image.width) == image.width
        inner = exif.get_ifd(34665)
        assert inner[36867] == "2020:01:02 03:04:05"
        assert inner[33434] == IFDRational(1, 60)
        assert 40962 not in inner
        assert exif.get_ifd(34853)[2] == (52.0, 30.0, 1.5)


XMP = b"""<?xpacket begin='\xef\xbb\xbf'?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"
 dc:format="image/tiff"><tiff:Orientation>6</tiff:Orientation><dc:title>Brief</dc:title></rdf:Description></x:xmpmeta>"""


@pytest.mark.parametrize("target", ["jpg", "png", "webp", "tif"])
def test_xmp_is_kept_without_its_orientation(tmp_path, target):
    Image.fromarray(GRAY).save(tmp_path / "in.webp", xmp=XMP, lossless=True)
    found = carried(tmp_path, tmp_path / "in.webp", f"out.{target}", Pixels.GRAY).xmp
    assert found
    assert b"Orientation" not in found
    assert b'dc:format="image/tiff"' in found
    assert b"<dc:title>Brief</dc:title>" in found


@pytest.mark.parametrize("target", ["jpg", "tif"])
def test_iptc_is_kept_in_jpeg_and_tiff(tmp_path, target):
    records = b"\x1c\x02\x05\x00\x05Brief\x1c\x02\x78\x00\x04Text"
    write(tmp_path / "in.jpg", Pixels.GRAY, Metadata(iptc=records))
    assert carried(tmp_path, tmp_path / "in.jpg", f"out.{target}", Pixels.GRAY).iptc == records
    with Image.open(tmp_path / f"out.{target}") as image:
        assert IptcImagePlugin.getiptcinfo(image)[(2, 5)] == b"Brief"


def test_iptc_tagged_as_integers_is_understood(tmp_path):
    records = b"\x1c\x02\x05\x00\x07Letters"
    tag = (33723, 4, 3, np.frombuffer(records, "<u4").tolist(), True)
    tifffile.imwrite(tmp_path / "a.tif", GRAY, extratags=[tag], photometric="minisblack")
    assert metadata_of(tmp_path / "a.tif").iptc == records


def test_texts_of_a_png_and_the_comment_of_a_jpeg_are_kept(tmp_path):
    Image.fromarray(GRAY).save(tmp_path / "in.jpg", comment=b"seen 1999")
    assert carried(tmp_path, tmp_path / "in.jpg", "out.png", Pixels.GRAY).text == {"Comment": "seen 1999"}
    assert carried(tmp_path, tmp_path / "out.png", "back.jpg", Pixels.GRAY).text == {"Comment": "seen 1999"}


def test_what_is_too_long_for_jpeg_is_left_out_with_a_warning(tmp_path):
    long = Metadata(xmp=b"<x/>" * 20000, exif={37500: b"\1" * 70000}, iptc=b"\x1c\x02" + bytes(70000), tags={270: "a"})
    warnings = write(tmp_path / "a.jpg", Pixels.GRAY, long)
    assert [w.split()[1] for w in warnings] == ["EXIF", "XMP", "IPTC"]
    found = metadata_of(tmp_path / "a.jpg")
    assert (found.xmp, found.iptc, found.exif) == (None, None, {})


def test_damaged_metadata_never_fails_an_image(tmp_path):
    image = Image.fromarray(RESULTS[Pixels.RGB])
    broken = {
        "exif": b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x1a\0\5\0\0\0\1\xff\xff\xff\xff" * 20,
        "icc_profile": SRGB[:200],
        "xmp": b"<x>\xff\xfe</x>",
    }
    for name, value in broken.items():
        for suffix in ("jpg", "webp"):
            image.save(tmp_path / f"a.{suffix}", **{name: value})
            with open_pages(tmp_path / f"a.{suffix}", max_megapixels=1) as reader:
                [page] = reader
                assert page.warnings, name
            for target in ("png", "jpg", "tif", "webp"):
                write(tmp_path / f"b.{target}", Pixels.RGB, page.metadata)
                metadata_of(tmp_path / f"b.{target}")


# --- colour profiles --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp", ".jp2"])
def test_a_profile_becomes_what_the_output_can_hold(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write(path, Pixels.RGB, Metadata(icc=SRGB))
    assert metadata_of(path).icc == SRGB
    write(path, Pixels.RGB, Metadata(icc=icc.srgb_gray()))
    assert metadata_of(path).icc == icc.srgb()
    write(path, Pixels.RGB, Metadata())
    assert metadata_of(path).icc is None
    write(path, Pixels.GRAY, Metadata(icc=SRGB))
    assert metadata_of(path).icc == (SRGB if suffix == ".webp" else icc.srgb_gray())  # WebP stores grey as RGB


def test_bilevel_carries_no_profile(tmp_path):
    for suffix in (".png", ".tif"):
        write(tmp_path / f"a{suffix}", Pixels.BILEVEL, Metadata(icc=SRGB))
        assert metadata_of(tmp_path / f"a{suffix}").icc is None


def test_our_profiles_are_valid_and_change_nothing():
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    reference = ImageCms.createProfile("sRGB")
    for profile, mode in ((icc.srgb(), "RGB"), (icc.srgb_gray(), "L")):
        assert len(profile) == int.from_bytes(profile[:4], "big") < 600
        ours = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        through = ImageCms.profileToProfile(ramp.convert(mode), ours, reference, outputMode="RGB")
        assert np.abs(np.asarray(through).astype(int) - np.asarray(ramp.convert("RGB"))).max() <= 1


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_with_a_profile_goes_through_it_to_srgb(tmp_path, suffix):
    inks = np.zeros((16, 32, 4), np.uint8)
    inks[:, 16:, 3] = 255
    path = tmp_path / f"a{suffix}"
    options = {"quality": 100} if suffix == ".jpg" else {}
    Image.frombytes("CMYK", (32, 16), inks.tobytes()).save(path, icc_profile=cmyk_profile(), **options)
    with open_pages(path, max_megapixels=1) as reader:
        [page] = reader
        assert page.window(0, 0, 8, 8).min() >= 254
        assert np.abs(page.window(24, 0, 32, 8).astype(int) - 119).max() <= 3  # sRGB of L* 50
    assert page.metadata.icc == icc.srgb()
    assert not page.warnings


# --- metadata that makes no sense -------------------------------------------------------------------------------------

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}  # of a TIFF type
ODD_TAGS = [*sorted(TEXT_TAGS), 282, 283, 296, 305, 700, 33723, 34675, EXIF_IFD, GPS_IFD, 33434, 36864, 37500, 37510]


def tiny_tiff(tag: int, kind: int, data: bytes, group: int = 0) -> bytes:
    """A TIFF of one grey pixel with one tag more, in its first directory or in the EXIF or GPS directory."""
    ours = {tag: (kind, len(data) // SIZES[kind], data)}
    page = {256: 1, 257: 1, 258: 8, 259: 1, 262: 1, 273: 0, 277: 1, 278: 1, 279: 1, 282: 72, 283: 72}
    entries = {key: (4, 1, struct.pack("<I", value)) for key, value in page.items()}
    if not group:
        return struct.pack("<2sHI", b"II", 42, 8) + directory_bytes(entries | ours, 8)
    entries[group] = (4, 1, b"....")
    second = 8 + len(directory_bytes(entries, 8))
    entries[group] = (4, 1, struct.pack("<I", second))
    return struct.pack("<2sHI", b"II", 42, 8) + directory_bytes(entries, 8) + directory_bytes(ours, second)


def directory_bytes(entries: dict[int, tuple[int, int, bytes]], start: int) -> bytes:
    table, values, beyond = struct.pack("<H", len(entries)), b"", start + 6 + 12 * len(entries)
    for tag, (kind, count, data) in sorted(entries.items()):
        place = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack("<I", beyond + len(values))
        values += data if len(data) > 4 else b""
        table += struct.pack("<HHI", tag, kind, count) + place
    return table + bytes(4) + values


def odd_inputs(*tag: int | bytes) -> dict[str, io.BytesIO]:
    tiff, jpeg = tiny_tiff(*tag), io.BytesIO()
    Image.new("L", (1, 1)).save(jpeg, "JPEG", exif=b"Exif\0\0" + tiff)
    return {"TIFF": io.BytesIO(tiff), "JPEG": jpeg}


def rewritten(source: io.BytesIO, suffix: str) -> tuple[Metadata, tuple[str, ...]]:
    """What is left of a file's metadata in an output made from it, and what was said while it was read."""
    with open_pages(source, max_megapixels=1) as reader:
        [page] = reader
        pixels = page.window(0, 0, 1, 1)[..., 0]
    output = io.BytesIO()
    with open_writer(output, suffix=suffix) as writer:
        writer.add(Bands.of(pixels), page.metadata)
    return metadata_of(output), page.warnings


@st.composite
def odd_tags(draw):
    kind = draw(st.sampled_from(sorted(SIZES)))
    size = SIZES[kind] * draw(st.integers(0, 3))
    return draw(st.sampled_from(ODD_TAGS)), kind, draw(st.binary(min_size=size, max_size=size))


@settings(max_examples=150, deadline=None)
@given(odd_tags(), st.sampled_from([0, EXIF_IFD, GPS_IFD]), st.sampled_from([".tif", ".png", ".jpg", ".webp", ".bmp"]))
@example((271, 4, struct.pack("<I", 100_000)), 0, ".tif")
@example((18246, 4, struct.pack("<I", 70_000)), 0, ".tif")
@example((271, 9, struct.pack("<i", -1)), 0, ".tif")
@example((282, 5, struct.pack("<2I", 2**32 - 1, 1)), 0, ".png")
@example((282, 5, struct.pack("<2I", 2**32 - 1, 1)), 0, ".bmp")
@example((282, 5, struct.pack("<2I", 0, 0)), 0, ".jp2")
@example((282, 12, struct.pack("<d", 1e30)), 0, ".tif")
@example((282, 12, struct.pack("<d", 300.123456789)), 0, ".tif")
def test_no_metadata_keeps_a_page_from_being_written(tag, group, suffix):
    refused = []
    for source in odd_inputs(*tag, group).values():
        try:
            rewritten(source, suffix)
        except InputError as error:
            refused.append(str(error))
    assert all("damaged" in reason for reason in refused)  # which is of the input, by Pillow's judgement


def test_numbers_in_the_place_of_text_are_kept_if_they_fit():
    for source in odd_inputs(18246, 4, struct.pack("<I", 70_000)).values():
        found, warnings = rewritten(source, ".tif")
        assert (found.tags[18246], warnings) == (70_000, ())
    for source in odd_inputs(271, 9, struct.pack("<i", -1)).values():
        found, warnings = rewritten(source, ".tif")
        assert (dict(found.tags), warnings) == ({}, ("some of its EXIF makes no sense and was left out",))


@pytest.mark.parametrize("value", [struct.pack("<2I", 2**32 - 1, 1), struct.pack("<2I", 1, 101)])
def test_a_resolution_out_of_reason_is_dropped_with_a_warning(value):
    found, warnings = rewritten(odd_inputs(282, 5, value)["TIFF"], ".png")
    assert found.resolution is None
    assert warnings == ("its resolution is damaged and was left out",)
    found, warnings = rewritten(odd_inputs(282, 5, struct.pack("<2I", 65535, 1))["TIFF"], ".tif")
    assert (found.resolution, warnings) == (Resolution(Fraction(65535), Fraction(72)), ())


# --- whole or not at all ----------------------------------------------------------------------------------------------


def test_an_output_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "deep" / "folder" / "a.tif"
    with open_writer(path) as writer:
        writer.add(Bands.of(GRAY), Metadata())
        assert not path.exists()
        [temporary] = path.parent.iterdir()
        assert temporary.name.startswith(".bgtool-")
    assert [p.name for p in path.parent.iterdir()] == ["a.tif"]


def write_and_stop(path: Path) -> None:
    with open_writer(path) as writer:
        writer.add(Bands.of(GRAY), Metadata())
        raise KeyboardInterrupt


def test_an_output_that_fails_leaves_the_old_one_and_nothing_else(tmp_path):
    path = tmp_path / "a.tif"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_and_stop(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_output_is_on_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    synced = []

    def note(file: int) -> None:
        assert not (tmp_path / "a.png").exists()
        synced.append(os.fstat(file).st_size)

    monkeypatch.setattr(os, "fsync", note)
    write(tmp_path / "a.png", Pixels.GRAY)
    assert synced == [(tmp_path / "a.png").stat().st_size]


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_only_temporary_files_of_the_dead_are_swept_away(tmp_path):
    """A file is somebody's as long as it is locked; process numbers come again, in containers above all."""
    for name in (f".bgtool-{os.getpid()}-0123abcd", ".bgtool-1-0123abcd", ".bgtool-1-notes", "a.png"):
        (tmp_path / name).touch()
    with replacing(Place(tmp_path / "b.png")) as file:
        sweep({tmp_path, tmp_path / "missing", tmp_path / "a.png"})
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
            [".bgtool-1-notes", Path(file.name).name, "a.png"]
        )
    assert (tmp_path / "b.png").exists()


def test_an_output_has_the_permissions_of_any_new_file(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "a.png", Pixels.GRAY)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == 0o640


def test_a_stream_gets_the_same_bytes(tmp_path):
    write(tmp_path / "a.tif", Pixels.GRAY)
    stream = io.BytesIO()
    with open_writer(stream, suffix=".tif", model="net-1") as writer:
        writer.add(Bands.of(GRAY), DPI_300)
        assert not stream.getvalue()
    assert stream.getvalue() == (tmp_path / "a.tif").read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_has_its_reason():
    with (
        pytest.raises(OutputError, match="the disk is full"),
        Path("/dev/full").open("wb", buffering=0) as full,
        open_writer(full, suffix=".png") as writer,
    ):
        writer.add(Bands.of(GRAY), Metadata())


def test_a_file_in_the_place_of_a_folder_has_its_reason(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="in the place of a folder"):
        write(tmp_path / "file" / "a.png", Pixels.GRAY)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_forbidden_folder_has_its_reason(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permission"):
        write(tmp_path / "a.png", Pixels.GRAY)


def test_a_name_that_is_too_long_costs_only_its_own_file(tmp_path):
    with pytest.raises(InputError, match="too long"):
        write(tmp_path / f"{'a' * 300}.png", Pixels.GRAY)
    assert not list(tmp_path.iterdir())


def test_the_same_page_gives_the_same_bytes(tmp_path):
    for suffix in EXACT:
        kind = EXACT[suffix][-1]
        rich = Metadata(icc=icc.srgb_gray(), tags={270: "x"}, resolution=DPI_300.resolution)
        write(tmp_path / f"a{suffix}", kind, rich)
        write(tmp_path / f"b{suffix}", kind, rich)
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
