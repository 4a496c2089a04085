"""A model that sees a photo several times: the mean of its views counts."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from bgtool.runtime.session import load_model
from bgtool.tasks.person.views import predict
from tests.support.places import ROOT


@pytest.fixture
def network():
    """The shipped network, which sees shapes; its card may be changed."""
    model = load_model(task="person", device="cpu")
    model.card = replace(model.card, scales=(1.0,), mirrored=False)
    return model


def photo():
    with Image.open(ROOT / "examples" / "photos" / "grace-hopper.jpg") as image:
        image.thumbnail((320, 320))
        return image.crop((0, 0, 256, 288)).convert("RGB")


def seen(model, picture, **views):
    model.card = replace(model.card, **views)
    return predict(picture, model)


def test_the_mean_of_all_sizes_counts_at_the_largest(network):
    picture = photo()
    small, large = (seen(network, picture, scales=(scale,)) for scale in (0.5, 1.25))
    both = seen(network, picture, scales=(0.5, 1.25))
    assert both.shape == large.shape
    enlarged = np.asarray(Image.fromarray(small).resize(large.shape[::-1], Image.Resampling.BICUBIC))
    assert np.allclose(both, ((large + enlarged) / 2).clip(0, 1), atol=1e-6)
    assert np.abs(both - large).max() > 0.1


def test_a_mirrored_photo_gives_the_mirrored_alpha(network):
    picture = photo()
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    once, twice = ({"scales": (0.9,), "mirrored": also} for also in (False, True))
    assert np.abs(seen(network, picture, **once) - seen(network, mirrored, **once)[:, ::-1]).max() > 0.02
    assert np.allclose(seen(network, picture, **twice), seen(network, mirrored, **twice)[:, ::-1], atol=0.01)
