"""Quantizers inside a network: round on the way forward, pass the gradient on the way back."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from labcode.quantization.affine import QuantParams
from labcode.quantization.extreme import binary, ternary


def straight_through(values: Tensor, rounded: Tensor) -> Tensor:
    """Return ``rounded``, with a gradient as if nothing had been done to ``values``.

    Rounding has a gradient of zero nearly everywhere, so nothing could be learned through it.

    Source: Bengio et al. (arXiv:1308.3432), section 4.

    >>> x = torch.tensor([0.4, 1.6], requires_grad=True)
    >>> y = straight_through(x, x.round())
    >>> y.sum().backward()
    >>> y.tolist(), x.grad.tolist()
    ([0.0, 2.0], [1.0, 1.0])
    """
    return _StraightThrough.apply(values, rounded)  # type: ignore[no-any-return]


class _StraightThrough(torch.autograd.Function):
    """Exactly the rounded values forward; values + (rounded − values) would round once more."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, rounded: Tensor) -> Tensor:
        return rounded.detach().clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0], None


class FakeQuantizer(nn.Module):
    """Replace values by the nearest that integers can stand for, still in floating point.

    The gradient passes straight through inside the range and is zero outside. A learned scale
    moves with its own gradient, made smaller by 1 / sqrt(values × largest integer), so that it
    moves about as fast as the weights do.

    Source: Esser et al., Learned step size quantization (arXiv:1902.08153), sections 2.1, 2.2.

    >>> from labcode.quantization import affine_params
    >>> FakeQuantizer(affine_params(0.0, 3.0, bits=2))(torch.tensor([0.4, 1.6, 9.0]))
    tensor([0., 2., 3.])
    """

    scale: Tensor
    zero_point: Tensor

    def __init__(self, params: QuantParams, *, learned: bool = False) -> None:
        """Start from given parameters.

        Args:
            params: Scale, zero point and ends.
            learned: Whether the scale is trained; the zero point stays.
        """
        super().__init__()
        self.learned = learned
        self.low, self.high, self.axis = params.low, params.high, params.axis
        self.register_buffer("zero_point", params.zero_point.clone())
        if learned:
            self.scale = nn.Parameter(params.scale.clone())
        else:
            self.register_buffer("scale", params.scale.clone())

    @property
    def params(self) -> QuantParams:
        """The parameters as they are now."""
        scale, zero_point = self.scale.detach().clone(), self.zero_point.clone()
        return QuantParams(self._positive(scale), zero_point, self.low, self.high, self.axis)

    def forward(self, values: Tensor) -> Tensor:
        """Return the approximated values, same shape."""
        scale = self._positive(self.scale)
        if self.learned:
            per_scale = values.numel() / scale.numel()
            factor = 1 / math.sqrt(per_scale * max(self.high, 1))
            scale = straight_through(scale * factor, scale)
        zero_point = self.zero_point
        if self.axis is not None:
            shape = [1] * values.ndim
            shape[self.axis] = -1
            scale, zero_point = scale.reshape(shape), zero_point.reshape(shape)
        place = (values / scale).clamp(self.low - zero_point, self.high - zero_point)
        return straight_through(place, place.round()) * scale

    @staticmethod
    def _positive(scale: Tensor) -> Tensor:
        return scale.abs().clamp(min=torch.finfo(torch.float32).tiny)

    def extra_repr(self) -> str:
        """Say the integers and whether the scale is learned."""
        return f"integers {self.low} … {self.high}, axis={self.axis}, learned={self.learned}"


class SignQuantizer(nn.Module):
    """Replace weights by ±scale, or by −scale, 0 and scale; the scale follows the weights.

    >>> SignQuantizer("binary")(torch.tensor([[0.5, -1.5]]))
    tensor([[ 1., -1.]])
    """

    def __init__(self, kind: str, *, axis: int = 0) -> None:
        """Choose the values.

        Args:
            kind: "binary" or "ternary".
            axis: The dimension of the weights that counts the output channels, 0 or 1.

        Raises:
            ValueError: ``kind`` is neither.
        """
        super().__init__()
        if kind not in ("binary", "ternary"):
            raise ValueError(f"kind must be 'binary' or 'ternary', got {kind!r}")
        self.kind, self.axis = kind, axis

    def split(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the integers and the scale of each output channel."""
        rows = weight.transpose(0, self.axis)  # (channels, ...)
        integers, scale = (binary if self.kind == "binary" else ternary)(rows)
        return integers.transpose(0, self.axis), scale

    def forward(self, weight: Tensor) -> Tensor:
        """Return the approximated weights, same shape."""
        integers, scale = self.split(weight)
        shape = [1] * weight.ndim
        shape[self.axis] = -1
        return straight_through(weight, integers * scale.reshape(shape))

    def extra_repr(self) -> str:
        """Say the kind."""
        return self.kind


WeightQuantizer = FakeQuantizer | SignQuantizer
