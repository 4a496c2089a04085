import numpy as np
import pytest
import torch

from training.networks.unet import UNet, UNetConfig

PAPER = UNetConfig(depth=4, width=64, max_width=1024, space_to_depth=1)


def test_the_papers_channels_can_be_had_on_plain_input():
    assert PAPER.widths == [64, 128, 256, 512, 1024]
    with torch.device("meta"):
        network = UNet(PAPER)
    block = network.block
    assert [encoder[0].in_channels for encoder in block.encoders] == [3, 64, 128, 256, 512]
    assert [tuple(up.weight.shape) for up in block.ups] == [
        (1024, 512, 2, 2), (512, 256, 2, 2), (256, 128, 2, 2), (128, 64, 2, 2)
    ]  # fmt: skip
    assert [decoder[0].in_channels for decoder in block.decoders] == [1024, 512, 256, 128]
    assert network(torch.zeros(1, 3, 32, 48, device="meta")).shape == (1, 1, 32, 48)


@pytest.mark.parametrize(
    "config",
    [
        UNetConfig(depth=2, width=4, max_width=8, space_to_depth=1),
        UNetConfig(depth=2, width=4, max_width=8, space_to_depth=2),
        UNetConfig(depth=1, width=4, space_to_depth=4, batch_norm=False),
    ],
)
def test_logits_have_the_size_of_the_photo(config):
    network = UNet(config).eval()
    assert network.stride == config.stride == config.space_to_depth * 2**config.depth
    assert network(torch.rand(2, 3, 3 * config.stride, 5 * config.stride)).shape == (
        2, 1, 3 * config.stride, 5 * config.stride
    )  # fmt: skip
    assert any(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules()) == config.batch_norm


def test_the_shipped_shapes_have_six_million_parameters():
    for config in (UNetConfig(), UNetConfig(depth=3, width=64, space_to_depth=4)):
        assert config.stride == 32
        assert 6.2e6 < sum(p.numel() for p in UNet(config).parameters()) < 6.4e6


def test_logits_move_with_the_photo():
    """Away from the borders, a photo moved by multiples of the stride has its logits moved alike."""
    torch.manual_seed(0)
    network = UNet(UNetConfig(depth=1, width=4, space_to_depth=2)).eval()
    image = torch.rand(1, 3, 48, 48)
    moved = network(torch.roll(image, (4, 8), dims=(2, 3)))
    expected = torch.roll(network(image), (4, 8), dims=(2, 3))
    inner = (..., slice(20, 32), slice(24, 32))
    assert np.allclose(moved[inner].detach(), expected[inner].detach(), atol=1e-5)


def test_a_configuration_survives_its_plain_values():
    assert UNetConfig.from_dict(PAPER.to_dict()) == PAPER
    assert all(type(value) in (int, bool, str) for value in PAPER.to_dict().values())
