"""A network with a dense, a local or a convolutional first layer: what does sharing save?"""

from __future__ import annotations

import torch  # noqa: F401 (the example below)
from torch import nn

from labcode._checks import check_choice
from labcode.basics.local import LocallyConnected2d

FIRST_LAYERS = ("dense", "local", "convolution")


def first_layer_network(kind: str) -> nn.Module:
    """Return a network whose first layer turns 1 × 28 × 28 into 8 × 24 × 24.

    Args:
        kind: What the first layer is, one of `FIRST_LAYERS`; the rest is always the same.

    Raises:
        ValueError: The kind is unknown.

    >>> first_layer_network("convolution")(torch.zeros(1, 1, 28, 28)).shape
    torch.Size([1, 10])
    """
    check_choice("kind", kind, FIRST_LAYERS)
    first: dict[str, nn.Module] = {
        "dense": nn.Sequential(
            nn.Flatten(), nn.Linear(28 * 28, 8 * 24 * 24), nn.Unflatten(1, (8, 24, 24))
        ),
        "local": LocallyConnected2d(1, 8, kernel_size=5, input_size=28),
        "convolution": nn.Conv2d(1, 8, kernel_size=5),
    }
    return nn.Sequential(first[kind], nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(288, 10))
