"""Numbers as whole numbers: value ≈ scale × (integer − zero point)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from labcode._checks import check_int

MOST_BITS = 16  # float32 counts that far without a gap
STEP_WITHOUT_WIDTH = 2.0**-16  # of a range that holds nothing but zero


def integer_range(bits: int, *, signed: bool) -> tuple[int, int]:
    """Return the smallest and the largest integer that fit into some bits.

    Args:
        bits: Width of the integer, 1 to 16.
        signed: Whether half of the integers are negative (two's complement).

    Raises:
        TypeError: ``bits`` is not an integer.
        ValueError: ``bits`` is out of range.

    >>> integer_range(8, signed=False), integer_range(8, signed=True)
    ((0, 255), (-128, 127))
    """
    if check_int("bits", bits) > MOST_BITS:
        raise ValueError(f"bits must be at most {MOST_BITS}, got {bits!r}")
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)


@dataclass(frozen=True, eq=False)
class QuantParams:
    """How real numbers become integers and come back.

    Args:
        scale: The step between two neighbours, above 0: one, or one for each channel.
        zero_point: The integer that stands for zero; as many as scales.
        low: Smallest integer.
        high: Largest integer.
        axis: The dimension of a tensor that has the channels; None with one scale for all.

    Raises:
        ValueError: A scale is not a positive number, a zero point lies outside ``low`` to
            ``high``, or their shapes and the axis do not fit together.

    >>> params = QuantParams(torch.tensor(0.5), torch.tensor(2), 0, 7)
    >>> params.quantize(torch.tensor([-1.0, 0.0, 0.6, 9.0]))
    tensor([0, 2, 3, 7], dtype=torch.int32)
    """

    scale: Tensor  # () or (channels,), float32
    zero_point: Tensor  # the same shape, int32
    low: int
    high: int
    axis: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot quantize."""
        if not bool((self.scale > 0).all() and self.scale.isfinite().all()):
            raise ValueError(f"scale must be positive and finite, got {self.scale}")
        if self.zero_point.shape != self.scale.shape:
            raise ValueError(
                f"zero_point must have the shape of scale, {tuple(self.scale.shape)}, "
                f"got {tuple(self.zero_point.shape)}"
            )
        if self.scale.ndim != (self.axis is not None):
            raise ValueError(
                f"scale must be one number without an axis and one row with it, got "
                f"{tuple(self.scale.shape)} with axis {self.axis!r}"
            )
        if not bool(((self.low <= self.zero_point) & (self.zero_point <= self.high)).all()):
            raise ValueError(
                f"zero_point must be from {self.low} to {self.high}, got {self.zero_point}"
            )

    def quantize(self, values: Tensor) -> Tensor:
        """Return the nearest integers (int32); what lies outside becomes the nearest end.

        Args:
            values: Real numbers; with an axis, its dimension has as many entries as scales.
        """
        scale, zero_point = self._spread(values.ndim)
        # Halves go to the even neighbour, as in ONNX's QuantizeLinear.
        integers = torch.round(values / scale) + zero_point
        return integers.clamp(self.low, self.high).to(torch.int32)

    def dequantize(self, integers: Tensor) -> Tensor:
        """Return the real numbers that integers stand for, as float32."""
        scale, zero_point = self._spread(integers.ndim)
        return (integers - zero_point) * scale

    def approximate(self, values: Tensor) -> Tensor:
        """Return the values after a trip to integers and back."""
        return self.dequantize(self.quantize(values))

    def _spread(self, ndim: int) -> tuple[Tensor, Tensor]:
        """Return scale and zero point in a shape that broadcasts over a tensor."""
        if self.axis is None:
            return self.scale, self.zero_point
        shape = [1] * ndim
        shape[self.axis] = -1
        return self.scale.reshape(shape), self.zero_point.reshape(shape)


def affine_params(
    low: Tensor | float, high: Tensor | float, bits: int, *, axis: int | None = None
) -> QuantParams:
    """Return parameters that lay the integers 0 … 2^bits − 1 over a range.

    The range is widened until it contains zero, so that zero has an integer of its own:
    padding and ReLU need it exactly.

    Args:
        low: Least value to represent: one number, or one for each channel.
        high: Largest value, likewise.
        bits: Width of the integers.
        axis: The dimension of the channels, if there is more than one range.

    Raises:
        ValueError: ``low`` is above ``high``, or one is not finite.

    Source: Jacob et al. (arXiv:1712.05877), section 2.1.

    >>> params = affine_params(-1.0, 3.0, bits=2)
    >>> params.scale.item(), params.zero_point.item()
    (1.3333333730697632, 1)
    """
    least, most = _ends(low, high)
    first, last = integer_range(bits, signed=False)
    scale = _step(most - least, last - first)
    zero_point = torch.round(first - least / scale).clamp(first, last).to(torch.int32)
    return QuantParams(scale, zero_point, first, last, axis)


def symmetric_params(largest: Tensor | float, bits: int, *, axis: int | None = None) -> QuantParams:
    """Return parameters with zero in the middle, zero point 0 and signed integers.

    The largest magnitude meets the largest integer, 2^(bits−1) − 1. With one bit there is none
    above zero: weights of one bit are ±scale instead, see `labcode.quantization.binary`.

    Args:
        largest: Largest magnitude to represent: one number, or one for each channel.
        bits: Width of the integers, at least 2.
        axis: The dimension of the channels, if there is more than one range.

    Raises:
        ValueError: ``bits`` is below 2, or ``largest`` is negative or not finite.

    Source: Krishnamoorthi (arXiv:1806.08342), section 2.2.

    >>> params = symmetric_params(1.27, bits=8)
    >>> params.quantize(torch.tensor([-1.27, 0.004, 0.5]))
    tensor([-127,    0,   50], dtype=torch.int32)
    """
    check_int("bits", bits, minimum=2)
    if bool((torch.as_tensor(largest) < 0).any()):
        raise ValueError(f"largest must be at least 0, got {largest!r}")
    _, most = _ends(0.0, largest)
    first, last = integer_range(bits, signed=True)
    scale = _step(most, last)
    return QuantParams(scale, torch.zeros_like(scale, dtype=torch.int32), first, last, axis)


def _ends(low: Tensor | float, high: Tensor | float) -> tuple[Tensor, Tensor]:
    """Return a range as float32 tensors, with zero in it."""
    least = torch.as_tensor(low, dtype=torch.float32)
    most = torch.as_tensor(high, dtype=torch.float32)
    if not bool((least <= most).all() and least.isfinite().all() and most.isfinite().all()):
        raise ValueError(f"low must be at most high, and both finite, got {low!r} and {high!r}")
    least, most = least.clamp(max=0.0), most.clamp(min=0.0)
    return least + 0 * most, most + 0 * least  # in one shape


def _step(width: Tensor, steps: int) -> Tensor:
    """Return the size of a step.

    A range without width gets a small one. Its zeros are exact with any step, but integer layers
    count their biases in such steps, and a wide one would round them away.
    """
    scale = width / steps
    small = torch.full_like(scale, STEP_WITHOUT_WIDTH)
    return torch.where(scale > torch.finfo(torch.float32).tiny, scale, small)
