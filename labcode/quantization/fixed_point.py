"""A real factor as an integer multiplication and a shift: no floating point needed."""

from __future__ import annotations

import torch
from torch import Tensor

MANTISSA_BITS = 31


def fixed_point(factor: Tensor) -> tuple[Tensor, Tensor]:
    """Return integers so that factor ≈ mantissa / 2^shift.

    Args:
        factor: Positive real numbers, any shape, from 2^−31 to below 2^30.

    Returns:
        Mantissas from 2^30 to 2^31 and shifts from 1 to 62, int64 in the shape of ``factor``; the
        relative error is at most 2^−31.

    Raises:
        ValueError: A factor is out of range.

    Source: Jacob et al. (arXiv:1712.05877), section 2.2.

    >>> fixed_point(torch.tensor([0.75]))
    (tensor([1610612736]), tensor([31]))
    """
    if not bool(((factor >= 2.0**-31) & (factor < 2.0**30)).all()):
        raise ValueError(f"factor must be from 2^-31 to below 2^30, got {factor}")
    part, exponent = torch.frexp(factor.double())  # factor = part × 2^exponent, part in [0.5, 1)
    mantissa = torch.round(part * 2.0**MANTISSA_BITS).to(torch.int64)
    return mantissa, MANTISSA_BITS - exponent.to(torch.int64)


def rescale(accumulated: Tensor, mantissa: Tensor, shift: Tensor) -> Tensor:
    """Return accumulated × mantissa / 2^shift, rounded to the nearest integer, in integers.

    Halves are rounded up. The product has up to 62 bits, so it is formed in 64. What 32 bits do not
    hold becomes the nearest that they do.

    Args:
        accumulated: Sums of products, int32.
        mantissa: From `fixed_point`, in a shape that broadcasts.
        shift: From `fixed_point`, likewise.

    >>> rescale(torch.tensor([7, -7]), *fixed_point(torch.tensor([0.3])))
    tensor([ 2, -2], dtype=torch.int32)
    """
    product = accumulated.to(torch.int64) * mantissa
    half = torch.ones_like(shift) << (shift - 1)
    return ((product + half) >> shift).clamp(-(2**31), 2**31 - 1).to(torch.int32)
