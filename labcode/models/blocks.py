"""One small backbone for digits into which different blocks are put at equal multiply-adds."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode import cost
from labcode._checks import check_choice, check_int
from labcode.cost import Cost
from labcode.models import InvertedResidual, SeparableBlock, SqueezeExcite, channel_shuffle
from labcode.models._parts import check_batch, init_he

STEM = 8  # channels of the first convolution, the same for all blocks
GROUPS = 4
EXPANSION = 4  # of inverted residuals; the paper's 6 would leave the small budget too few channels
REDUCTION = 4  # of squeeze-and-excitation; the paper's 16 is for hundreds of channels
TOLERANCE = 0.01  # how far the multiply-adds may be from the budget, as a part of it


class ConvNorm(nn.Sequential):
    """A convolution that keeps the size of the map, batch norm, ReLU."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, groups: int = 1
    ) -> None:
        """Make the layers; the arguments are those of torch.nn.Conv2d."""
        padding = kernel_size // 2
        conv = nn.Conv2d(
            in_channels, out_channels, kernel_size, padding=padding, groups=groups, bias=False
        )
        super().__init__(conv, nn.BatchNorm2d(out_channels), nn.ReLU())


class Shuffled(nn.Module):
    """A grouped convolution whose output channels are dealt out over all groups."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        """Make the layers."""
        super().__init__()
        self.conv = ConvNorm(in_channels, out_channels, 3, GROUPS)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H, W)."""
        return channel_shuffle(self.conv(x), GROUPS)


class NormedFire(nn.Module):
    """A Fire module with batch norms, so that all blocks of the comparison have them.

    As in SqueezeNet, the squeeze layer has an eighth of the output channels, and half of the
    expand filters are 3x3.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        """Make the layers."""
        super().__init__()
        squeeze, half = max(1, round(out_channels / 8)), out_channels // 2
        self.squeeze = ConvNorm(in_channels, squeeze, 1)
        self.expand1x1 = ConvNorm(squeeze, out_channels - half, 1)
        self.expand3x3 = ConvNorm(squeeze, half, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H, W)."""
        x = self.squeeze(x)  # (N, out_channels / 8, H, W)
        return torch.cat([self.expand1x1(x), self.expand3x3(x)], dim=1)  # (N, out_channels, H, W)


def _excited(in_channels: int, out_channels: int) -> nn.Module:
    return nn.Sequential(
        ConvNorm(in_channels, out_channels, 3), SqueezeExcite(out_channels, reduction=REDUCTION)
    )


Block = Callable[[int, int], nn.Module]  # input channels, output channels -> a block

# Each keeps the size of the map: (N, in_channels, H, W) -> (N, out_channels, H, W)
BLOCKS: dict[str, Block] = {
    "standard": lambda c, n: ConvNorm(c, n, 3),
    "grouped": lambda c, n: ConvNorm(c, n, 3, GROUPS),
    "grouped + shuffle": Shuffled,
    "depthwise separable": lambda c, n: SeparableBlock(c, n, 1),
    "Fire": NormedFire,
    "inverted residual": lambda c, n: InvertedResidual(c, n, 1, EXPANSION),
    "standard + SE": _excited,
}
_STEP = {"grouped": GROUPS, "grouped + shuffle": GROUPS}  # channels must be a multiple of it


class Backbone(nn.Module):
    """A stem, two blocks on 14 x 14, pooling, two blocks on 7 x 7, and a classifier."""

    def __init__(self, kind: str, width1: int, width2: int) -> None:
        """Make the layers; `backbone` documents the arguments."""
        super().__init__()
        block = BLOCKS[kind]
        self.stem = nn.Sequential(
            nn.Conv2d(1, STEM, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(STEM), nn.ReLU()
        )
        self.stage1 = nn.Sequential(block(STEM, width1), block(width1, width1))
        self.stage2 = nn.Sequential(block(width1, width2), block(width2, width2))
        self.fc = nn.Linear(width2, 10)
        init_he(self)
        for layer in self.modules():
            if isinstance(layer, SqueezeExcite):  # He's N(0, 0.01) is for classifiers: gates that
                layer.fc1.reset_parameters()  # start so close to 0.5 everywhere learn slowly
                layer.fc2.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, 1, 28, 28) into logits (N, 10)."""
        check_batch(x, 1)
        x = self.stem(x)  # (N, 8, 14, 14)
        x = self.stage1(x)  # (N, width1, 14, 14)
        x = F.max_pool2d(x, 2)  # (N, width1, 7, 7)
        x = self.stage2(x)  # (N, width2, 7, 7)
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]  # (N, 10)


def backbone(kind: str, width1: int, width2: int) -> Backbone:
    """Return an untrained backbone for grey digits of 28 x 28.

    Weights start by He's rule, the same for all blocks.

    Args:
        kind: One of `BLOCKS`.
        width1: Channels of the two blocks on 14 x 14.
        width2: Channels of the two blocks on 7 x 7.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: A width is not an integer.
        ValueError: ``kind`` is unknown, or a width is no multiple of the groups.

    >>> backbone("standard", 4, 8)(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    check_choice("kind", kind, BLOCKS)
    step = _STEP.get(kind, 1)
    for name, width in (("width1", width1), ("width2", width2)):
        if check_int(name, width) % step:
            raise ValueError(f"{name} must be a multiple of {step} for {kind}, got {width!r}")
    return Backbone(kind, width1, width2)


def block_cost(kind: str, in_channels: int, out_channels: int, size: int) -> Cost:
    """Return the cost of a block by formula; batch norms have parameters and no multiply-adds.

    Args:
        kind: One of `BLOCKS`.
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        size: Height and width of the map, in pixels.

    Raises:
        ValueError: ``kind`` is unknown.

    >>> block_cost("standard", 8, 16, 14).macs
    225792
    """
    check_choice("kind", kind, BLOCKS)
    c, n = in_channels, out_channels
    if kind == "depthwise separable":
        parts = [(c, c, 3, c), (c, n, 1, 1)]
    elif kind == "inverted residual":
        wide = EXPANSION * c
        parts = [(c, wide, 1, 1), (wide, wide, 3, wide), (wide, n, 1, 1)]
    elif kind == "Fire":
        squeeze = max(1, round(n / 8))
        parts = [(c, squeeze, 1, 1), (squeeze, n - n // 2, 1, 1), (squeeze, n // 2, 3, 1)]
    else:
        parts = [(c, n, 3, GROUPS if "grouped" in kind else 1)]
    total = Cost(0, 0)
    for inputs, outputs, kernel, groups in parts:
        conv = cost.conv2d(inputs, outputs, kernel, size, padding=kernel // 2, groups=groups)
        total += Cost(conv.params + 2 * outputs, conv.macs)
    if kind == "standard + SE":
        total += cost.linear(n, n // REDUCTION) + cost.linear(n // REDUCTION, n)
    return total


def backbone_cost(kind: str, width1: int, width2: int) -> Cost:
    """Return the cost of `backbone` by formula, for one image.

    >>> backbone_cost("grouped", 16, 32).macs
    353120
    """
    stem = cost.conv2d(1, STEM, 3, 28, stride=2, padding=1)
    pairs = [(STEM, width1, 14), (width1, width1, 14), (width1, width2, 7), (width2, width2, 7)]
    blocks = sum((block_cost(kind, *pair) for pair in pairs), Cost(0, 0))
    return Cost(stem.params + 2 * STEM, stem.macs) + blocks + cost.linear(width2, 10)


def widths(kind: str, macs: int) -> tuple[int, int]:
    """Return the widths at which a backbone has a budget of multiply-adds.

    Of all pairs within 1 % of the budget it is the one whose second width is closest to twice
    the first, as in most networks; so two blocks never differ by more than 2 %.

    Args:
        kind: One of `BLOCKS`.
        macs: Multiply-adds of the whole network for one image, with stem and classifier.

    Returns:
        The channels on 14 x 14 and on 7 x 7.

    Raises:
        TypeError: ``macs`` is not an integer.
        ValueError: ``kind`` is unknown, or no pair comes within 1 % of the budget.

    >>> widths("standard", 350_000)
    (6, 18)
    """
    check_int("macs", macs)
    step = _STEP.get(check_choice("kind", kind, BLOCKS), 1)
    found = []
    for width1 in range(REDUCTION, 500, step):  # a multiple of the groups, too
        for width2 in range(width1, 3 * width1 + 1, step):
            spent = backbone_cost(kind, width1, width2).macs
            if abs(spent / macs - 1) <= TOLERANCE:
                found.append((abs(width2 / width1 - 2), width1, width2))
            if spent > macs * (1 + TOLERANCE):
                break
        if backbone_cost(kind, width1, width1).macs > macs:
            break
    if not found:
        raise ValueError(f"macs {macs} leaves no widths within {TOLERANCE:.0%} for {kind}")
    return min(found)[1:]
