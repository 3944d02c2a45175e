"""Networks with exits and slimmable ones: their cost by formula, their parts, their cuts."""

from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from labcode import cost
from labcode.cost import Cost
from labcode.models import exit_cnn, exit_macs, msd_net, slimmable_cnn
from labcode.models.exit_network import Trunk, UpTo
from labcode.models.slimmable_cnn import WIDTHS

DESIGNS = pytest.mark.parametrize("make", [exit_cnn, msd_net])


def randomised(network: nn.Module, seed: int = 0) -> nn.Module:
    """Give every norm means, spreads, factors and offsets of its own."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for norm in (m for m in network.modules() if isinstance(m, nn.BatchNorm2d)):
            for values in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
                values.copy_(0.5 + torch.rand(values.shape, generator=generator))
    return network.eval()


def by_formula(channels: tuple[int, ...], grid: int) -> list[Cost]:
    """Return what an image pays up to each exit of `exit_cnn` on 28 x 28 pixels."""
    size, total, found, inputs = (28, 28), Cost(0, 0), [], 1
    for width, stride in zip(channels, (2, 2, 1, 1), strict=True):
        for step in (stride, 1):
            layer = cost.conv2d(inputs, width, 3, size, stride=step, padding=1)
            total += Cost(layer.params + 2 * width, layer.macs)  # batch norm has two a channel
            size, inputs = layer.output_size, width
        total += cost.linear(width * grid**2, 10)
        found.append(total)
    return found


@pytest.mark.parametrize(("channels", "grid"), [((8, 16, 32, 32), 3), ((4, 4, 6, 10), 1)])
def test_the_cost_up_to_each_exit_is_that_of_the_formulas(channels, grid):
    network = exit_cnn(channels=channels, grid=grid)
    predicted = by_formula(channels, grid)
    assert list(exit_macs(network)) == [step.macs for step in predicted]
    assert sum(p.numel() for p in network.parameters()) == predicted[-1].params


@DESIGNS
def test_the_cost_up_to_each_exit_is_what_pytorch_counts(make):
    network = make()
    for index, macs in enumerate(exit_macs(network)):
        with FlopCounterMode(display=False) as counter:
            UpTo(network, index).eval()(torch.zeros(1, 1, 28, 28))
        assert counter.get_total_flops() == 2 * macs
    assert list(pairwise(exit_macs(network))) == sorted(pairwise(exit_macs(network)))


@DESIGNS
def test_all_ways_through_a_network_agree(make):
    network = randomised(make())
    images = torch.rand(5, 1, 28, 28)
    rows = network.all_logits(images)
    assert rows.shape == (4, 5, 10)
    assert torch.equal(network(images), rows[-1])
    assert torch.equal(Trunk(network)(images), rows[-1])
    for index in range(4):
        assert torch.equal(UpTo(network, index)(images), rows[index])


def test_an_early_exit_of_the_dense_network_sees_the_whole_image():
    """Two strides in front of the first exit; in the chain it sees 9 x 9 pixels through one."""
    x = torch.rand(1, 1, 28, 28, requires_grad=True)
    maps = {}
    for make in (exit_cnn, msd_net):
        stage = randomised(make()).stages[0]
        maps[make] = stage((x,))[-1]
    assert maps[exit_cnn].shape[-2:] == (14, 14)
    assert maps[msd_net].shape[-2:] == (7, 7)


def test_each_dense_layer_keeps_what_was_computed_before():
    network = randomised(msd_net())
    first = network.stages[0]((torch.rand(2, 1, 28, 28),))
    second = network.stages[1](first)
    for before, after in zip(first, second, strict=True):
        assert torch.equal(after[:, : before.shape[1]], before)
    assert len(network.stages[2](second)) == 1  # the fine map is dropped


@pytest.mark.parametrize("width", WIDTHS)
def test_a_slimmable_network_is_its_cut_network_and_its_formula(width):
    network = randomised(slimmable_cnn())
    network.width = width
    images = torch.rand(4, 1, 28, 28)
    cut = network.cut(width)
    assert torch.allclose(cut(images), network(images), atol=1e-5)
    channels = tuple(round(c * width) for c in (8, 16, 32, 32))
    heads = [cost.linear(c * 9, 10) for c in channels[:-1]]  # the cut network has none of these
    whole = by_formula(channels, 3)[-1]
    assert sum(p.numel() for p in cut.parameters()) == whole.params - sum(h.params for h in heads)
    with FlopCounterMode(display=False) as counter:
        network(images[:1])
    assert counter.get_total_flops() == 2 * (whole.macs - sum(h.macs for h in heads))


def test_a_narrow_run_reads_the_first_channels_alone():
    network = randomised(slimmable_cnn())
    images = torch.rand(3, 1, 28, 28)
    network.width = 0.5
    before = network(images)
    with torch.no_grad():
        for conv in network.convs:
            conv.weight[conv.out_channels // 2 :] += 1.0
        network.fc.weight[:, network.fc.in_features // 2 :] += 1.0
    assert torch.equal(network(images), before)
    network.width = 1.0
    assert not torch.allclose(network(images)[:, 0], before[:, 0])


def test_norms_of_other_widths_stay_and_the_shared_norm_moves():
    own, shared = slimmable_cnn(), slimmable_cnn(switchable=False)
    for network in (own, shared):
        network.width = 0.25
        network.train()(torch.rand(8, 1, 28, 28))
    moved = [float(norms[0].running_mean.abs().sum()) > 0 for norms in own.norms]
    assert moved == [True, False, False, False]
    mean = shared.norms[0][1].running_mean
    assert bool((mean[:2] != 0).all())
    assert not bool(mean[2:].any())


def test_the_shared_norm_is_pytorchs_on_the_first_channels():
    network = slimmable_cnn(switchable=False)
    network.width = 0.5
    x, norm = torch.rand(6, 4, 5, 5), network.norms[0][0]
    plain = F.batch_norm(x, None, None, norm.weight[:4], norm.bias[:4], training=True)
    assert torch.allclose(network._normalised(x, norm), plain)


@pytest.mark.parametrize("switchable", [True, False])
def test_measured_statistics_are_those_of_the_images_at_one_width(switchable):
    network = slimmable_cnn(switchable=switchable).double().eval()
    before = {name: value.clone() for name, value in network.named_buffers()}
    network.width = 0.5
    images = torch.rand(20, 1, 28, 28, dtype=torch.float64)
    network.measure_statistics(images)
    maps = network.convs[0](images)[:, :4]  # (20, 4, 14, 14): the first half of the channels
    norm = network.norms[1 if switchable else 0][0]
    assert torch.allclose(norm.running_mean[:4], maps.mean((0, 2, 3)))
    assert torch.allclose(norm.running_var[:4], maps.var((0, 2, 3)))
    assert bool((norm.running_mean[4:] == 0).all())
    assert (network.training, norm.momentum, network.width) == (False, 0.1, 0.5)
    if switchable:
        same = [k for k in before if not k.startswith("norms.1.")]
        after = dict(network.named_buffers())
        assert all(torch.equal(before[k], after[k]) for k in same)


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match=r"channels must hold 4 widths, got \(8, 16\)"):
        exit_cnn(channels=(8, 16))
    with pytest.raises(ValueError, match="grid must be from 1 to 3, got 4"):
        exit_cnn(grid=4)
    with pytest.raises(ValueError, match="input_size must be at least 12, got 8"):
        msd_net(input_size=8)
    with pytest.raises(ValueError, match=r"widths must grow up to 1, got \(0.5, 0.25\)"):
        slimmable_cnn(widths=(0.5, 0.25))
    with pytest.raises(ValueError, match="widths must give whole numbers"):
        slimmable_cnn(widths=(0.3, 1.0))
    network = slimmable_cnn()
    network.width = 0.3
    with pytest.raises(ValueError, match=r"width must be one of .*got 0\.3"):
        network(torch.zeros(1, 1, 28, 28))
    with pytest.raises(ValueError, match=r"x must have the shape \(N, 1, 28, 28\)"):
        exit_cnn()(torch.zeros(1, 3, 28, 28))
