"""How the learning rate changes over a training run, and which optimizer takes the steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

Schedule = Callable[[float], float]
"""From the part of the run that is done (0 to 1) to a factor of the learning rate."""

OptimizerFactory = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]


def constant(done: float) -> float:
    """Keep the learning rate."""
    return 1.0


def linear(done: float) -> float:
    """Let the learning rate fall in a straight line to zero.

    >>> linear(0.0), linear(0.75)
    (1.0, 0.25)
    """
    return 1.0 - done


def cosine(done: float) -> float:
    """Let the learning rate fall to zero along half a cosine wave.

    Source: SGDR (arXiv:1608.03983), equation 5, without restarts.

    >>> cosine(0.0), cosine(0.5), cosine(1.0)
    (1.0, 0.5, 0.0)
    """
    return round(0.5 * (1 + math.cos(math.pi * done)), 12)


SCHEDULES: dict[str, Schedule] = {"constant": constant, "linear": linear, "cosine": cosine}


def pick_schedule(schedule: str | Schedule) -> Schedule:
    """Return a schedule by its name, or the given function."""
    if callable(schedule):
        return schedule
    if schedule not in SCHEDULES:
        raise ValueError(
            f"schedule must be one of {', '.join(SCHEDULES)} or a function, got {schedule!r}"
        )
    return SCHEDULES[schedule]


def make_optimizer(
    optimizer: str | OptimizerFactory, model: nn.Module, *, lr: float, weight_decay: float
) -> torch.optim.Optimizer:
    """Return the optimizer of the model's trainable parameters.

    Args:
        optimizer: "adamw", "sgd" (with momentum 0.9), or a function that takes the parameters
            and returns an optimizer, whose own learning rate then counts.
    """
    params: list[Any] = [p for p in model.parameters() if p.requires_grad]
    if not params:
        raise ValueError("the model has no parameter that can be trained")
    if callable(optimizer):
        return optimizer(params)
    if optimizer == "adamw":
        return torch.optim.AdamW(params, lr=lr, weight_decay=weight_decay)
    if optimizer == "sgd":
        return torch.optim.SGD(params, lr=lr, momentum=0.9, weight_decay=weight_decay)
    raise ValueError(f"optimizer must be 'adamw', 'sgd' or a function, got {optimizer!r}")
