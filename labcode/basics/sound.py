"""Convolution in one dimension: a short sound, and a filter that sweeps over it."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def tones(frequencies: list[float], *, seconds: float = 0.02, rate: int = 8000) -> Tensor:
    """Return tones, one after the other.

    Args:
        frequencies: Of each tone, in hertz.
        seconds: Length of each tone.
        rate: Samples per second.

    Returns:
        Samples between -1 and 1, shape (number of tones * seconds * rate,).

    >>> tones([440, 880]).shape
    torch.Size([320])
    """
    time = torch.arange(round(seconds * rate)) / rate  # seconds
    return torch.cat([torch.sin(2 * math.pi * hertz * time) for hertz in frequencies])


def sweep_1d(signal: Tensor, weights: Tensor) -> Tensor:
    """Convolve a signal with one filter, place by place.

    Args:
        signal: Shape (length,).
        weights: The filter, shape (k,).

    Returns:
        One number for each place, shape (length - k + 1,).

    Raises:
        ValueError: The filter is longer than the signal, or one of them is not 1-D.

    >>> sweep_1d(torch.tensor([0.0, 0.0, 1.0, 1.0]), torch.tensor([-1.0, 1.0]))
    tensor([0., 1., 0.])
    """
    if signal.ndim != 1 or weights.ndim != 1 or len(weights) > len(signal):
        raise ValueError(
            f"signal and weights must be 1-D, the weights no longer than the signal, "
            f"got {tuple(signal.shape)} and {tuple(weights.shape)}"
        )
    places = range(len(signal) - len(weights) + 1)
    return torch.stack([(signal[at : at + len(weights)] * weights).sum() for at in places])
