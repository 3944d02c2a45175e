"""The student: a network small enough that there is something to gain from a teacher."""

from __future__ import annotations

from torch import nn

from labcode.training import seeded


def student(seed: int = 0, *, relu_on_logits: bool = False) -> nn.Sequential:
    """Return the tiny convolutional network that learns from LeNet-5 in *Distillation*.

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
    model = seeded(
        lambda: nn.Sequential(
            *(nn.Conv2d(1, 4, 5, stride=2), nn.ReLU()),  # (N, 1, 28, 28) -> (N, 4, 12, 12)
            *(nn.Conv2d(4, 8, 5, stride=2), nn.ReLU()),  # -> (N, 8, 4, 4)
            *(nn.Flatten(), nn.Linear(128, 10)),  # -> (N, 10)
        ),
        seed,
    )
    return model.append(nn.ReLU()) if relu_on_logits else model
