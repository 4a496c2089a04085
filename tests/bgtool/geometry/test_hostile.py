"""Everything that straightens at once, over scans that are hardly any; and runs without it."""

import numpy as np
import pytest
from PIL import Image, ImageSequence

import bgtool
from bgtool.batch.verification import Verification
from tests.support.scans import on_bed, page, spread

ALL = {"deskew": True, "crop": "page", "split": "auto"}


def strange(folder):
    """Scans that are thin, tiny, empty, black, noise, deep, or several to a file."""
    rng = np.random.default_rng(3)
    Image.new("RGB", (1, 5000), "white").save(folder / "thin.png")
    Image.new("L", (5000, 1), 0).save(folder / "flat.png")
    Image.new("L", (1, 1), 128).save(folder / "dot.png")
    Image.new("RGB", (700, 500), "white").save(folder / "blank.png")
    Image.new("RGB", (700, 500), "black").save(folder / "black.webp")
    Image.fromarray(rng.integers(0, 256, (400, 700, 3), np.uint8)).save(folder / "noise.png")
    grey = np.asarray(on_bed(spread(), 3)[0].convert("L"))
    Image.fromarray(grey.astype(np.uint16) * 257).save(folder / "deep.png")
    pages = [on_bed(one, degrees)[0] for one, degrees in ((page(), 4), (spread(), -3))]
    pages[0].save(folder / "two.tif", save_all=True, append_images=pages[1:])
    pages[0].save(folder / "two.pdf", save_all=True, append_images=pages[1:], resolution=100)


@pytest.mark.parametrize("options", [ALL, ALL | {"crop": "ink", "margin": 9, "style": "color"}])
def test_strange_scans_are_all_done(tmp_path, tiny_model_file, options):
    (tmp_path / "in").mkdir()
    strange(tmp_path / "in")
    out = tmp_path / "out"
    summary = bgtool.clean_files(tmp_path / "in", output=out, model=tiny_model_file, device="cpu", **options)
    assert [outcome.error for outcome in summary.outcomes if outcome.error] == []
    assert list(Verification(str(out)).findings()) == []
    assert Image.open(out / "thin.png").size == (1, 5000)
    assert Image.open(out / "flat.png").size == (5000, 1)
    assert (out / "deep-1.png").is_file()
    with Image.open(out / "two.tif") as result:
        assert len(list(ImageSequence.Iterator(result))) == 3


def test_without_the_options_a_scan_comes_out_as_it_lies(tmp_path, tiny_model_file, tiny_model):
    (tmp_path / "in").mkdir()
    scan, _ = on_bed(spread(), 6)
    scan.save(tmp_path / "in" / "a.png")
    bgtool.clean_files(tmp_path / "in", output=tmp_path / "out", model=tiny_model_file, device="cpu")
    with Image.open(tmp_path / "out" / "a.png") as result:
        assert np.array_equal(result, bgtool.clean(scan, model=tiny_model))  # which knows of no geometry
        assert "xmp" not in result.info
