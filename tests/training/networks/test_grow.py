"""Networks that grow start where the smaller ones stand."""

from dataclasses import replace

import pytest
import torch

from training.networks.blocks import Upsampling
from training.networks.efficientnet import Backbone, channels_of
from training.networks.grow import grown_stack, grown_unet, rectified_moments
from training.networks.stacked import StackedConfig, StackedUNet
from training.networks.unet import UNet, UNetConfig

SMALL = UNetConfig(depth=2, width=4, max_width=8, space_to_depth=2)


def trained(network, picture):
    """A network whose norms have seen data and whose parameters have left their initial values."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05)
    for _ in range(4):
        result = network(picture)
        loss = sum(logits.square().mean() for logits in (result if isinstance(result, list) else [result]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


def stack_and_grown(config, target, page):
    """A trained stack and the larger one that it grows into, both in evaluation."""
    small, large = trained(StackedUNet(config), page), StackedUNet(target)
    large.load_state_dict(grown_stack(small.state_dict(), config, target))
    return small, large.eval()


@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_deeper_unet_computes_what_the_shallower_one_did_and_learns(batch_norm):
    torch.manual_seed(0)
    picture = torch.rand(2, 3, 64, 32)
    config = replace(SMALL, batch_norm=batch_norm)
    small = trained(UNet(config), picture)
    target = replace(config, depth=4)
    large = UNet(target)
    large.load_state_dict(grown_unet(small.state_dict(), config, target))
    large.eval()
    with torch.no_grad():
        assert torch.allclose(large(picture), small(picture), atol=1e-4)
    large(picture).square().mean().backward()
    assert large.block.decoders[1][0].weight.grad[:, config.widths[-1] :].abs().sum() > 0, "what lies below is heard"


def test_a_backbone_has_no_say_at_first():
    torch.manual_seed(0)
    picture = torch.rand(2, 3, 64, 32)
    small = trained(UNet(SMALL), picture)
    target = replace(SMALL, backbone=Backbone.LITE0)
    large = UNet(target)
    large.load_state_dict(grown_unet(small.state_dict(), SMALL, target))
    large.eval()
    with torch.no_grad():
        assert torch.equal(large(picture), small(picture))
    before = {name: value.clone() for name, value in large.backbone.state_dict().items()}
    trained(large.train(), picture)
    heard = large.block.encoders[SMALL.depth][0].weight[:, SMALL.widths[-2] :]
    assert heard.shape[1] == channels_of(Backbone.LITE0)[8]
    assert heard.abs().sum() > 0
    assert all(torch.equal(value, before[name]) for name, value in large.backbone.state_dict().items())


def test_rectified_moments_are_those_of_drawn_values():
    torch.manual_seed(0)
    mean, deviation = torch.tensor([-1.0, 0.0, 2.0]), torch.tensor([1.0, 0.5, 1.0])
    drawn = (mean + deviation * torch.randn(200_000, 3)).relu()
    found_mean, found_variance = rectified_moments(mean, deviation)
    assert torch.allclose(found_mean, drawn.mean(0), atol=0.01)
    assert torch.allclose(found_variance, drawn.var(0), atol=0.02)


def test_a_new_stage_does_once_more_what_the_last_one_does():
    torch.manual_seed(0)
    config = StackedConfig(folds=(2, 1), widths=(4, 2), levels=1)
    target = replace(config, folds=(2, 1, 1), widths=(4, 2, 2))
    page = torch.rand(1, 3, 16, 16)
    small, large = stack_and_grown(config, target, page)
    with torch.no_grad():
        assert all(torch.equal(one, other) for one, other in zip(small(page), large(page), strict=False))
        y = torch.sigmoid(small(page)[-1])
        again = y + small.blocks[1](torch.cat([page, y], dim=1) - 0.5)
        assert torch.allclose(large(page)[-1], again, atol=1e-5)


@pytest.mark.parametrize("upsampling", [Upsampling.BICUBIC, Upsampling.TRANSPOSED])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_wider_stack_computes_what_the_narrow_one_did_and_learns(batch_norm, upsampling):
    torch.manual_seed(0)
    config = StackedConfig(folds=(2, 1), widths=(4, 2), levels=1, upsampling=upsampling, batch_norm=batch_norm)
    target = replace(config, widths=(7, 3))
    page = torch.rand(2, 3, 16, 16)
    small, large = stack_and_grown(config, target, page)
    with torch.no_grad():
        assert torch.allclose(large(page)[-1], small(page)[-1], atol=1e-5)
    large(page)[-1].square().mean().backward()
    assert large.blocks[1].head.weight.grad[:, 2:].abs().sum() > 0, "the new channels are heard"


@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_stack_with_more_context_computes_what_it_did_without_and_learns(batch_norm):
    torch.manual_seed(0)
    config = StackedConfig(folds=(2, 1), widths=(4, 2), levels=1, batch_norm=batch_norm)
    target = replace(config, widths=(5, 2), context=(2, 4))
    page = torch.rand(2, 3, 16, 16)
    small, large = stack_and_grown(config, target, page)
    with torch.no_grad():
        assert torch.allclose(large(page)[-1], small(page)[-1], atol=1e-5)
    large(page)[-1].square().mean().backward()
    beside = large.blocks[0].context[0].weight.grad[:, :, 0, 0]
    assert beside.abs().sum() > 0, "what lies further away is heard"


@pytest.mark.parametrize("change", [{"width": 8}, {"depth": 1}, {"space_to_depth": 1}])
def test_what_is_no_larger_network_of_the_kind_is_refused(change):
    with pytest.raises(ValueError, match="does not grow"):
        grown_unet(UNet(SMALL).state_dict(), SMALL, replace(SMALL, **change))


@pytest.mark.parametrize("folds", [(2,), (2, 1, 2), (4, 1)])
def test_what_is_no_longer_stack_is_refused(folds):
    config = StackedConfig(folds=(2, 1), widths=(2, 2), levels=1)
    target = replace(config, folds=folds, widths=(2,) * len(folds))
    with pytest.raises(ValueError, match="does not grow"):
        grown_stack(StackedUNet(config).state_dict(), config, target)


def test_a_narrower_stack_is_refused():
    config = StackedConfig(folds=(2, 1), widths=(4, 2), levels=1)
    with pytest.raises(ValueError, match="does not grow"):
        grown_stack(StackedUNet(config).state_dict(), config, replace(config, widths=(5, 1)))


def test_a_stack_with_other_context_is_refused():
    config = StackedConfig(folds=(2,), widths=(4,), levels=1, context=(2,))
    for context in ((), (4,), (2, 4)):
        with pytest.raises(ValueError, match="does not grow"):
            grown_stack(StackedUNet(config).state_dict(), config, replace(config, context=context))
