"""A small ShuffleNet for digits, with or without its shuffle."""

from __future__ import annotations

import torch  # noqa: F401 (the example below)
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_choice, check_int
from labcode.models._parts import check_batch, init_he
from labcode.models.shufflenet_v1 import STEM, ShuffleUnit

# groups -> channels of the second stage, chosen so that the multiply-adds are about the same
WIDTHS = {1: 88, 4: 160, 8: 192}


class SmallShuffleNet(nn.Module):
    """A stem, two stages of shuffle units, and a classifier."""

    def __init__(self, groups: int, *, shuffle: bool, channels: int) -> None:
        """Make the layers; `small_shufflenet` documents the arguments."""
        super().__init__()
        self.conv1 = nn.Conv2d(1, STEM, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(STEM)
        units, inside = [], STEM
        for outside in (channels // 2, channels):
            for stride in (2, 1):
                first = 1 if inside == STEM else groups
                units.append(
                    ShuffleUnit(
                        inside, outside, stride, groups, first_groups=first, shuffle=shuffle
                    )
                )
                inside = outside
        self.units = nn.Sequential(*units)
        self.fc = nn.Linear(channels, 10)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, 1, H, W) into logits (N, 10)."""
        check_batch(x, 1)  # (N, 1, 28, 28)
        x = F.relu(self.bn1(self.conv1(x)))  # (N, 24, 14, 14)
        x = self.units(x)  # (N, channels, 4, 4)
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]  # (N, 10)


def small_shufflenet(
    groups: int = 4, *, shuffle: bool = True, channels: int | None = None
) -> SmallShuffleNet:
    """Return an untrained small ShuffleNet for grey digits.

    Args:
        groups: Groups of the 1x1 convolutions: 1, 4 or 8.
        shuffle: Whether the channels are shuffled.
        channels: Channels at the end; None takes those of `WIDTHS`.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: ``groups`` is not one of these, or does not divide the widths.

    >>> small_shufflenet(8)(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    check_choice("groups", check_int("groups", groups), WIDTHS)
    width = WIDTHS[groups] if channels is None else check_int("channels", channels)
    if width % (8 * groups) or width <= 2 * STEM:
        raise ValueError(
            f"channels must be a multiple of 8 x groups, {8 * groups}, above {2 * STEM}, "
            f"got {width}"
        )
    return SmallShuffleNet(groups, shuffle=shuffle, channels=width)
