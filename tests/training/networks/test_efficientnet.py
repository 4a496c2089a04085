"""The network that others borrow features from."""

import copy
import re

import pytest
import torch
from torch import nn

from export.lowering import fold_batch_norm, shift_relu6
from tests.support.places import ROOT
from training.data.pictures import read_rgb
from training.networks.efficientnet import SCALES, Backbone, EfficientNetLite, channels_of

PHOTO = ROOT / "examples/photos/astronaut.jpg"


VARIANTS = pytest.mark.parametrize("variant", [one for one in Backbone if one])


@VARIANTS
def test_features_of_a_photo_have_their_place_their_size_and_about_unit_deviation(variant):
    network = EfficientNetLite(variant).load_imagenet().eval()
    photo = read_rgb(PHOTO)[None, :, :256, :192].float() / 255
    features = network(photo)
    assert {stride: tuple(value.shape) for stride, value in features.items()} == {
        stride: (1, channels, 256 // stride, 192 // stride) for stride, channels in channels_of(variant).items()
    }
    assert set(SCALES) == set(channels_of(variant))
    assert all(0.4 < value.std() < 2.5 for value in features.values())


@VARIANTS
def test_its_coarse_stages_learn_and_nothing_else_of_it(variant):
    network = EfficientNetLite(variant).load_imagenet().train()
    before = copy.deepcopy(network.state_dict())
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    features = network(torch.rand(1, 3, 64, 64))
    sum(value.square().mean() for value in features.values()).backward()
    torch.optim.SGD(learning, lr=0.1).step()
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    trained = {name for name, _ in network.named_parameters() if re.match(r"stages\.[3-6]\.", name)}
    assert changed == trained, "statistics of norms stand still too"


def test_what_only_unused_features_need_is_not_trained():
    network = EfficientNetLite(Backbone.LITE0, [8, 16])
    trained = {int(name.split(".")[1]) for name, value in network.named_parameters() if value.requires_grad}
    assert trained == {3, 4}


@VARIANTS
def test_hard_sigmoids_in_its_place_compute_the_same(variant):
    network = EfficientNetLite(variant).load_imagenet().eval()
    lowered = shift_relu6(fold_batch_norm(copy.deepcopy(network)))
    assert not any(isinstance(module, nn.ReLU6 | nn.BatchNorm2d) for module in lowered.modules())
    photo = torch.rand(1, 3, 64, 96)
    expected, found = network(photo), lowered(photo)
    assert all(torch.allclose(found[stride], expected[stride], atol=1e-3) for stride in SCALES)
