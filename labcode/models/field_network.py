"""A network that lets every place vote, from a chosen receptive field."""

from __future__ import annotations

import torch  # noqa: F401 (the example below)
from torch import nn


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
