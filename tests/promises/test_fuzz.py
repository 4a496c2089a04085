"""Thousands of damaged files: each is read or refused in one sentence; nothing else happens to anyone."""

import json
import os
import struct
import subprocess
import sys
import zlib
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bgtool.errors import InputError
from bgtool.imaging.reading.open import open_pages
from tests.support import fuzzing

READ = 4000
"""Damaged files that are read one by one."""

CUTS = 29
"""Places at which each kind of file is cut."""

BATCHES = {"clean": 3, "cutout": 1}
"""Folders of 100 further ones that go through a whole run of each command."""


def python(*args):
    """Run Python, with bgtool and the tests' own modules from where this process has them."""
    command, found = [sys.executable, *map(str, args)], os.pathsep.join(sys.path)
    return subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": found},
        capture_output=True,
        text=True,
        errors="replace",  # libtiff quotes what it finds
        timeout=560,
        check=False,
    )


def assert_is_one_sentence(reason):
    assert 10 < len(reason) < 200
    assert reason.isprintable()
    assert not any(word in reason for word in ("Error", "Traceback", "<_io", "<PIL", "0x"))


def test_a_damaged_file_is_read_or_refused_in_one_sentence(tmp_path):
    culprit, outcomes = tmp_path / "culprit", {}
    child = python("-m", "tests.support.fuzzing", 0, READ, culprit)
    for line in child.stdout.splitlines():
        number, name, reason = json.loads(line)
        outcomes[number] = name, reason
    assert child.returncode == 0, f"number {len(outcomes)}, kept as {culprit}: {child.stderr[-2000:]}"
    assert len(outcomes) == READ
    refused = [(name, reason) for name, reason in outcomes.values() if reason]
    for _, reason in refused:
        assert_is_one_sentence(reason)
    assert READ / 5 < len(refused) < READ * 4 / 5, "the damage is neither fatal nor harmless as a rule"
    assert {name for name, _ in refused} == set(fuzzing.originals()), "damage was found in files of every kind"


def pixels_of(content):
    with open_pages(BytesIO(content), max_megapixels=1) as reader:
        return [page.window(0, 0, *page.size).tobytes() for page in reader]


@pytest.mark.parametrize("name", fuzzing.originals())
def test_a_file_that_was_cut_short_never_passes_for_whole(name):
    content = fuzzing.originals()[name]
    whole = pixels_of(content)
    for part in range(1, CUTS + 1):
        try:
            found = pixels_of(content[: len(content) * part // (CUTS + 1)])
        except InputError:
            continue
        assert found == whole, f"{part} of {CUTS + 1} parts"


@pytest.mark.parametrize(
    ("task", "batch"), [(task, batch) for task, count in BATCHES.items() for batch in range(count)]
)
def test_a_folder_of_damaged_files_goes_through(tmp_path, tiny_model_file, person_model_file, task, batch):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    first = READ + 100 * (batch + (task == "cutout") * BATCHES["clean"])
    for number in range(first, first + 100):
        name, content = fuzzing.damaged(number)
        (source / f"{number} {name}".replace("/", " ")).write_bytes(content)
    model = tiny_model_file if task == "clean" else person_model_file
    run = python("-m", "bgtool", task, source, "-o", out, "--model", model, "--max-megapixels", 1)
    assert "Traceback" not in run.stderr
    records = [json.loads(line) for line in (out / "bgtool-manifest.jsonl").read_text().splitlines()]
    status = Counter(record["status"] for record in records)
    assert status.total() == 100 == len({record["input"] for record in records})
    assert run.returncode == (1 if status["failed"] else 0), run.stderr
    for record in records:
        if record["status"] == "failed":
            assert_is_one_sentence(record["error"])
            assert record["error"] in run.stderr
        else:
            with Image.open(out / record["output"]) as image:
                image.load()
    written = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} - {"bgtool-manifest.jsonl"}
    assert written == {record["output"] for record in records if record["status"] == "done"}


# --- bombs ------------------------------------------------------------------------------------------------------------


def png_that_claims(width, height, *chunks):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">II5B", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunk(*item) for item in chunks) + pixels + chunk(b"IEND", b"")


def tiff_that_claims(width, height, compression):
    tags = {256: width, 257: height, 258: 8, 259: compression, 262: 1, 273: 8, 277: 1, 278: height, 279: width * height}
    table = b"".join(struct.pack("<HHII", tag, 4, 1, min(value, 0xFFFFFFFF)) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<I", 12) + bytes(4) + struct.pack("<H", len(tags)) + table + bytes(4)


def jpeg_that_claims(width, height):
    content = fuzzing.originals()["gray.jpg"]
    place = content.index(b"\xff\xc0") + 5
    return content[:place] + struct.pack(">HH", height, width) + content[place + 4 :]


def bmp_that_claims(width, height):
    header = struct.pack("<IIIIiiHHIIiiII", 1000, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + header + bytes(900)


def gif_that_claims(width, height):
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0)
    return screen + b"," + struct.pack("<HHHHBB", 0, 0, width, height, 0, 8) + b"\1\0\0;"


BLOWN_UP = zlib.compress(bytes(200_000_000), 9)
BOMBS = {
    "PNG": png_that_claims(60_000, 60_000),
    "PNG, text": png_that_claims(10, 10, (b"zTXt", b"Comment\0\0" + BLOWN_UP)),
    "PNG, profile": png_that_claims(10, 10, (b"iCCP", b"ICC\0\0" + BLOWN_UP)),
    "TIFF": tiff_that_claims(60_000, 60_000, 1),
    "TIFF, deflate": tiff_that_claims(60_000, 60_000, 8),
    "JPEG": jpeg_that_claims(65_000, 65_000),
    "PNM": b"P6 60000 60000 255\n" + bytes(1000),
    "BMP": bmp_that_claims(60_000, 60_000),
    "GIF": gif_that_claims(65_000, 65_000),
}
"""Small files that would take gigabytes, or a text of 200 MB, if they were believed."""

MEASURE = r"""
import re, sys
from pathlib import Path
from bgtool.errors import InputError
from bgtool.imaging.reading.open import open_pages

def peak():
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024

def attempt(path):
    try:
        with open_pages(Path(path), max_megapixels=2000) as reader:
            for page in reader:
                page.window(0, 0, 1, 1)
    except InputError as error:
        return str(error)

attempt(sys.argv[1])
before = peak()
for path in sys.argv[2:]:
    print(attempt(path))
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read as Linux gives it")
def test_bombs_are_refused_in_little_memory(tmp_path):
    (tmp_path / "good.png").write_bytes(fuzzing.originals()["gray.png"])
    for name, content in BOMBS.items():
        (tmp_path / name).write_bytes(content)
    child = python("-c", MEASURE, tmp_path / "good.png", *(tmp_path / name for name in BOMBS))
    assert child.returncode == 0, child.stderr
    *reasons, mebibytes = child.stdout.splitlines()
    reasons = dict(zip(BOMBS, reasons, strict=True))
    for name, reason in reasons.items():
        assert_is_one_sentence(reason)
        assert ("--max-megapixels" in reason) == ("," not in name or name.startswith("TIFF")), (name, reason)
    assert int(mebibytes) < 64, reasons
