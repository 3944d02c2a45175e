"""A MobileNet for digits: the same blocks, few of them, and images of any size."""

from __future__ import annotations

import torch  # noqa: F401 (the example below)
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_number
from labcode.models._parts import check_batch
from labcode.models.mobilenet_v1 import SeparableBlock, init_like_slim

STEM = 16  # channels of the first convolution at width 1
LAYOUT = ((32, 1), (64, 2), (64, 1), (128, 2), (128, 1))  # (output channels, stride) of the blocks


class DigitsMobileNet(nn.Module):
    """MobileNet's stem, five of its blocks and its classifier, for small grey images."""

    def __init__(self, width_multiplier: float) -> None:
        """Make the layers; `digits_mobilenet` documents the argument."""
        super().__init__()
        channels = max(1, int(STEM * width_multiplier))
        self.conv1 = nn.Conv2d(1, channels, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.blocks = nn.Sequential()
        for width, stride in LAYOUT:
            out_channels = max(1, int(width * width_multiplier))
            self.blocks.append(SeparableBlock(channels, out_channels, stride))
            channels = out_channels
        self.fc = nn.Linear(channels, 10)
        init_like_slim(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, 1, H, W) of any size into logits (N, 10)."""
        check_batch(x, 1)  # (N, 1, 28, 28)
        x = F.relu(self.bn1(self.conv1(x)))  # (N, 16, 14, 14)
        x = self.blocks(x)  # (N, 128, 4, 4)
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]  # (N, 10)


def digits_mobilenet(width_multiplier: float = 1.0) -> DigitsMobileNet:
    """Return an untrained MobileNet of 12 layers for grey images of any size.

    Args:
        width_multiplier: The paper's alpha, the share of each layer's channels.

    Raises:
        TypeError: The width is not a number.
        ValueError: The width is not positive.

    >>> digits_mobilenet(0.5)(torch.zeros(2, 1, 20, 20)).shape
    torch.Size([2, 10])
    """
    return DigitsMobileNet(check_number("width_multiplier", width_multiplier, above=0))
