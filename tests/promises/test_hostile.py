"""The batch promise over the 60 files of `tests/support/hostile.py`: each count, every size, resolution and profile."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from bgtool.errors import printable
from tests.support import hostile
from tests.support.hostile import Good, Other

pyvips = pytest.importorskip("pyvips")
NOT_IN_THIS_LIBVIPS = {".bmp", ".jp2", ".pbm", ".pgm", ".ppm"}  # the wheel pyvips-binary is built without them

MANIFEST = "bgtool-manifest.jsonl"


@pytest.fixture
def folder(tmp_path):
    """The hostile folder, and the output folder inside it."""
    fates = hostile.make(tmp_path / "in")
    assert len(fates) == 60
    return tmp_path / "in", tmp_path / "in" / hostile.OUTPUT, fates


def bgtool(*args):
    command = [sys.executable, "-m", "bgtool", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def names(fates, kind):
    return {name for name, fate in fates.items() if (isinstance(fate, Good) if kind is Good else fate is kind)}


def hashes(folder, fates):
    """Content of every input that can be read; a link by where it leads."""
    found = {}
    for name in fates:
        path = folder / name
        if path.is_symlink():
            found[name] = path.readlink()
        elif path.is_file() and os.access(path, os.R_OK):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def made_from(folder, out):
    """The output of each input that the manifest calls done, and the number of its lines that say so."""
    lines = [json.loads(line) for line in (out / MANIFEST).read_text().splitlines()]
    done = [line for line in lines if line["status"] == "done"]
    found = {os.path.relpath(Path(line["root"]) / line["input"], folder): out / line["output"] for line in done}
    return found, len(done)


def files_in(out):
    return {path for path in out.rglob("*") if path.is_file()} - {out / MANIFEST, out / "from before.png"}


def with_pillow(path):
    """Size, resolution, profile and number of pages; every page is decoded."""
    with Image.open(path) as image:
        exif = image.getexif()
        scale = 2.54 if exif.get(296) == 3 else 1
        tagged = tuple(float(exif[tag]) * scale for tag in (282, 283)) if 282 in exif else None
        dpi = tagged if image.format == "TIFF" else tagged or image.info.get("dpi")
        profile, size, count = image.info.get("icc_profile"), image.size, getattr(image, "n_frames", 1)
        for page in range(count):
            image.seek(page)
            image.load()
    return size, dpi, jp2_profile(path.read_bytes()) if path.suffix == ".jp2" else profile, count


def jp2_profile(content):
    """The profile in the colour box of a JP2 file, at which Pillow does not look."""
    start = content.index(b"colr")
    size, method = int.from_bytes(content[start - 4 : start]), content[start + 4]
    return content[start + 7 : start - 4 + size] if method == 2 else None


def with_tifffile(path):
    with tifffile.TiffFile(path) as file:
        page, count = file.pages[0], len(file.pages)
        if page.compression != tifffile.COMPRESSION.CCITT_T6:  # which tifffile hands to another package
            assert all(np.asarray(page.asarray()).size for page in file.pages)
        scale = 2.54 if page.resolutionunit == 3 else 1
        known = "XResolution" in page.tags
        dpi = tuple(value * scale for value in page.get_resolution()) if known else None
        profile = page.tags["InterColorProfile"].value if "InterColorProfile" in page.tags else None
        return (page.imagewidth, page.imagelength), dpi, profile, count


def with_libvips(path):
    image = pyvips.Image.new_from_buffer(path.read_bytes(), "")  # for it takes no name that is no text
    assert 0 <= image.avg() <= (65535 if image.format == "ushort" else 255)
    fields = image.get_fields()
    count = image.get("n-pages") if "n-pages" in fields else 1
    profile = image.get("icc-profile-data") if "icc-profile-data" in fields else None
    dpi = (image.xres * 25.4, image.yres * 25.4)
    unknown = [pytest.approx((value, value), abs=0.1) for value in (25.4, 72)]  # libvips puts these in for none
    return (image.width, image.height), None if dpi in unknown else dpi, profile, count


def readers(path):
    """What each program that knows the format finds in a file."""
    yield with_pillow(path)
    if path.suffix == ".tif":
        yield with_tifffile(path)
    if path.suffix not in NOT_IN_THIS_LIBVIPS:
        yield with_libvips(path)


def kept_profile(profile, style, suffix):
    """What a style makes of a profile: the same for pixels of its kind, else sRGB or its like in grey."""
    if profile is None or style == "bilevel" or suffix in (".bmp", ".pbm", ".pgm", ".ppm"):
        return None
    if style == "gray" and suffix != ".webp":  # which stores grey as RGB
        return hostile.GRAY
    return hostile.CONVERTED if profile == hostile.GRAY else profile


def assert_holds(path, truth, style):
    for size, dpi, profile, count in readers(path):
        assert (size, count) == (truth.size, truth.pages)
        if truth.dpi is None:
            assert dpi is None
        else:
            assert dpi == pytest.approx(truth.dpi, abs=0.01)
        assert profile == kept_profile(truth.profile, style, path.suffix)


@pytest.mark.parametrize("style", ["gray", "bilevel", "color"])
def test_every_count_and_every_output_is_right(folder, tiny_model_file, style):
    home, out, fates = folder
    before = hashes(home, fates)
    good, bad = names(fates, Good), names(fates, Other.FAILED)
    command = ["clean", home, "-o", out, "--model", tiny_model_file, "--style", style]

    first = bgtool(*command)
    assert first.returncode == 1, first.stderr
    assert "Traceback" not in first.stderr
    lines = first.stderr.splitlines()
    assert lines[-1].startswith(f"{len(good)} done, {len(bad)} failed in ")
    reasons = [line.removeprefix("failed ") for line in lines if line.startswith("failed ")]
    assert len(reasons) == len(bad)
    for name in bad:
        (line,) = [line for line in reasons if line.startswith(f"{printable(str(home / name))}: ")]
        assert len(line) > len(printable(str(home / name))) + 10

    outputs, done_lines = made_from(home, out)
    assert set(outputs) == good
    assert done_lines == len(good) == len(set(outputs.values()))
    assert files_in(out) == set(outputs.values())
    for name, path in outputs.items():
        assert_holds(path, fates[name], style)
    assert hashes(home, fates) == before

    stamps = {path: path.stat().st_mtime_ns for path in files_in(out)}
    again = bgtool(*command)
    assert again.returncode == 1
    assert again.stderr.splitlines()[-1].startswith(f"0 done, {len(good)} already done, {len(bad)} failed in ")
    assert {path: path.stat().st_mtime_ns for path in files_in(out)} == stamps
    assert made_from(home, out) == (outputs, done_lines)
    assert hashes(home, fates) == before


def test_cutouts_are_counted_alike(folder, person_model_file):
    home, out, fates = folder
    good, bad = names(fates, Good), names(fates, Other.FAILED)
    result = bgtool("cutout", home, "-o", out, "--model", person_model_file, "--background", "white")
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.splitlines()[-1].startswith(f"{len(good)} done, {len(bad)} failed in ")
    outputs, _ = made_from(home, out)
    assert set(outputs) == good
    assert files_in(out) == set(outputs.values())
    for name, path in outputs.items():
        assert with_pillow(path)[0] == fates[name].size


def test_outputs_that_would_collide_have_names_of_their_own(folder, tiny_model_file):
    home, out, _ = folder
    bgtool("clean", home, "-o", out, "--model", tiny_model_file)
    outputs, _ = made_from(home, out)
    given = {name: outputs[name].name for name in ("Page.png", "page.png", "twin.gif", "twin.png")}
    assert given == {
        "Page.png": "Page.png",
        "page.png": "page.png.png",
        "twin.gif": "twin.png",
        "twin.png": "twin.png.png",
    }


def test_the_folder_is_the_same_each_time(tmp_path):
    one, two = (hostile.make(tmp_path / name) for name in "ab")
    assert one == two
    assert hashes(tmp_path / "a", one) == hashes(tmp_path / "b", two)
    assert (tmp_path / "a" / hostile.OUTPUT).is_dir()
