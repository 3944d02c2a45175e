"""Two convolutions, each with a pooling behind it: which pooling, and how large?"""

from __future__ import annotations

import math

import torch
from torch import nn

from labcode.basics.poolings import pooling


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
