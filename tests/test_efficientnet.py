"""The network that others borrow features from."""

import copy
from pathlib import Path

import torch
from torch import nn

from export.lowering import fold_batch_norm, shift_relu6
from training.datasets import read_rgb
from training.networks.efficientnet import CHANNELS, SCALES, EfficientNetLite0

PHOTO = Path(__file__).parents[1] / "examples/photos/astronaut.jpg"


def test_features_of_a_photo_have_their_place_their_size_and_about_unit_deviation():
    network = EfficientNetLite0().load_imagenet().eval()
    photo = read_rgb(PHOTO)[None, :, :256, :192].float() / 255
    features = network(photo)
    assert {stride: tuple(value.shape) for stride, value in features.items()} == {
        stride: (1, channels, 256 // stride, 192 // stride) for stride, channels in CHANNELS.items()
    }
    assert set(SCALES) == set(CHANNELS)
    assert all(0.4 < value.std() < 2.5 for value in features.values())


def test_it_stays_as_it_was_learnt():
    network = EfficientNetLite0().train()
    assert not any(module.training for module in network.modules())
    assert not any(parameter.requires_grad for parameter in network.parameters())
    photo = torch.rand(1, 3, 64, 64)
    first, second = network(photo), network(photo)
    assert all(torch.equal(first[stride], second[stride]) for stride in first)


def test_hard_sigmoids_in_its_place_compute_the_same():
    network = EfficientNetLite0().load_imagenet().eval()
    lowered = shift_relu6(fold_batch_norm(copy.deepcopy(network)))
    assert not any(isinstance(module, nn.ReLU6 | nn.BatchNorm2d) for module in lowered.modules())
    photo = torch.rand(1, 3, 64, 96)
    expected, found = network(photo), lowered(photo)
    assert all(torch.allclose(found[stride], expected[stride], atol=1e-3) for stride in CHANNELS)
