"""Operators that make maps smaller: pooling, and its controls."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode.basics.dropping import keep_every

POOLINGS = ("none", "drop", "mean", "max", "max, blurred")


class Blur(nn.Module):
    """Average each pixel with its neighbours, then keep every other row and column.

    Source: Zhang, Making convolutional networks shift-invariant again (2019).
    """

    kernel: Tensor

    def __init__(self) -> None:
        """Make the fixed 3 × 3 weights; nothing is learned."""
        super().__init__()
        line = torch.tensor([0.25, 0.5, 0.25])
        self.register_buffer("kernel", line[:, None] * line, persistent=False)  # (3, 3)

    def forward(self, maps: Tensor) -> Tensor:
        """Turn maps (N, C, H, W) into (N, C, ceil(H / 2), ceil(W / 2))."""
        channels = maps.shape[1]
        weights = self.kernel.expand(channels, 1, 3, 3)
        return F.conv2d(maps, weights, stride=2, padding=1, groups=channels)


class Drop(nn.Module):
    """Keep one value near the middle of each whole group, no matter which: pooling's control."""

    def __init__(self, group: int) -> None:
        """Make groups of ``group`` × ``group`` values."""
        super().__init__()
        self.group = group

    def forward(self, maps: Tensor) -> Tensor:
        """Turn maps (N, C, H, W) into (N, C, H // group, W // group), as pooling does."""
        height, width = (side // self.group * self.group for side in maps.shape[2:])
        middle = (self.group - 1) // 2
        return keep_every(maps[..., middle:height, middle:width], self.group)


def pooling(kind: str, group: int) -> nn.Module:
    """Return an operator that makes maps smaller, or "none", which leaves them as they are.

    Args:
        kind: One of `POOLINGS`; "drop" keeps one value of every group, at a fixed place.
        group: Side of a group, in pixels.

    >>> pooling("drop", 2)(torch.arange(16.0).reshape(1, 1, 4, 4))
    tensor([[[[ 0.,  2.],
              [ 8., 10.]]]])
    """
    if kind not in POOLINGS or (kind == "max, blurred" and group != 2):
        raise ValueError(
            f"kind must be one of {', '.join(POOLINGS)}, the last with group 2, "
            f"got {kind!r} with group {group}"
        )
    operators: dict[str, nn.Module] = {
        "none": nn.Identity(),
        "drop": Drop(group),
        "mean": nn.AvgPool2d(group),
        "max": nn.MaxPool2d(group),
        "max, blurred": nn.Sequential(nn.MaxPool2d(2, stride=1), Blur()),
    }
    return operators[kind]
