"""A network for digits on a canvas: does it know a digit in a place where it saw none?"""

from __future__ import annotations

import torch  # noqa: F401 (the example below)
from torch import nn

from labcode._checks import check_choice

PLACE_NETWORKS = ("dense", "convolution, dense end", "convolution, global end")


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
    check_choice("kind", kind, PLACE_NETWORKS)
    if kind == "dense":
        return nn.Sequential(nn.Flatten(), nn.Linear(canvas**2, 64), nn.ReLU(), nn.Linear(64, 10))
    body = [
        *(nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 48, 5), nn.ReLU(), nn.MaxPool2d(2)),
    ]
    side = ((canvas - 4) // 2 - 4) // 2
    if kind == "convolution, dense end":
        return nn.Sequential(*body, nn.Flatten(), nn.Linear(48 * side**2, 10))
    return nn.Sequential(*body, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(48, 10))
