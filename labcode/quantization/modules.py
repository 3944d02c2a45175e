"""Layers that compute as if their numbers were integers."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from labcode.quantization.fake import FakeQuantizer, WeightQuantizer

Plain = nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear
Transposed = nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d
PlainLayer = Plain | Transposed


class _Quantizers(nn.Module):
    """What a quantized layer has besides its weight and bias."""

    weight: Tensor
    weight_quantizer: WeightQuantizer
    input_quantizer: FakeQuantizer | None

    def rounded(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the input and the weights after rounding, still in floating point."""
        inputs = x if self.input_quantizer is None else self.input_quantizer(x)
        return inputs, self.weight_quantizer(self.weight)


class _Convolution(_Quantizers):
    """A convolution of any number of dimensions."""

    _conv_forward: Any
    bias: Tensor | None

    def forward(self, input: Tensor) -> Tensor:
        """Convolve (N, C, ...) into (N, out_channels, ...)."""
        x, weight = self.rounded(input)
        return self._conv_forward(x, weight, self.bias)  # type: ignore[no-any-return]


class _Transposed(_Quantizers):
    """A transposed convolution of any number of dimensions."""

    _output_padding: Any
    bias: Tensor | None

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Spread (N, C, ...) over (N, out_channels, ...)."""
        x, weight = self.rounded(input)
        layer: Any = self
        size = (layer.stride, layer.padding, layer.kernel_size)
        places = len(layer.kernel_size)
        beyond = self._output_padding(x, output_size, *size, places, layer.dilation)
        function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[places - 1]
        return function(
            x, weight, self.bias, layer.stride, layer.padding, beyond, layer.groups, layer.dilation
        )


class QuantConv1d(_Convolution, nn.Conv1d):
    """A convolution over sequences with quantized weights and, unless None, a quantized input."""


class QuantConv2d(_Convolution, nn.Conv2d):
    """A convolution with quantized weights and, unless None, a quantized input."""


class QuantConv3d(_Convolution, nn.Conv3d):
    """A convolution over volumes with quantized weights and, unless None, a quantized input."""


class QuantConvTranspose1d(_Transposed, nn.ConvTranspose1d):
    """A transposed convolution over sequences, quantized."""


class QuantConvTranspose2d(_Transposed, nn.ConvTranspose2d):
    """A transposed convolution, quantized."""


class QuantConvTranspose3d(_Transposed, nn.ConvTranspose3d):
    """A transposed convolution over volumes, quantized."""


class QuantLinear(_Quantizers, nn.Linear):
    """A linear layer with quantized weights and, unless None, a quantized input."""

    def forward(self, input: Tensor) -> Tensor:
        """Turn (N, in_features) into (N, out_features)."""
        x, weight = self.rounded(input)
        return F.linear(x, weight, self.bias)


QuantLayer = (
    QuantConv1d
    | QuantConv2d
    | QuantConv3d
    | QuantLinear
    | QuantConvTranspose1d
    | QuantConvTranspose2d
    | QuantConvTranspose3d
)

KINDS: dict[type[nn.Module], type[nn.Module]] = {
    nn.Conv1d: QuantConv1d,
    nn.Conv2d: QuantConv2d,
    nn.Conv3d: QuantConv3d,
    nn.Linear: QuantLinear,
    nn.ConvTranspose1d: QuantConvTranspose1d,
    nn.ConvTranspose2d: QuantConvTranspose2d,
    nn.ConvTranspose3d: QuantConvTranspose3d,
}
"""Each layer that can be quantized, and what it becomes."""


def kind_of(layer: nn.Module) -> type[nn.Module] | None:
    """Return the kind of a layer that can be quantized, from `KINDS`; None for another module.

    >>> kind_of(nn.Linear(2, 2)), kind_of(nn.ReLU())
    (<class 'torch.nn.modules.linear.Linear'>, None)
    """
    return next((kind for kind in KINDS if isinstance(layer, kind)), None)


def channel_axis(layer: nn.Module) -> int:
    """Return the dimension of a layer's weight that counts its output channels (of one group).

    >>> channel_axis(nn.Conv2d(3, 8, 3)), channel_axis(nn.ConvTranspose2d(3, 8, 3))
    (0, 1)
    """
    return 1 if isinstance(layer, Transposed) else 0


def quant_layers(model: nn.Module) -> dict[str, QuantLayer]:
    """Return a model's quantized layers by name, in the order of definition.

    A layer that a model holds under several names has the first of them.
    """
    return {n: m for n, m in model.named_modules() if isinstance(m, QuantLayer)}
