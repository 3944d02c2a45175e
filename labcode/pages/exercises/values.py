"""Comparing answers that hold many numbers: lists, arrays, tensors, and what functions return."""

from __future__ import annotations

from typing import Any

from labcode.pages.exercises.feedback import Unread


def as_tensor(value: Any, name: str = "The answer") -> Any:
    """Return a value as a tensor of doubles.

    Raises:
        Unread: It holds no numbers, or some that are not finite.
    """
    import torch

    if value is None or isinstance(value, str):
        raise Unread(f"{name} should hold numbers, and {value!r:.40} holds none.")
    try:
        found = torch.as_tensor(value).detach().double().cpu()
    except (ValueError, TypeError, RuntimeError):
        kind = type(value).__name__
        raise Unread(f"{name} is a `{kind}` that cannot be read as numbers.") from None
    if not found.isfinite().all():
        raise Unread(f"{name} holds numbers that are not finite.")
    return found


def same(one: Any, other: Any, within: float) -> bool:
    """Whether two values have the same shape and the same numbers, up to a share of the largest."""
    first, second = as_tensor(one), as_tensor(other)
    if first.shape != second.shape:
        return False
    largest = float(second.abs().max()) if second.numel() else 0.0
    return bool(((first - second).abs() <= within * largest + 1e-12).all())


def shape(value: Any) -> str:
    """Return a shape in words."""
    sides = list(as_tensor(value).shape)
    return " × ".join(map(str, sides)) if sides else "a single number"


def short(value: Any) -> str:
    """Return a value in few characters."""
    found = as_tensor(value)
    if found.numel() > 12:
        return f"a tensor of {shape(value)}"
    return _rounded(found.tolist())


def _rounded(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_rounded, value))}]"
    return f"{value:.6g}"
