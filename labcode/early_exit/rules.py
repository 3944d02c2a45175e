"""How sure an exit is: three rules, each from 0 (no idea) to 1 (certain)."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

from labcode._checks import check_choice

Rule = Callable[[Tensor], Tensor]


def confidence(logits: Tensor) -> Tensor:
    """Return the largest probability.

    Args:
        logits: Shape (..., classes).

    Returns:
        Shape (...), from 1 / classes to 1.

    >>> import torch
    >>> confidence(torch.zeros(1, 10))
    tensor([0.1000])
    """
    return logits.softmax(dim=-1).amax(dim=-1)


def entropy(logits: Tensor) -> Tensor:
    """Return 1 − entropy / log(classes): 1 when one class has it all, 0 when all are alike.

    Args:
        logits: Shape (..., classes).

    Returns:
        Shape (...), from 0 to 1.

    Source: BranchyNet (arXiv:1709.01686) leaves when the entropy is below a threshold.

    >>> import torch
    >>> entropy(torch.tensor([[0.0, 0.0], [9.0, -9.0]])).round(decimals=3)
    tensor([0., 1.])
    """
    log_p = logits.log_softmax(dim=-1)
    nats = -(log_p.exp() * log_p).sum(dim=-1)
    return (1 - nats / math.log(logits.shape[-1])).clamp(0, 1)


def margin(logits: Tensor) -> Tensor:
    """Return the largest probability minus the second largest.

    Args:
        logits: Shape (..., classes).

    Returns:
        Shape (...), from 0 to 1.

    >>> import torch
    >>> margin(torch.tensor([[2.0, 2.0, -50.0]]))
    tensor([0.])
    """
    top = logits.softmax(dim=-1).topk(2, dim=-1).values
    return top[..., 0] - top[..., 1]


RULES: dict[str, Rule] = {"confidence": confidence, "entropy": entropy, "margin": margin}


def certainty(logits: Tensor, rule: str = "confidence") -> Tensor:
    """Return how sure the logits are, by one of `RULES`.

    Args:
        logits: Shape (..., classes), at least two classes.
        rule: "confidence", "entropy" or "margin".

    Returns:
        Shape (...), from 0 to 1; larger is surer.

    Raises:
        ValueError: There is no such rule, or fewer than two classes.

    >>> import torch
    >>> [round(float(certainty(torch.tensor([3.0, 1.0, 0.0]), name)), 2) for name in RULES]
    [0.84, 0.52, 0.73]
    """
    check_choice("rule", rule, RULES)
    if logits.ndim < 1 or logits.shape[-1] < 2:
        raise ValueError(f"logits must be (..., classes >= 2), got {tuple(logits.shape)}")
    return RULES[rule](logits)
