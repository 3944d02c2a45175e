"""ResNet-8 for small photographs with other blocks in its place, at equal multiply-adds."""

from __future__ import annotations

from functools import cache
from itertools import product

import torch  # noqa: F401 (the example below)
from torch import Tensor, nn
from torch.nn import functional as F

from labcode import cost
from labcode._checks import check_choice, check_int
from labcode.cost import Cost
from labcode.models._parts import check_batch, init_he
from labcode.models.blocks import BLOCKS, TOLERANCE, block_cost

STEM = 16  # channels of the first convolution, the same for all blocks: ResNet-8's
SIZES = (32, 16, 8)  # height and width of the maps of the three stages


class Stage(nn.Module):
    """Two blocks of a kind that are added to the input, or to a 1x1 convolution of it."""

    def __init__(self, kind: str, in_channels: int, out_channels: int) -> None:
        """Make the layers; `block_resnet8` documents the kinds."""
        super().__init__()
        block = BLOCKS[kind]
        self.blocks = nn.Sequential(
            block(in_channels, out_channels), block(out_channels, out_channels)
        )
        self.shortcut = (
            nn.Identity()
            if in_channels == out_channels
            else nn.Conv2d(in_channels, out_channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H, W)."""
        return F.relu(self.blocks(x) + self.shortcut(x))


class BlockResNet8(nn.Module):
    """A convolution, three stages and a linear layer; `block_resnet8` says what it is made of."""

    def __init__(self, kind: str, widths: tuple[int, int, int]) -> None:
        """Make the layers; `block_resnet8` documents the arguments."""
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, STEM, 3, padding=1, bias=False), nn.BatchNorm2d(STEM), nn.ReLU()
        )
        inputs = (STEM, *widths[:2])
        self.stages = nn.ModuleList(Stage(kind, *pair) for pair in zip(inputs, widths, strict=True))
        self.fc = nn.Linear(widths[-1], 10)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn photographs (N, 3, 32, 32) into logits (N, 10)."""
        check_batch(x, 3)
        first, *others = self.stages
        x = first(self.stem(x))  # (N, width1, 32, 32)
        for stage in others:  # (N, width2, 16, 16), then (N, width3, 8, 8)
            x = stage(F.max_pool2d(x, 2))
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]  # (N, 10)


def block_resnet8(kind: str, width1: int, width2: int, width3: int) -> BlockResNet8:
    """Return an untrained ResNet-8 whose convolutions are other blocks, two in each stage.

    It differs from ResNet-8 in two ways, for all kinds alike: a stage begins with max pooling
    where ResNet-8's convolution has stride 2, and its convolutions have no bias.

    Args:
        kind: One of `labcode.models.blocks.BLOCKS`.
        width1: Channels on 32 x 32.
        width2: Channels on 16 x 16.
        width3: Channels on 8 x 8.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: A width is not an integer.
        ValueError: ``kind`` is unknown, or a width is below 1.

    >>> block_resnet8("Fire", 16, 32, 64)(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """
    check_choice("kind", kind, BLOCKS)
    found = {"width1": width1, "width2": width2, "width3": width3}
    one, two, three = (check_int(name, width) for name, width in found.items())
    return BlockResNet8(kind, (one, two, three))


def network_cost(kind: str, width1: int, width2: int, width3: int) -> Cost:
    """Return the cost of `block_resnet8` by formula, for one photograph.

    >>> network_cost("standard", 16, 32, 64).macs
    12501632
    """
    stem = cost.conv2d(3, STEM, 3, 32, padding=1)
    total = Cost(stem.params + 2 * STEM, stem.macs) + cost.linear(width3, 10)
    pairs = ((STEM, width1), (width1, width2), (width2, width3))
    for pair, size in zip(pairs, SIZES, strict=True):
        total += _stage_cost(kind, *pair, size)
    return total


def _stage_cost(kind: str, c: int, n: int, size: int) -> Cost:
    both = block_cost(kind, c, n, size) + block_cost(kind, n, n, size)
    if c == n:
        return both
    shortcut = cost.conv2d(c, n, 1, size)
    return both + Cost(shortcut.params + n, shortcut.macs)


@cache
def widths(kind: str, macs: int) -> tuple[int, int, int]:
    """Return the widths at which the network has a budget of multiply-adds.

    Of all triples within 1 % of the budget it is the one whose second and third width are closest
    to twice the one before; so two kinds never differ by more than 2 %.

    Args:
        kind: One of `labcode.models.blocks.BLOCKS` that has no groups.
        macs: Multiply-adds of the whole network for one photograph.

    Raises:
        TypeError: ``macs`` is not an integer.
        ValueError: ``kind`` is unknown, or no triple comes within 1 % of the budget.

    >>> widths("standard", 12_501_632)
    (16, 32, 64)
    """
    check_int("macs", macs)
    check_choice("kind", kind, BLOCKS)
    found = []
    for width1 in range(4, 200):
        seconds = range(2 * width1 - 3, 2 * width1 + 4)
        thirds = range(4 * width1 - 6, 4 * width1 + 7)
        least = network_cost(kind, width1, seconds[0], thirds[0]).macs
        most = network_cost(kind, width1, seconds[-1], thirds[-1]).macs
        if most < macs or least > macs:
            continue
        for width2, width3 in product(seconds, thirds):
            spent = network_cost(kind, width1, width2, width3).macs
            if abs(spent / macs - 1) <= TOLERANCE:
                apart = abs(width2 / width1 - 2) + abs(width3 / width2 - 2)
                found.append((apart, width1, width2, width3))
    if not found:
        raise ValueError(f"macs {macs} leaves no widths within {TOLERANCE:.0%} for {kind}")
    return min(found)[1:]
