import copy

import pytest
import torch
import torch.nn.functional as F

from export.lowering import FixedBicubic, lower
from training.networks.blocks import BicubicUpsample, Upsampling
from training.networks.stacked import StackedConfig, StackedUNet, receptive_radius


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 3), (17, 9), (64, 33)])
def test_fixed_bicubic_equals_interpolate(height, width):
    torch.manual_seed(0)
    x = torch.randn(2, 5, height, width)
    expected = F.interpolate(x, scale_factor=2, mode="bicubic", align_corners=False)
    assert (FixedBicubic(5)(x) - expected).abs().max() < 1e-5


@pytest.mark.parametrize(("folds", "height", "width"), [((2, 1), 40, 24), ((4, 2), 48, 16)])
def test_lowering_leaves_no_slow_layer_and_changes_no_output(folds, height, width):
    torch.manual_seed(0)
    network = StackedUNet(StackedConfig(folds, (4, 4))).eval()
    lowered = lower(copy.deepcopy(network))
    assert not any(isinstance(module, BicubicUpsample | torch.nn.PixelUnshuffle) for module in lowered.modules())
    image = torch.rand(2, 3, height, width)
    for found, expected in zip(lowered(image), network(image), strict=True):
        assert (found - expected).abs().max() < 1e-5


def test_stages_follow_the_recurrence_of_the_paper():
    torch.manual_seed(0)
    folds = (4, 2, 1)
    network = StackedUNet(StackedConfig(folds, (4, 4, 4))).eval()
    image = torch.rand(1, 3, 16, 16)
    y = 1 - (0.299 * image[:, :1] + 0.587 * image[:, 1:2] + 0.114 * image[:, 2:])
    for block, logits in zip(network.blocks, network(image), strict=True):
        expected = y + block(torch.cat([image - 0.5, y - 0.5], dim=1))
        assert torch.allclose(logits, expected, atol=1e-5)
        y = torch.sigmoid(expected)


@pytest.mark.parametrize("upsampling", list(Upsampling))
@pytest.mark.parametrize(
    ("folds", "levels", "context"),
    [((1,), 1, (2,)), ((1, 1), 2, ()), ((1,), 3, ()), ((4, 2), 1, ()), ((2, 1), 2, ()), ((2, 1), 1, (1, 3))],
)
def test_the_receptive_radius_is_exact(upsampling, folds, levels, context):
    """Pooling is replaced by a mean and all activations are positive, so that every path shows in the gradient."""
    config = StackedConfig(folds, (2,) * len(folds), levels, upsampling, batch_norm=False, context=context)
    network = StackedUNet(config).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0.01)
    for block in network.blocks:
        block.pool = torch.nn.AvgPool2d(2)
    side = 2 * receptive_radius(config) + 4 * network.stride
    side += -side % network.stride
    middle = side // 2 // network.stride * network.stride
    reach = 0
    for phase in range(network.stride):
        image = torch.full((1, 3, side, side), 2.0, dtype=torch.double, requires_grad=True)
        row = middle + phase
        network(image)[-1][0, 0, row, row].backward()
        rows = image.grad.abs().sum(dim=(0, 1, 3)).nonzero().flatten()
        reach = max(reach, row - rows.min().item(), rows.max().item() - row)
    assert reach == receptive_radius(config)


def test_the_default_has_the_blocks_and_levels_of_the_reference():
    config = StackedConfig()
    assert (len(config.folds), config.levels, config.upsampling) == (2, 2, Upsampling.BICUBIC)
    assert StackedConfig.from_dict(config.to_dict()) == config
