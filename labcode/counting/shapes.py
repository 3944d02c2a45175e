"""Small helpers that work out the shape of an operation's output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

META = torch.device("meta")


def empty(shape: Any, like: torch.Tensor) -> torch.Tensor:
    """Return a `meta` tensor of a shape with another tensor's dtype."""
    return torch.empty(shape, dtype=like.dtype, device=META)


def as_tuple(value: Any, dims: int) -> tuple[int, ...]:
    """Return one number per dimension from a number or a list, as PyTorch reads it."""
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * dims if len(values) == 1 else values


def window(
    size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool = False
) -> list[int] | None:
    """Return the output size of a sliding window, or None where it does not fit."""
    out = []
    for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True):
        room = n + 2 * p - d * (k - 1) - 1
        if room < 0 or s <= 0 or p < 0:
            return None
        steps = room // s + 1
        if ceil and room % s and steps * s < n + p:
            steps += 1
        out.append(steps)
    return out


def broadcast(a: Sequence[int], b: Sequence[int]) -> list[int] | None:
    """Return the common shape of two, or None where they do not fit."""
    if len(a) < len(b):
        a, b = b, a
    shape = list(a)
    for i, n in enumerate(b, len(a) - len(b)):
        if shape[i] == 1:
            shape[i] = n
        elif n not in (1, shape[i]):
            return None
    return shape


def below_autograd() -> Any:
    """Return a guard under which operations come to a mode whole, and record no gradient.

    `torch.inference_mode` does the same, but its tensors stay useless for training: one that a
    forward keeps in a cache would break the model.
    """
    return torch._C._AutoDispatchBelowAutograd()
