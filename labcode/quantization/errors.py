"""What quantization changes: rounding inside the range, clipping outside."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from labcode.quantization.affine import QuantParams


@dataclass(frozen=True)
class QuantError:
    """Mean squared error, by its cause; the parts add up to the total.

    Args:
        rounding: Part of values within the range.
        clipping: Part of values beyond its ends.
        clipped: Share of the values that lie beyond, from 0 to 1.
    """

    rounding: float
    clipping: float
    clipped: float

    @property
    def total(self) -> float:
        """Mean squared error of all values."""
        return self.rounding + self.clipping


def quant_error(values: Tensor, params: QuantParams) -> QuantError:
    """Return the mean squared error of quantized values, split by its cause.

    A value is clipped when it lies more than half a step beyond the first or last level.

    Args:
        values: Real numbers.
        params: How they become integers.

    >>> import torch
    >>> from labcode.quantization import affine_params
    >>> quant_error(torch.tensor([0.25, 5.0]), affine_params(0.0, 1.0, bits=1))
    QuantError(rounding=0.03125, clipping=8.0, clipped=0.5)
    """
    error = (params.approximate(values).double() - values.double()) ** 2
    scale, zero_point = params._spread(values.ndim)
    place = values / scale + zero_point
    outside = (place < params.low - 0.5) | (place > params.high + 0.5)
    n = values.numel()
    return QuantError(
        rounding=float(error[~outside].sum()) / n,
        clipping=float(error[outside].sum()) / n,
        clipped=float(outside.double().mean()),
    )
