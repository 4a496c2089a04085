"""A folder of 60 files as archives have them, good and bad, and what a run must make of each.

    python -m tests.support.hostile DIR

Every byte is the same each time, except that a file nobody may read is a bad one only where that holds (not for root).
"""

import os
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageCms

from bgtool.imaging.icc import srgb, srgb_gray
from bgtool.imaging.jp2 import described
from bgtool.imaging.metadata import Resolution

OUTPUT = "out"
"""Name of the output folder inside the hostile one; it holds a file already."""

_MADE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SRGB = _MADE[:24] + bytes(12) + _MADE[36:]  # without the time of day
GRAY = srgb_gray()
CONVERTED = srgb()


@dataclass(frozen=True)
class Good:
    """What is true of an input and must be true of its output.

    Attributes:
        size: width and height in pixels, upright.
        dpi: pixels per inch along width and height; None where the file says nothing.
        pages: number of pages.
        profile: the profile of the pixels as they are read (CMYK becomes sRGB); None without one.
    """

    size: tuple[int, int]
    dpi: tuple[float, float] | None = None
    pages: int = 1
    profile: bytes | None = None


class Other(Enum):
    """What becomes of a file that has no output."""

    FAILED = "failed"
    PASSED_OVER = "passed over"


Fate = Good | Other
Make = Callable[[Path], None]


def picture(width: int = 60, height: int = 40) -> Image.Image:
    """Dark strokes on a paper with noise, in colour."""
    noise = np.random.default_rng(width * height).integers(190, 250, (height, width, 3), dtype=np.uint8)
    noise[height // 4 :: 7, width // 6 : -(width // 6) or None] = (20, 30, 90)
    return Image.fromarray(noise)


def grey() -> Image.Image:
    return picture().convert("L")


def deep() -> np.ndarray:
    """The picture in grey of 16 bits: uint16 [H, W]."""
    return np.asarray(grey()).astype(np.uint16) * 257


def save(image: Image.Image, **options) -> Make:
    return lambda path: image.save(path, **options)


def data(content: bytes) -> Make:
    return lambda path: path.write_bytes(content) and None


def tiff(pixels: np.ndarray, *, big: bool = False, order: str = "<", resolutionunit: int = 2, **options) -> Make:
    def make(path: Path) -> None:
        with tifffile.TiffWriter(path, bigtiff=big, byteorder=order) as file:
            file.write(pixels, metadata=None, software=None, resolutionunit=resolutionunit, **options)

    return make


def encoded(image: Image.Image, format: str, **options) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def interlaced_png(pixels: np.ndarray, claimed: tuple[int, int]) -> bytes:
    """A PNG of uint8 [H, W, 3] in the seven passes of Adam7, which Pillow does not write, that claims a size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    starts = [(0, 0), (0, 4), (4, 0), (0, 2), (2, 0), (0, 1), (1, 0)]
    steps = [(8, 8), (8, 8), (8, 4), (4, 4), (4, 2), (2, 2), (2, 1)]
    passes = [pixels[y::dy, x::dx] for (y, x), (dy, dx) in zip(starts, steps, strict=True)]
    rows = b"".join(b"\0" + row.tobytes() for part in passes for row in part)
    header = struct.pack(">II5B", *claimed, 8, 2, 0, 0, 1)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def cmyk_profile() -> bytes:
    """A small ICC profile of a printer: one table from CMYK to Lab, lightness falling with the ink."""
    corners = [(c, m, y, k) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    lab = [(max(0, 255 - 60 * (c + m + y) - 255 * k), 128 + 40 * (m - c), 128 + 40 * (y - c)) for c, m, y, k in corners]
    straight = bytes(range(256))
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1" + struct.pack(">4x4B", 4, 3, 2, 0) + identity
    table += straight * 4 + bytes(value for colour in lab for value in colour) + straight * 3
    start = 128 + 4 + 12
    header = struct.pack(
        ">I4xI4s4s4s12s4s", start + len(table), 0x02100000, b"prtr", b"CMYK", b"Lab ", bytes(12), b"acsp"
    )
    header = header.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I4sII", 1, b"A2B0", start, len(table)) + table


def jpeg_in_centimetres() -> bytes:
    """A JPEG with 118 pixels per centimetre."""
    content = bytearray(encoded(picture(), "JPEG", dpi=(118, 118)))
    content[13] = 2  # unit of the density in the JFIF segment
    return bytes(content)


def gif_without_pictures() -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", 60, 40, 0, 0, 0) + b";"


def small_tiff(strip_count: int = 1, next_directory: int = 0) -> bytes:
    """A TIFF of 4x1 grey pixels, with the number of strips and the next directory that it is told to claim."""
    tags = [(256, 4, 1, 4), (257, 4, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    tags += [(273, 4, strip_count, 8), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, strip_count, 4)]
    table = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return (
        b"II*\0"
        + struct.pack("<I", 12)
        + b"\0\x50\xa0\xff"
        + struct.pack("<H", len(tags))
        + table
        + struct.pack("<I", next_directory)
    )


def orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = value
    return exif


def pages(path: Path) -> None:
    """Three pages of three kinds; the resolution belongs to each."""
    rest = [grey(), picture().convert("1")]
    picture().save(path, save_all=True, append_images=rest, dpi=(300, 300))


def fifo(path: Path) -> None:
    os.mkfifo(path)


def forbidden(path: Path) -> None:
    picture().save(path)
    path.chmod(0)


def files() -> dict[str, tuple[Make, Fate]]:
    """Name, maker and fate of all 60; the fate of the forbidden one is that of a user who is not root."""
    rgb, size, sideways = np.asarray(picture()), (60, 40), (40, 60)
    dots = {"resolution": (300, 300)}
    at_300, cmyk = (300.0, 300.0), picture().convert("CMYK")
    printer, jpeg = cmyk_profile(), encoded(picture(200, 300), "JPEG")
    uncompressed = encoded(picture(200, 300), "TIFF")
    failed, passed_over = Other.FAILED, Other.PASSED_OVER
    return {
        "gray.jpg": (save(grey(), dpi=(300, 300), icc_profile=GRAY), Good(size, at_300, profile=GRAY)),
        "colour.jpg": (
            save(picture(), dpi=(300, 200), icc_profile=SRGB, progressive=True, quality=90),
            Good(size, (300, 200), profile=SRGB),
        ),
        "cmyk.jpg": (save(cmyk, dpi=(300, 300), icc_profile=printer), Good(size, at_300, profile=CONVERTED)),
        "rotated.jpg": (save(picture(), dpi=(300, 200), exif=orientation(6)), Good(sideways, (200, 300))),
        "centimetres.jpg": (data(jpeg_in_centimetres()), Good(size, (299.72, 299.72))),
        "bilevel.png": (save(picture().convert("1"), dpi=(600, 600)), Good(size, (600, 600))),
        "gray.png": (save(grey(), dpi=(300, 300), icc_profile=GRAY), Good(size, at_300, profile=GRAY)),
        "deep.png": (save(Image.fromarray(deep()), dpi=(400, 400)), Good(size, (400, 400))),
        "palette.png": (save(picture().quantize(16), dpi=(150, 150), transparency=3), Good(size, (150, 150))),
        "interlaced.png": (data(interlaced_png(rgb, size)), Good(size)),
        "alpha.png": (save(picture().convert("RGBA"), dpi=(96, 96), icc_profile=SRGB), Good(size, (96, 96), 1, SRGB)),
        "pages.tif": (pages, Good(size, at_300, pages=3)),
        "big.tif": (tiff(rgb, big=True, rowsperstrip=7, **dots), Good(size, at_300)),
        "tiled.tif": (tiff(rgb, tile=(16, 32), iccprofile=SRGB, **dots), Good(size, at_300, 1, SRGB)),
        "fax.tif": (save(picture().convert("1"), compression="group4", dpi=(600, 600)), Good(size, (600, 600))),
        "deep.tif": (tiff(deep(), order=">", compression="zlib", **dots), Good(size, at_300)),
        "cmyk.tif": (save(cmyk, dpi=(300, 300), icc_profile=printer), Good(size, at_300, profile=CONVERTED)),
        "palette.tif": (save(picture().quantize(16), dpi=(300, 300)), Good(size, at_300)),
        "lzw.tif": (save(picture(), compression="tiff_lzw", dpi=(200, 200)), Good(size, (200, 200))),
        "jpeg.tif": (save(picture(), compression="jpeg", dpi=(300, 300)), Good(size, at_300)),
        "planar.tif": (
            tiff(rgb.transpose(2, 0, 1), planarconfig="separate", photometric="rgb", order=">", **dots),
            Good(size, at_300),
        ),
        "centimetres.tif": (tiff(rgb, resolution=(118, 236), resolutionunit=3), Good(size, (299.72, 599.44))),
        "fraction.tif": (tiff(rgb, resolution=((29997, 100), (20003, 100))), Good(size, (299.97, 200.03))),
        "scan.jp2": (
            data(described(encoded(picture(), "JPEG2000"), Resolution(300, 300), SRGB)),  # type: ignore[arg-type]
            Good(size, at_300, profile=SRGB),
        ),
        "lossy.webp": (save(picture(), quality=80, icc_profile=SRGB), Good(size, profile=SRGB)),
        "lossless.webp": (save(picture().convert("RGBA"), lossless=True), Good(size)),
        "plain.ppm": (save(picture()), Good(size)),
        "bits.pbm": (save(picture().convert("1")), Good(size)),
        "scan.bmp": (save(picture(), dpi=(300, 300)), Good(size, at_300)),
        "twin.gif": (save(picture(), save_all=True, append_images=[picture(60, 40).rotate(180)]), Good(size)),
        "twin.png": (save(picture()), Good(size)),
        "one.png": (save(picture(1, 1)), Good((1, 1))),
        "column.png": (save(picture(1, 500)), Good((1, 500))),
        "wide.png": (save(picture(3000, 2), dpi=(300, 300)), Good((3000, 2), at_300)),
        "really a png.jpg": (data(encoded(picture(), "PNG", dpi=(300, 300))), Good(size, at_300)),
        "Page.png": (save(picture()), Good(size)),
        "page.png": (save(picture(50, 30)), Good((50, 30))),
        "new\nline.png": (save(picture()), Good(size)),
        "smile 😀.png": (save(picture()), Good(size)),
        os.fsdecode(b"no text \xff\xe9.png"): (save(picture()), Good(size)),
        "nested/deeper/inside.png": (save(picture()), Good(size)),
        "loop.tif": (data(small_tiff(next_directory=12)), Good((4, 1))),
        "forbidden.png": (forbidden, failed),
        "empty.png": (data(b""), failed),
        "cut.jpg": (data(jpeg[: len(jpeg) // 2]), failed),
        "cut.png": (data(encoded(picture(200, 300), "PNG")[:-2000]), failed),
        "cut.tif": (data(uncompressed[: len(uncompressed) // 2]), failed),
        "header only.tif": (data(uncompressed[:8]), failed),
        "text.png": (data(b"Dear archive,\nthis is no image.\n"), failed),
        "zeros.jpg": (data(bytes(5000)), failed),
        "noise.tif": (data(np.random.default_rng(1).bytes(5000)), failed),
        "bomb.png": (data(interlaced_png(rgb, (50_000, 50_000))), failed),
        "counts.tif": (data(small_tiff(strip_count=0xFFFFFFFF)), failed),
        "no pictures.gif": (data(gif_without_pictures()), failed),
        "link to itself.png": (lambda path: path.symlink_to(path.name), failed),
        "dangling.png": (lambda path: path.symlink_to("nowhere.png"), failed),
        "pipe.png": (fifo, failed),
        ".hidden.png": (save(picture()), passed_over),
        "notes.txt": (data(b"300 dpi, box 7\n"), passed_over),
        f"{OUTPUT}/from before.png": (save(picture()), passed_over),
    }  # fmt: skip


def make(folder: Path) -> dict[str, Fate]:
    """Write the 60 files into a folder that is made; returns what must become of each, by its name in there."""
    fates = {}
    for name, (write, fate) in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
        if name == "forbidden.png" and os.access(path, os.R_OK):
            fate = Good((60, 40))
        fates[name] = fate
    return fates


if __name__ == "__main__":
    for name, fate in make(Path(sys.argv[1])).items():
        print(f"{name!a:<32} {'done' if isinstance(fate, Good) else fate.value}")
