"""The students: networks small enough that there is something to gain."""

from __future__ import annotations

import torch
from torch import nn


def student(seed: int = 0, *, relu_on_logits: bool = False) -> nn.Sequential:
    """Return the tiny convolutional network that learns from LeNet-5 in this part.

    Two 5 × 5 convolutions with stride 2, of 4 and 8 filters, and a linear layer: 2,202 parameters
    and 28,480 MACs, where LeNet-5 has 431,080 and 2,293,000.

    Args:
        seed: Decides the first weights; the caller's random state stays.
        relu_on_logits: Whether a ReLU stands on the logits: a mistake, to measure what it costs.

    Returns:
        The network, untrained.

    >>> sum(p.numel() for p in student().parameters())
    2202
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[nn.Module] = [
            *(nn.Conv2d(1, 4, 5, stride=2), nn.ReLU()),  # (N, 1, 28, 28) -> (N, 4, 12, 12)
            *(nn.Conv2d(4, 8, 5, stride=2), nn.ReLU()),  # -> (N, 8, 4, 4)
            *(nn.Flatten(), nn.Linear(128, 10)),  # -> (N, 10)
        ]
        return nn.Sequential(*layers, *([nn.ReLU()] if relu_on_logits else []))


def wide_student(seed: int = 0, *, units: int = 300) -> nn.Sequential:
    """Return a dense network with two hidden layers, for the digit that is never shown.

    Hinton et al. took 800 units in each layer; fewer are enough for a few thousand images.

    Args:
        seed: Decides the first weights; the caller's random state stays.
        units: Neurons in each hidden layer.

    Returns:
        The network, untrained.

    >>> wide_student(units=800)
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): Linear(in_features=784, out_features=800, bias=True)
      (2): ReLU()
      (3): Linear(in_features=800, out_features=800, bias=True)
      (4): ReLU()
      (5): Linear(in_features=800, out_features=10, bias=True)
    )
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            *(nn.Flatten(), nn.Linear(784, units), nn.ReLU()),
            *(nn.Linear(units, units), nn.ReLU(), nn.Linear(units, 10)),
        )
