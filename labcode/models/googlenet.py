"""GoogLeNet: nine Inception blocks without batch norm, as its paper has them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_int
from labcode.models._parts import check_batch, check_windows, init_he

# 1x1 | 1x1 before 3x3, 3x3 | 1x1 before 5x5, 5x5 | 1x1 behind pooling
BLOCKS = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


class InceptionV1(nn.Module):
    """Four branches side by side: 1x1, 3x3, 5x5 and pooling; their maps are concatenated."""

    def __init__(self, in_channels: int, filters: tuple[int, int, int, int, int, int]) -> None:
        """Make the layers from the six widths of one block."""
        super().__init__()
        one, reduce3, three, reduce5, five, project = filters
        self.one = nn.Conv2d(in_channels, one, 1)
        self.reduce3 = nn.Conv2d(in_channels, reduce3, 1)
        self.three = nn.Conv2d(reduce3, three, 3, padding=1)
        self.reduce5 = nn.Conv2d(in_channels, reduce5, 1)
        self.five = nn.Conv2d(reduce5, five, 5, padding=2)
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)
        self.project = nn.Conv2d(in_channels, project, 1)
        self.out_channels = one + three + five + project

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H, W)."""
        branches = [
            self.one(x),
            self.three(F.relu(self.reduce3(x))),
            self.five(F.relu(self.reduce5(x))),
            self.project(self.pool(x)),
        ]
        return F.relu(torch.cat(branches, dim=1))


class GoogLeNet(nn.Module):
    """A stem, nine Inception blocks and a classifier; see `googlenet`."""

    def __init__(self, num_classes: int, in_channels: int) -> None:
        """Make the layers; `googlenet` documents the arguments."""
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 64, 7, stride=2, padding=3)
        self.pool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.norm = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75)
        self.conv2_reduce = nn.Conv2d(64, 64, 1)
        self.conv2 = nn.Conv2d(64, 192, 3, padding=1)
        self.blocks = nn.Sequential(self._pool())
        channels = 192
        for name, filters in BLOCKS.items():
            if name in ("4a", "5a"):
                self.blocks.add_module(f"pool{name[0]}", self._pool())
            block = InceptionV1(channels, filters)
            channels = block.out_channels
            self.blocks.add_module(name, block)
        self.dropout = nn.Dropout(0.4)
        self.fc = nn.Linear(channels, num_classes)
        init_he(self)

    @staticmethod
    def _pool() -> nn.MaxPool2d:
        return nn.MaxPool2d(3, stride=2, ceil_mode=True)  # Caffe rounds up

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        check_batch(x, self.conv1.in_channels)  # (N, 3, 224, 224)
        pools = ("blocks.0", "blocks.pool4", "blocks.pool5")
        check_windows(x, self, ("conv1", "pool1", *pools))
        x = self.norm(self.pool1(F.relu(self.conv1(x))))  # (N, 64, 112, 112) -> 56 x 56
        x = F.relu(self.conv2(F.relu(self.conv2_reduce(x))))  # (N, 192, 56, 56)
        x = self.blocks(self.norm(x))  # 480 x 28 x 28, 832 x 14 x 14, (N, 1024, 7, 7)
        x = self.dropout(x.mean((2, 3)))  # (N, 1024)
        return self.fc(x)  # type: ignore[no-any-return]  # (N, 1000)


def googlenet(*, num_classes: int = 1000, in_channels: int = 3) -> GoogLeNet:
    """Return an untrained GoogLeNet, without the two classifiers that helped its training.

    It has 6,998,552 parameters, and on 3x224x224 it does 1,582,671,872 MACs. (torchvision's
    differs: batch norm, and 3x3 filters where the paper has 5x5.) Images must have at least 31
    pixels a side. Filters start by He's rule,
    since the paper names none; the linear layer from N(0, 0.01).

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.

    Returns:
        The network, in training mode.

    Raises:
        TypeError: An argument is not an integer.
        ValueError: An argument is below 1.

    Source: Szegedy et al., "Going deeper with convolutions" (arXiv:1409.4842), Table 1.

    >>> import labcode
    >>> found = labcode.count(googlenet())
    >>> found.params, found.macs
    (6998552, 1582671872)
    """
    return GoogLeNet(check_int("num_classes", num_classes), check_int("in_channels", in_channels))
