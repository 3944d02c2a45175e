"""How many numbers a network learns."""

from __future__ import annotations

from torch import nn


def count_parameters(model: nn.Module) -> int:
    """Return the number of a network's parameters, weights and biases; nothing is run.

    >>> count_parameters(nn.Linear(3, 2))
    8
    """
    return sum(parameter.numel() for parameter in model.parameters())
