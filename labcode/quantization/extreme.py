"""The end of the road: weights of three values, and of two."""

from __future__ import annotations

from torch import Tensor

THRESHOLD = 0.7  # of the mean magnitude: near the best for normal and for uniform weights


def binary(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return weights as signs, with one scale for each output channel.

    The scale is the mean magnitude, which has the least squared error among all scales.

    Args:
        weight: Weights of a layer, output channels first.

    Returns:
        Signs, −1 or 1 (zero counts as positive), in the shape of ``weight``; scales (channels,).

    Source: XNOR-Net (arXiv:1603.05279), equation 6.

    >>> import torch
    >>> signs, scale = binary(torch.tensor([[0.5, -1.5, 1.0]]))
    >>> signs.tolist(), scale.tolist()
    ([[1.0, -1.0, 1.0]], [1.0])
    """
    signs = (weight >= 0).to(weight.dtype) * 2 - 1
    return signs, weight.abs().flatten(1).mean(1)


def ternary(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return weights as −1, 0 or 1, with one scale for each output channel.

    Weights whose magnitude is at most 0.7 times the mean become zero; the scale is the mean
    magnitude of the others.

    Args:
        weight: Weights of a layer, output channels first.

    Returns:
        −1, 0 or 1 in the shape of ``weight``, and the scales (channels,).

    Source: Ternary weight networks (arXiv:1605.04711), section 2.2, for each channel.

    >>> import torch
    >>> values, scale = ternary(torch.tensor([[0.1, -2.0, 1.0]]))
    >>> values.tolist(), scale.tolist()
    ([[0.0, -1.0, 1.0]], [1.5])
    """
    rows = weight.abs().flatten(1)  # (channels, weights)
    kept = rows > THRESHOLD * rows.mean(1, keepdim=True)
    scale = (rows * kept).sum(1) / kept.sum(1).clamp(min=1)
    return weight.sign() * kept.reshape(weight.shape), scale
