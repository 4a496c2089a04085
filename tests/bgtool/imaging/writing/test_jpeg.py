"""Cleaned pages as JPEG: white stays white, grey takes no more bytes than PNG, and the quality can be chosen."""

import io

import numpy as np
import pytest
from PIL import Image

from bgtool.api import clean
from bgtool.errors import UsageError
from bgtool.imaging.formats import Format
from bgtool.imaging.metadata import Metadata
from bgtool.imaging.source import Bands
from bgtool.imaging.writing.writer import open_writer
from bgtool.options import CleanOptions, Style
from bgtool.tasks.order import order_for
from tests.support.places import ROOT


@pytest.fixture(scope="module", params=[Style.GRAY, Style.COLOR])
def page(request):
    """A piece of a letter, cleaned."""
    with Image.open(ROOT / "examples" / "scans" / "letter.jpg") as scan:
        return np.asarray(clean(scan.crop((300, 300, 1100, 1100)), style=request.param))


def written(pixels, suffix=".jpg", quality=None):
    file = io.BytesIO()
    with open_writer(file, suffix=suffix, quality=quality) as writer:
        writer.add(Bands.of(pixels), Metadata())
    return file


def off_white(pixels, file):
    """Share of the white pixels that are white no more."""
    white = pixels == 255 if pixels.ndim == 2 else (pixels == 255).all(-1)
    with Image.open(file) as image:
        changed = np.asarray(image) != pixels
    return (changed if pixels.ndim == 2 else changed.any(-1))[white].mean()


def test_white_stays_whiter_in_fewer_bytes(page):
    plain = io.BytesIO()
    Image.fromarray(page).save(plain, "JPEG", quality=92, subsampling="4:4:4")
    made = written(page)
    assert off_white(page, made) < (0.02 if page.ndim == 2 else off_white(page, plain))
    assert off_white(page, plain) > 0.1
    assert len(made.getvalue()) < len(plain.getvalue())


def test_quality_is_what_was_asked_for(page):
    """Up to 100, where levels are off by rounding; noise fits every buffer at any quality."""
    noise = np.random.default_rng(0).integers(0, 256, page.shape, dtype=np.uint8)
    for pixels in (page, noise):
        files = [written(pixels, quality=quality) for quality in (1, 30, 60, 85, 92, 95, 100)]
        means = [np.abs(np.asarray(Image.open(file)).astype(int) - pixels).mean() for file in files]
        assert sorted(means, reverse=True) == means
        assert means[-1] < 1
        sizes = [len(file.getvalue()) for file in files]
        assert sorted(sizes) == sizes


def test_quality_reaches_colours_in_webp_and_leaves_grey_exact(page):
    changed = written(page, ".webp", 30).getvalue() != written(page, ".webp").getvalue()
    assert changed == (page.ndim == 3)


def test_a_quality_asked_for_is_another_output():
    keys = {order_for(CleanOptions(inputs=(), output="", quality=quality)).key for quality in (None, 85)}
    assert len(keys) == 2


@pytest.mark.parametrize("bad", [{"quality": 0}, {"quality": 101}, {"quality": 50, "format": Format.PNG}])
def test_a_quality_that_makes_no_sense_is_refused(bad):
    with pytest.raises(UsageError, match="quality"):
        CleanOptions(inputs=(), output="", **bad)
