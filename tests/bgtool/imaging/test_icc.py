"""The two profiles inside the package: part of every output that has colours to describe."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from bgtool.imaging import icc


@pytest.mark.parametrize(
    ("profile", "space", "sha256"),
    [
        (icc.srgb, "RGB", "7799f516b9bd1a5f6a4494ff07614f91b919c3e148336fe0e6ca3a4c4b1c8187"),
        (icc.srgb_gray, "GRAY", "0d342cc1cfd11841f156b6d230f4537769954afb7ed62067ba0da215ac07ed59"),
    ],
)
def test_they_are_the_same_bytes_in_every_release(profile, space, sha256):
    """Other bytes would make other outputs of all that carry them."""
    assert icc.space(profile()) == space
    assert hashlib.sha256(profile()).hexdigest() == sha256


@pytest.mark.parametrize(("profile", "mode"), [(icc.srgb, "RGB"), (icc.srgb_gray, "L")])
def test_they_describe_the_colours_of_srgb(profile, mode):
    levels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    picture = Image.fromarray(levels if mode == "RGB" else levels[..., 0])
    reference = ImageCms.createProfile("sRGB")
    seen = ImageCms.profileToProfile(
        picture, ImageCms.ImageCmsProfile(io.BytesIO(profile())), reference, outputMode="RGB"
    )
    assert np.abs(np.asarray(seen).astype(int) - np.asarray(picture.convert("RGB"))).max() <= 1
