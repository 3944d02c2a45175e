"""The small networks that the experiments of the chapter compare."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode.basics.dropping import keep_every
from labcode.basics.local import LocallyConnected2d

FIRST_LAYERS = ("dense", "local", "convolution")
PLACE_NETWORKS = ("dense", "convolution, dense end", "convolution, global end")
POOLINGS = ("none", "drop", "mean", "max", "max, blurred")


def first_layer_network(kind: str) -> nn.Module:
    """Return a network whose first layer turns 1 × 28 × 28 into 8 × 24 × 24.

    Args:
        kind: What the first layer is, one of `FIRST_LAYERS`; the rest is always the same.

    >>> first_layer_network("convolution")(torch.zeros(1, 1, 28, 28)).shape
    torch.Size([1, 10])
    """
    first: dict[str, nn.Module] = {
        "dense": nn.Sequential(
            nn.Flatten(), nn.Linear(28 * 28, 8 * 24 * 24), nn.Unflatten(1, (8, 24, 24))
        ),
        "local": LocallyConnected2d(1, 8, kernel_size=5, input_size=28),
        "convolution": nn.Conv2d(1, 8, kernel_size=5),
    }
    return nn.Sequential(first[kind], nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(288, 10))


def field_network(spatial_layers: int, *, depth: int = 6, params: int = 6000) -> nn.Module:
    """Return a network that lets every place vote, from a chosen receptive field.

    The first ``spatial_layers`` of its layers have 3 × 3 filters and the others 1 × 1. So its
    receptive field is 1 + 2 × ``spatial_layers``, while depth and parameters stay about equal.

    Args:
        spatial_layers: How many layers look at their neighbours, from 0 to ``depth``.
        depth: Number of layers before the vote.
        params: About how many weights it has.

    Source: the idea of BagNet (Brendel and Bethge, 2019).

    >>> field_network(6)(torch.zeros(2, 1, 14, 14)).shape
    torch.Size([2, 10])
    """
    kernels = [3 if index < spatial_layers else 1 for index in range(depth)]
    width = width_for(kernels, params)
    layers: list[nn.Module] = []
    for index, kernel in enumerate(kernels):
        # Batch normalisation, since a plain stack this deep and narrow learns very slowly.
        conv = nn.Conv2d(width if index else 1, width, kernel, bias=False)
        layers += [conv, nn.BatchNorm2d(width), nn.ReLU()]
    vote = nn.Conv2d(width, 10, 1)  # each place's logits
    return nn.Sequential(*layers, vote, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def width_for(kernels: list[int], params: int) -> int:
    """Return the number of channels that brings such a stack nearest to so many parameters.

    >>> width_for([3, 3], 1000)
    9
    """

    def spent(width: int) -> int:
        between = sum(k * k for k in kernels[1:]) * width * width
        return kernels[0] ** 2 * width + between + 2 * len(kernels) * width + 10 * width + 10

    return min(range(1, 200), key=lambda width: abs(spent(width) - params))


def place_network(kind: str, *, canvas: int = 48) -> nn.Module:
    """Return a network for digits on a canvas.

    Args:
        kind: One of `PLACE_NETWORKS`. The two convolutional ones share all layers but the
            end: "dense end" has a weight for every place, "global end" keeps of each feature
            only its largest value, wherever it is.
        canvas: Height and width of the canvas, in pixels.

    >>> place_network("convolution, global end")(torch.zeros(1, 1, 48, 48)).shape
    torch.Size([1, 10])
    """
    if kind == "dense":
        return nn.Sequential(nn.Flatten(), nn.Linear(canvas**2, 64), nn.ReLU(), nn.Linear(64, 10))
    body = [
        *(nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 48, 5), nn.ReLU(), nn.MaxPool2d(2)),
    ]
    side = ((canvas - 4) // 2 - 4) // 2
    if kind == "convolution, dense end":
        return nn.Sequential(*body, nn.Flatten(), nn.Linear(48 * side**2, 10))
    if kind == "convolution, global end":
        return nn.Sequential(*body, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(48, 10))
    raise ValueError(f"kind must be one of {', '.join(PLACE_NETWORKS)}, got {kind!r}")


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


def pooled_network(
    kind: str = "max", group: int = 2, *, second_group: int | None = None, input_size: int = 28
) -> nn.Module:
    """Return two convolutions, each followed by an operator of `pooling`, and a linear layer.

    Args:
        kind: One of `POOLINGS`.
        group: Side of a group, in pixels.
        second_group: Side of a group after the second convolution; None means the same.
        input_size: Height and width of the images, in pixels.

    >>> pooled_network("mean", 4)(torch.zeros(1, 1, 28, 28)).shape
    torch.Size([1, 10])
    """
    body = nn.Sequential(
        *(nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), pooling(kind, group)),
        *(nn.Conv2d(8, 16, 5, padding=2), nn.ReLU(), pooling(kind, second_group or group)),
        nn.Flatten(),
    )
    shape = body(torch.zeros(1, 1, input_size, input_size)).shape
    return nn.Sequential(body, nn.Linear(math.prod(shape), 10))
