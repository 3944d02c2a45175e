"""ResNet-8 with other blocks: its layers, its formula and the widths that meet a budget."""

import pytest
import torch
from torch import nn

from labcode.counting import count
from labcode.models import resnet8
from labcode.models.block_resnet8 import block_resnet8, network_cost, widths
from labcode.models.blocks import BLOCKS

PHOTOGRAPH = (3, 32, 32)
RESNET8 = 12_501_632


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.parametrize("sizes", [(16, 32, 64), (8, 20, 36)])
def test_the_formula_is_the_counted_network(kind, sizes):
    with torch.device("meta"):
        found = count(block_resnet8(kind, *sizes), PHOTOGRAPH)
    spent = network_cost(kind, *sizes)
    assert (spent.params, spent.macs) == (found.params, found.macs)


def test_with_standard_blocks_it_does_the_work_of_resnet8():
    with torch.device("meta"):
        whole, mine = resnet8(), block_resnet8("standard", 16, 32, 64)
    assert count(whole, PHOTOGRAPH).macs == count(mine, PHOTOGRAPH).macs
    kernels = [
        sorted(tuple(p.shape) for p in model.parameters() if p.dim() > 1) for model in (whole, mine)
    ]
    assert kernels[0] == kernels[1]
    assert widths("standard", RESNET8) == (16, 32, 64)


@pytest.mark.parametrize("macs", [RESNET8, RESNET8 // 2])
def test_kinds_meet_a_budget_to_within_two_percent(macs):
    kinds = ("standard", "depthwise separable", "Fire", "inverted residual")
    spent = [network_cost(kind, *widths(kind, macs)).macs for kind in kinds]
    assert max(spent) / min(spent) < 1.02
    assert all(abs(one / macs - 1) <= 0.01 for one in spent)


def test_widths_are_the_triple_closest_to_twice():
    triples = [(a, b, c) for a in range(4, 14) for b in range(8, 28) for c in range(16, 56)]
    near = [t for t in triples if abs(network_cost("standard", *t).macs / 6e6 - 1) <= 0.01]
    best = min(abs(b / a - 2) + abs(c / b - 2) for a, b, c in near)
    one, two, three = widths("standard", 6_000_000)
    assert abs(two / one - 2) + abs(three / two - 2) == pytest.approx(best)


def test_a_stage_adds_its_input():
    """With blocks that say nothing only the shortcuts are left."""
    network = block_resnet8("standard", 16, 32, 64).eval()
    for stage in network.stages:
        for layer in stage.blocks.modules():
            if isinstance(layer, nn.BatchNorm2d):
                nn.init.zeros_(layer.weight)
    x = torch.rand(2, *PHOTOGRAPH)
    first, second, third = network.stages
    pool = nn.MaxPool2d(2)
    y = second.shortcut(pool(network.stem(x))).relu()
    y = third.shortcut(pool(y)).relu()
    assert isinstance(first.shortcut, nn.Identity)
    assert torch.allclose(network(x), network.fc(y.mean((2, 3))), atol=1e-5)


def test_what_cannot_be_built_is_refused_by_name():
    with pytest.raises(ValueError, match=r"kind must be one of 'standard', .* got 'round'"):
        block_resnet8("round", 4, 8, 16)
    with pytest.raises(ValueError, match="width3 must be"):
        block_resnet8("standard", 4, 8, 0)
    with pytest.raises(ValueError, match="macs 20000 leaves no widths within 1% for standard"):
        widths("standard", 20_000)
