"""Manifests that earlier commits wrote: what they call done is not done again."""

import json
import os

import pytest
from PIL import Image

import bgtool
from bgtool.imaging.formats import Format
from bgtool.options import CleanOptions, CutoutOptions, Polarity, Style
from bgtool.runtime.catalogue import shipped_models
from bgtool.tasks.order import order_for

WHITE, BLACK = (b"P5\n8 8\n255\n" + level * 64 for level in (b"\xff", b"\0"))

OF_CLEAN = (
    '{"input": "a.pgm", "root": "ROOT", "size": 75, "mtime_ns": 1795663242392914280, "input_sha256": '
    '"347aad0db9b7ff0cd86cb0dd0df57c4ac9a01d5970c8a5eef375a813a12beae0", "options": "b80027d61d48735d", "settings": '
    '{"task": "CleanOptions", "format": "same", "style": "gray"}, "model": "document-fast", "model_sha256": "MODEL", '
    '"output": "a.pgm", "output_sha256": "347aad0db9b7ff0cd86cb0dd0df57c4ac9a01d5970c8a5eef375a813a12beae0", '
    '"output_size": 75, "output_mtime_ns": 1795663246156991300, "pages": 1, "seconds": 0.16, "status": "done", '
    '"warnings": [], "error": "", "version": "0.1.0", "device": "cpu"}\n'
)
OF_CUTOUT = (
    '{"input": "a.pgm", "root": "ROOT", "size": 75, "mtime_ns": 1795663242392914280, "input_sha256": '
    '"347aad0db9b7ff0cd86cb0dd0df57c4ac9a01d5970c8a5eef375a813a12beae0", "options": "fc25e184c5abce90", "settings": '
    '{"task": "CutoutOptions", "format": "same", "background": ["transparent", ""], "mask_only": true, "crop": false}, '
    '"model": "person", "model_sha256": "MODEL", "output": "a.pgm", "output_sha256": '
    '"5daedf5fc0412fac6e65ad94a37a6d255f0dd5cbd0613469bb8eeefd20021791", "output_size": 75, "output_mtime_ns": '
    '1795663256264991606, "pages": 1, "seconds": 3.824, "status": "done", "warnings": ["no person was found"], '
    '"error": "", "version": "0.1.0", "device": "cpu"}\n'
)
"""As commit 40a4f73 wrote them, but for the input's folder and the model's digest."""


@pytest.mark.parametrize(
    ("line", "output", "again"),
    [
        (OF_CLEAN, WHITE, bgtool.clean_files),
        (OF_CUTOUT, BLACK, lambda *a, **o: bgtool.cutout_files(*a, mask_only=True, **o)),
    ],
)
@pytest.mark.parametrize("checksum", [False, True])
def test_what_they_call_done_is_done(tmp_path, line, output, again, checksum):
    values, sha256 = json.loads(line), {model.name: model.sha256 for model in shipped_models()}
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "a.pgm").write_bytes(WHITE)
    (tmp_path / "out" / "a.pgm").write_bytes(output)
    os.utime(tmp_path / "in" / "a.pgm", ns=(0, values["mtime_ns"]))
    os.utime(tmp_path / "out" / "a.pgm", ns=(0, values["output_mtime_ns"]))
    manifest = line.replace("ROOT", (tmp_path / "in").as_posix()).replace("MODEL", sha256[values["model"]])
    (tmp_path / "out" / "bgtool-manifest.jsonl").write_text(manifest)
    summary = again(tmp_path / "in", output=tmp_path / "out", device="cpu", checksum=checksum)
    assert (summary.skipped, summary.done, summary.failed) == (1, 0, 0)
    assert (tmp_path / "out" / "bgtool-manifest.jsonl").read_text() == manifest


@pytest.mark.parametrize(
    ("options", "key"),
    [
        (CleanOptions, "b80027d61d48735d"),
        ((CleanOptions, {"style": Style.BILEVEL, "format": Format.TIFF}), "b70cca95f74f3fc3"),
        ((CleanOptions, {"style": Style.COLOR, "format": Format.JPEG}), "c202ca219f26fea9"),
        ((CleanOptions, {"style": Style.COLOR, "quality": 70, "format": Format.JPEG}), "a6bbfdc37c555286"),
        ((CleanOptions, {"scale": 2, "polarity": Polarity.INVERT}), "de3d52459cf9a005"),
        (CutoutOptions, "43d524a81aeb4993"),
        ((CutoutOptions, {"background": "white"}), "8c8ed7d9426a7248"),
        ((CutoutOptions, {"background": "blur"}), "eb7a00a5e6cb1a9b"),
        ((CutoutOptions, {"mask_only": True}), "fc25e184c5abce90"),
        (
            (CutoutOptions, {"background": "white", "crop": True, "format": Format.WEBP, "quality": 50}),
            "101350dd0ac7577d",
        ),
    ],
)
def test_keys_are_those_of_earlier_commits(options, key):
    kind, asked = options if isinstance(options, tuple) else (options, {})
    assert order_for(kind(inputs=(), output="", **asked)).key == key


def test_options_open_no_file(tmp_path):
    options = CutoutOptions(inputs=(), output="", background=str(tmp_path / "none.png"))
    with pytest.raises(bgtool.UsageError, match="readable"):
        order_for(options)


def test_a_background_is_told_by_its_content(tmp_path):
    keys = set()
    for colour in ("red", "blue"):
        Image.new("RGB", (2, 2), colour).save(tmp_path / "behind.png")
        keys.add(order_for(CutoutOptions(inputs=(), output="", background=str(tmp_path / "behind.png"))).key)
    assert len(keys) == 2
