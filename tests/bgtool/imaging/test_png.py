import io
import sys

import numpy as np
import pytest
from PIL import Image

from bgtool.imaging import png

RNG = np.random.default_rng(8)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("filtered", [png.SUB, png.UP])
def test_pixels_of_several_blocks_are_what_was_written(filtered, fast, monkeypatch):
    if not fast:
        monkeypatch.setitem(sys.modules, "isal", None)
    pixels = RNG.integers(0, 256, (700, 1000, 4), dtype=np.uint8)  # 2.7 blocks
    frame, file = io.BytesIO(), io.BytesIO()
    Image.new("RGBA", (1, 1)).save(frame, "PNG", dpi=(300, 300))
    png.write(file, frame, pixels, 1, filtered)
    with Image.open(file) as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)
        np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("filtered", [png.SUB, png.UP])
def test_bands_make_the_stream_of_the_whole(filtered):
    pixels = RNG.integers(0, 65536, (50, 30, 3), dtype=np.uint16)
    whole = b"".join(png.compressed([pixels], 1, filtered))
    assert b"".join(png.compressed([pixels[:7], pixels[7:8], pixels[8:]], 1, filtered)) == whole
