"""BN-Inception: blocks of parallel filters of several sizes, with batch norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_int
from labcode.models._parts import check_batch, check_windows, init_he

Excite = Callable[[int], nn.Module]  # channels -> a layer that keeps the shape


class Filters(NamedTuple):
    """The widths of one Inception block; a block without 1x1 filters has stride 2."""

    one: int  # 1x1
    reduce3: int  # 1x1 in front of the 3x3
    three: int  # 3x3
    reduce_double: int  # 1x1 in front of two 3x3
    double: int  # each of these two
    pool: str  # "average" or "maximum"
    project: int  # 1x1 behind the pooling; 0 passes it through


BLOCKS = {
    "3a": Filters(64, 64, 64, 64, 96, "average", 32),
    "3b": Filters(64, 64, 96, 64, 96, "average", 64),
    "3c": Filters(0, 128, 160, 64, 96, "maximum", 0),
    "4a": Filters(224, 64, 96, 96, 128, "average", 128),
    "4b": Filters(192, 96, 128, 96, 128, "average", 128),
    "4c": Filters(160, 128, 160, 128, 160, "average", 128),
    "4d": Filters(96, 128, 192, 160, 192, "average", 128),
    "4e": Filters(0, 128, 192, 192, 256, "maximum", 0),
    "5a": Filters(352, 192, 320, 160, 224, "average", 128),
    "5b": Filters(352, 192, 320, 192, 224, "maximum", 128),
}


class ConvBN(nn.Module):
    """A convolution that keeps the size (or divides it by the stride), batch norm and ReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> None:
        """Make the layers; ``kernel`` is odd."""
        super().__init__()
        padding = kernel // 2
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H / stride, W / stride)."""
        return F.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    """Four branches side by side: 1x1, 3x3, two 3x3, and pooling; their maps are concatenated."""

    def __init__(self, in_channels: int, filters: Filters) -> None:
        """Make the branches from the widths of one block."""
        super().__init__()
        one, reduce3, three, reduce_double, double, pool, project = filters
        stride = 1 if one else 2
        self.branches = nn.ModuleList()
        if one:
            self.branches.append(ConvBN(in_channels, one, 1))
        self.branches.append(
            nn.Sequential(ConvBN(in_channels, reduce3, 1), ConvBN(reduce3, three, 3, stride))
        )
        self.branches.append(
            nn.Sequential(
                ConvBN(in_channels, reduce_double, 1),
                ConvBN(reduce_double, double, 3),
                ConvBN(double, double, 3, stride),
            )
        )
        kind = nn.AvgPool2d if pool == "average" else nn.MaxPool2d
        last = nn.Sequential(kind(3, stride, padding=1))
        if project:
            last.append(ConvBN(in_channels, project, 1))
        self.branches.append(last)
        self.out_channels = one + three + double + (project or in_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H / stride, W / stride)."""
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class BNInception(nn.Module):
    """A stem, ten Inception blocks and a classifier; see `bn_inception`."""

    def __init__(self, num_classes: int, in_channels: int, excite: Excite | None = None) -> None:
        """Make the layers; ``excite`` makes a layer that stands behind each block, if given."""
        super().__init__()
        self.in_channels = in_channels
        self.conv1 = ConvBN(in_channels, 64, 7, stride=2)
        self.pool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2_reduce = ConvBN(64, 64, 1)
        self.conv2 = ConvBN(64, 192, 3)
        self.pool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.blocks = nn.Sequential()
        channels = 192
        for name, filters in BLOCKS.items():
            block = Inception(channels, filters)
            channels = block.out_channels
            self.blocks.add_module(name, block)
            if excite is not None:
                self.blocks.add_module(f"{name}_excite", excite(channels))
        self.fc = nn.Linear(channels, num_classes)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_batch(x, self.in_channels)  # (N, 3, 224, 224)
        check_windows(x, self, ("conv1.conv", "pool1", "pool2"))
        x = self.pool1(self.conv1(x))  # (N, 64, 112, 112) -> (N, 64, 56, 56)
        x = self.pool2(self.conv2(self.conv2_reduce(x)))  # (N, 192, 56, 56) -> (N, 192, 28, 28)
        x = self.blocks(x)  # 3c: (N, 576, 14, 14), 4e: (N, 1056, 7, 7), 5b: (N, 1024, 7, 7)
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]  # (N, 1000)


def bn_inception(*, num_classes: int = 1000, in_channels: int = 3) -> BNInception:
    """Return an untrained BN-Inception: GoogLeNet with batch norm and two 3x3 for each 5x5.

    It has 11,285,224 parameters, and on 3x224x224 it does 2,032,600,064 MACs. Images must have
    at least 7 pixels a side. Filters start by He's rule, since the paper names none; the
    linear layer from N(0, 0.01).

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument is not an integer.
        ValueError: An argument is below 1.

    Source: Ioffe and Szegedy, "Batch normalization" (arXiv:1502.03167), Figure 5.

    >>> import labcode
    >>> found = labcode.count(bn_inception())
    >>> found.params, found.macs
    (11285224, 2032600064)
    """
    return BNInception(check_int("num_classes", num_classes), check_int("in_channels", in_channels))
