"""The wide student: a dense network for the digit that is never shown."""

from __future__ import annotations

from torch import nn

from labcode.training import seeded


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
    return seeded(
        lambda: nn.Sequential(
            *(nn.Flatten(), nn.Linear(784, units), nn.ReLU()),
            *(nn.Linear(units, units), nn.ReLU(), nn.Linear(units, 10)),
        ),
        seed,
    )
