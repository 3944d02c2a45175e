"""Are these logits? What a distillation loss refuses, and why.

A teacher and a student must hand over *logits*: the values before any softmax, sigmoid or ReLU.
Only differences between the logits of one image count, so a trained network's logits lie on both
sides of zero. An activation on them leaves traces, and these are what is looked for.
"""

from __future__ import annotations

import torch  # noqa: F401 (the example below)
from torch import Tensor

MIN_VALUES = 60  # fewer values may all be positive by chance: in 60, of fair signs, once in 10^18
SUM_TOLERANCE = 1e-3  # of a row of probabilities in float32 or float16


def check_logits(name: str, logits: Tensor) -> Tensor:
    """Return ``logits``, which must be logits (N, classes) that no activation has touched.

    Refused are probabilities (rows of values from 0 to 1 that add up to 1), and `MIN_VALUES`
    values or more of which none is below zero, as a ReLU, a sigmoid or a softplus leaves them. A
    last layer that starts at zero gives equal values, and passes. So do log-probabilities: they
    are the logits less a constant for each image, and give the same softmax at any temperature.

    Args:
        name: What to call them in an error, such as "the student's logits".
        logits: Floating-point values, shape (N, classes).

    Returns:
        The same tensor.

    Raises:
        TypeError: It is not a floating-point tensor.
        ValueError: Its shape is wrong, a value is NaN or infinite, or an activation was on it.

    >>> check_logits("logits", torch.tensor([[2.0, -1.0, -3.0]])).shape
    torch.Size([1, 3])
    >>> check_logits("logits", torch.tensor([[0.7, 0.2, 0.1]]))
    Traceback (most recent call last):
    ValueError: logits look like probabilities: 1 row of values from 0 to 1, each adding up to 1. \
Hand over what comes before the softmax.
    """
    if not isinstance(logits, Tensor) or not logits.is_floating_point():
        kind = logits.dtype if isinstance(logits, Tensor) else type(logits).__name__
        raise TypeError(f"{name} must be a floating-point tensor, got {kind}")
    if logits.ndim != 2 or logits.shape[0] == 0 or logits.shape[1] < 2:
        raise ValueError(
            f"{name} must have the shape (N, classes) with N ≥ 1 and classes ≥ 2, "
            f"got {tuple(logits.shape)}"
        )
    reason = _not_finite(logits.detach()) or _activated(logits.detach())
    if reason:
        raise ValueError(f"{name} {reason}")
    return logits


def check_pair(student: Tensor, teacher: Tensor) -> None:
    """Refuse logits of a student and a teacher that do not belong to the same images and classes.

    Raises:
        ValueError: The number of images or of classes differs.
    """
    if student.shape[1] != teacher.shape[1]:
        raise ValueError(
            f"student and teacher must tell the same classes apart, "
            f"got {student.shape[1]} and {teacher.shape[1]} classes"
        )
    if len(student) != len(teacher):
        raise ValueError(
            f"student and teacher must have seen the same images, "
            f"got {len(student)} and {len(teacher)} rows"
        )


def _not_finite(logits: Tensor) -> str:
    """Say where the first NaN or infinite value stands; nothing if there is none."""
    bad = ~logits.isfinite()
    if not bool(bad.any()):
        return ""
    row, column = (int(place) for place in bad.nonzero()[0])
    return (
        f"hold {int(bad.sum())} of {bad.numel()} values that are NaN or infinite, "
        f"the first at image {row}, class {column}"
    )


def _activated(logits: Tensor) -> str:
    """Say which activation the values look like they went through; nothing if none."""
    low, high = (float(value) for value in logits.aminmax())
    if low < 0 or low == high:
        return ""
    if high <= 1 and bool(((logits.sum(dim=1) - 1).abs() < SUM_TOLERANCE).all()):
        rows = f"{len(logits)} row{'s' * (len(logits) > 1)}"
        return (
            f"look like probabilities: {rows} of values from 0 to 1, each adding up to 1. "
            "Hand over what comes before the softmax."
        )
    if logits.numel() < MIN_VALUES:
        return ""
    zeros = int((logits == 0).sum())
    cause = f"{zeros} are exactly 0, as a ReLU leaves them" if zeros else "as after a sigmoid"
    return (
        f"look as if an activation was on them: of {logits.numel()} values none is below 0, {cause}"
        ". Hand over the last linear layer's values; if these are logits, subtract each row's mean,"
        " which changes no softmax."
    )
