"""A network that computes in whole numbers only, from the image's pixels to the last sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from labcode.quantization.affine import QuantParams
from labcode.quantization.fixed_point import fixed_point, rescale

LARGEST_SUM = 2**31 - 1  # what an int32 accumulator holds


@dataclass(frozen=True, eq=False)
class IntegerLayer:
    """A convolution or a linear layer on integers.

    Args:
        kind: "conv2d" or "linear".
        name: The module that it comes from.
        settings: Stride, padding, dilation and groups of a convolution.
        weight: Integers (out, ...), int8; their zero point is 0.
        weight_scale: One scale for each output channel, (out,), float32.
        bias: Integers (out,), int32, in steps of input scale × weight scale.
        input: How the integers that come in are to be read.
        output: How those that go out are to be read; None hands out real numbers (logits).
        relu: Whether negative outputs become zero, which is the zero point.

    Raises:
        ValueError: A sum could exceed 32 bits.
    """

    kind: str
    name: str
    settings: dict[str, Any]
    weight: Tensor
    weight_scale: Tensor
    bias: Tensor
    input: QuantParams
    output: QuantParams | None
    relu: bool = False

    def __post_init__(self) -> None:
        """Refuse sums that might overflow."""
        widest = max(
            self.input.high - int(self.input.zero_point),
            int(self.input.zero_point) - self.input.low,
        )
        sums = self.weight.to(torch.int64).abs().flatten(1).sum(1) * widest + self.bias.abs()
        if int(sums.max()) > LARGEST_SUM:
            raise ValueError(
                f"{self.name}: a sum may reach {int(sums.max()):,}, more than an int32 holds"
            )

    def __repr__(self) -> str:
        """Leave the numbers out."""
        size = " × ".join(map(str, self.weight.shape))
        return f"IntegerLayer({self.name!r}: {self.kind}, {size} integers)"

    @property
    def factor(self) -> Tensor:
        """What one step of a sum is in steps of the output, (out,)."""
        if self.output is None:
            return self.input.scale * self.weight_scale
        return self.input.scale * self.weight_scale / self.output.scale

    def accumulate(self, integers: Tensor) -> Tensor:
        """Return the sums of products with the bias, int32, before rescaling."""
        centred = integers - self.input.zero_point  # zero is 0 from here on, so padding is too
        if self.kind == "linear":
            return centred @ self.weight.to(torch.int32).T + self.bias
        sums = convolve(centred, self.weight.to(torch.int32), **self.settings)
        return sums + self.bias[:, None, None]

    def run(self, integers: Tensor, rescaling: str) -> Tensor:
        """Return the output integers, or the real numbers of a last layer."""
        sums = self.accumulate(integers)
        shape = [-1] + [1] * (sums.ndim - 2)
        if self.output is None:
            return sums * self.factor.reshape(shape)
        if rescaling == "float":
            steps = torch.round(sums.to(torch.float32) * self.factor.reshape(shape))
            scaled = steps.to(torch.int32)
        else:
            mantissa, shift = fixed_point(self.factor)
            scaled = rescale(sums, mantissa.reshape(shape), shift.reshape(shape))
        low = int(self.output.zero_point) if self.relu else self.output.low
        return (scaled + self.output.zero_point).clamp(low, self.output.high)


@dataclass(frozen=True, eq=False)
class IntegerNetwork:
    """Integer layers with max pooling and flattening between them.

    Args:
        steps: An `IntegerLayer`, or the kind and settings of a step without weights.
        input: How pixels become integers.
        output: How the last integers become logits; None if the last layer does it.
        rescaling: "fixed": an integer multiplication and a shift, no floating point inside the
            network; "float": by a float32 factor, as ONNX Runtime does it.

    Raises:
        ValueError: ``rescaling`` is neither.
    """

    steps: Sequence[IntegerLayer | tuple[str, dict[str, Any]]]
    input: QuantParams
    output: QuantParams | None
    rescaling: str = "fixed"

    def __post_init__(self) -> None:
        """Refuse an unknown way of rescaling."""
        if self.rescaling not in ("fixed", "float"):
            raise ValueError(f"rescaling must be 'fixed' or 'float', got {self.rescaling!r}")

    def __repr__(self) -> str:
        """Show the steps without their numbers."""
        named = (repr(step) if isinstance(step, IntegerLayer) else step[0] for step in self.steps)
        return f"IntegerNetwork({', '.join(named)})"

    def __call__(self, images: Tensor) -> Tensor:
        """Return the logits (N, classes) of images (N, C, H, W)."""
        return self.run(images)[1]

    def trace(self, images: Tensor) -> dict[str, Tensor]:
        """Return the integers after each layer by its name, the image's first, the logits last.

        The second run of a layer is called such as "conv (run 2)".
        """
        return self.run(images)[0]

    def run(self, images: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Return what `trace` returns, and the logits (N, classes)."""
        integers = self.input.quantize(images)
        seen = {"image": integers}
        for step in self.steps:
            if isinstance(step, IntegerLayer):
                integers = step.run(integers, self.rescaling)
                seen[_unused(step.name, seen)] = integers
            elif step[0] == "flatten":
                integers = integers.flatten(1)
            else:
                integers = max_pool(integers, **step[1])
        if self.output is not None:
            integers = self.output.dequantize(integers)
            seen["logits"] = integers
        return seen, integers

    @property
    def layers(self) -> list[IntegerLayer]:
        """The layers with weights, in their order."""
        return [step for step in self.steps if isinstance(step, IntegerLayer)]


def _unused(name: str, seen: dict[str, Tensor]) -> str:
    """Return a layer's name, with the number of its run from the second on."""
    runs = 1
    while (found := name if runs == 1 else f"{name} (run {runs})") in seen:
        runs += 1
    return found


def convolve(
    x: Tensor, weight: Tensor, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    """Return the convolution of integers, as sums of products in int32.

    Args:
        x: (N, C, H, W), int32.
        weight: (out, C / groups, K, K), int32.
        stride: As torch.nn.functional.conv2d takes it; likewise the others.
        padding: Zeros around the image.
        dilation: Distance between the pixels under a filter.
        groups: Independent parts.

    Returns:
        (N, out, H', W'), int32.

    >>> ones = torch.ones(1, 1, 3, 3, dtype=torch.int32)
    >>> convolve(ones, ones, stride=1, padding=0, dilation=1, groups=1).flatten()
    tensor([9], dtype=torch.int32)
    """
    (rows, cols), (down, right) = weight.shape[2:], _pair(stride)
    (above, left), (gap, across) = _pair(padding), _pair(dilation)
    x = F.pad(x, [left, left, above, above])
    windows = x.unfold(2, gap * (rows - 1) + 1, down).unfold(3, across * (cols - 1) + 1, right)
    windows = windows[..., ::gap, ::across]  # (N, C, H', W', K, K)
    n, channels, height, width = windows.shape[:4]
    per_group = channels // groups
    parts = windows.reshape(n, groups, per_group, height, width, rows, cols)
    parts = parts.permute(1, 0, 3, 4, 2, 5, 6).reshape(groups, -1, per_group * rows * cols)
    filters = weight.reshape(groups, -1, per_group * rows * cols)  # (groups, out / groups, ...)
    sums = torch.stack([part @ own.T for part, own in zip(parts, filters, strict=True)])
    sums = sums.reshape(groups, n, height, width, -1).permute(1, 0, 4, 2, 3)
    return sums.reshape(n, -1, height, width)


def max_pool(
    x: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """Return the largest number of each window; `x` is (N, C, H, W), int32 or float32.

    >>> max_pool(torch.arange(4, dtype=torch.int32).reshape(1, 1, 2, 2), 2).flatten()
    tensor([3], dtype=torch.int32)
    """
    kernel, pads, gaps = _pair(kernel_size), _pair(padding), _pair(dilation)
    strides = _pair(stride or kernel_size)
    least = -torch.inf if x.is_floating_point() else torch.iinfo(x.dtype).min
    spans = [gap * (size - 1) + 1 for size, gap in zip(kernel, gaps, strict=True)]
    sides: list[int] = []
    for size, span, step, pad in zip(x.shape[2:], spans, strides, pads, strict=True):
        beyond = _beyond(size, span, step, pad) if ceil_mode else 0
        sides = [pad, pad + beyond, *sides]  # F.pad wants the last dimension first
    x = F.pad(x, sides, value=least)
    windows = x.unfold(2, spans[0], strides[0]).unfold(3, spans[1], strides[1])
    return windows[..., :: gaps[0], :: gaps[1]].amax((-2, -1))


def _beyond(size: int, span: int, step: int, pad: int) -> int:
    """Return how far the last window goes beyond the padded image if the count is rounded up."""
    windows = -(-(size + 2 * pad - span) // step) + 1
    if (windows - 1) * step >= size + pad:  # a window that would begin in the padding on the right
        windows -= 1
    return max(0, (windows - 1) * step + span - size - 2 * pad)


def _pair(value: Any) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    pair = tuple(value)
    return pair if len(pair) == 2 else (pair[0], pair[0])
