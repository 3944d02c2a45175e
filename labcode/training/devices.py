"""Where a network runs, and where random numbers start."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from labcode._checks import check_int

Made = TypeVar("Made")


def pick_device(device: str | torch.device | None = None) -> torch.device:
    """Return the given device, or else the fastest that this machine has.

    Args:
        device: Such as "cpu" or "cuda:0"; None tries CUDA, then Apple's MPS, then the CPU.

    Returns:
        The device.

    Raises:
        RuntimeError: PyTorch does not know the name.

    >>> pick_device("cpu")
    device(type='cpu')
    """
    if device is not None:
        return torch.device(device)
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def device_of(model: nn.Module) -> torch.device:
    """Return the device of the model's first parameter or buffer; without any, the CPU."""
    for tensor in (*model.parameters(), *model.buffers()):
        return tensor.device
    return torch.device("cpu")


def seeded(build: Callable[[], Made], seed: int) -> Made:
    """Return what a function makes with PyTorch's random numbers started at ``seed``.

    The caller's random state stays as it was: an untrained network depends on its seed alone.

    Args:
        build: Makes something, such as an untrained network.
        seed: At least 0.

    Raises:
        TypeError: ``seed`` is not an integer.
        ValueError: ``seed`` is negative.

    >>> one, two = (seeded(lambda: torch.nn.Linear(2, 1), seed=0) for _ in range(2))
    >>> bool((one.weight == two.weight).all())
    True
    """
    number = check_int("seed", seed, minimum=0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(number)
        return build()


def seed_everything(seed: int) -> None:
    """Start the random numbers of Python, NumPy and PyTorch (on all devices) at ``seed``.

    Args:
        seed: From 0 to 2**32 - 1, which is NumPy's range.

    Raises:
        TypeError: ``seed`` is not an integer.
        ValueError: ``seed`` is out of range.

    >>> seed_everything(0)
    >>> first = torch.rand(2)
    >>> seed_everything(0)
    >>> bool((torch.rand(2) == first).all())
    True
    """
    number = check_int("seed", seed, minimum=0)
    if number >= 2**32:
        raise ValueError(f"seed must be below 2**32, got {number}")
    random.seed(number)
    np.random.seed(number)  # noqa: NPY002 (what other packages draw from)
    torch.manual_seed(number)
