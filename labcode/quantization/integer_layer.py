"""One quantized layer in integers: its weights, and its bias in 32 bits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from labcode.quantization.affine import QuantParams
from labcode.quantization.chain import Step
from labcode.quantization.fake import SignQuantizer
from labcode.quantization.integer import IntegerLayer
from labcode.quantization.modules import QuantLayer

MOST_WEIGHT = 127  # an int8
MOST_BIAS = 2.0**30  # in steps of a sum: as much again is left for the products
LEAST_FACTOR = 2.0**-31  # of one step of a sum, in steps of the output; see `fixed_point`


@dataclass(frozen=True, eq=False)
class IntegerWeights:
    """A layer's weights as integers.

    Args:
        integers: int8, in the shape of the weights.
        scale: One for each output channel, float32.
        bits: Bits that an integer takes.
        axis: The dimension that counts the output channels: 0, or 1 in a transposed convolution.
    """

    integers: Tensor
    scale: Tensor
    bits: int
    axis: int = 0

    @property
    def values(self) -> Tensor:
        """The real weights that they stand for."""
        shape = [1] * self.integers.ndim
        shape[self.axis] = -1
        return self.integers * self.scale.reshape(shape)


@torch.no_grad()
def integer_weights(layer: QuantLayer) -> IntegerWeights:
    """Return a quantized layer's weights as integers.

    >>> from torch import nn
    >>> from labcode.quantization import quantize_model
    >>> model = quantize_model(nn.Sequential(nn.Linear(2, 1)), torch.rand(4, 2), weight_bits=1)
    >>> sorted(set(integer_weights(model[0]).integers.flatten().tolist())) in ([-1, 1], [-1], [1])
    True
    """
    quantizer = layer.weight_quantizer
    if isinstance(quantizer, SignQuantizer):
        integers, scale = quantizer.split(layer.weight)
        bits = 1 if quantizer.kind == "binary" else 2
        return IntegerWeights(integers.to(torch.int8), scale.float(), bits, quantizer.axis)
    params = quantizer.params
    bits = (params.high - params.low).bit_length()
    integers = params.quantize(layer.weight).to(torch.int8)
    return IntegerWeights(integers, params.scale, bits, params.axis or 0)


def integer_layer(
    step: Step, layer: QuantLayer, output: QuantParams | None, relu: bool
) -> IntegerLayer:
    """Return a quantized layer in integers.

    Args:
        step: The layer as one operation of a chain.
        layer: The layer itself, with a quantized input.
        output: How its output becomes integers; None hands out real numbers.
        relu: Whether negative outputs become zero.

    Raises:
        ValueError: A sum may not fit into 32 bits.
    """
    assert layer.input_quantizer is not None
    inputs = layer.input_quantizer.params
    bias = torch.zeros(1) if step.bias is None else step.bias
    weights = _with_room(_finest(integer_weights(layer)), bias, inputs, output)
    steps = inputs.scale * weights.scale
    whole = torch.round((torch.zeros_like(steps) + bias) / steps)
    whole = torch.where(steps > 0, whole, torch.zeros_like(whole))  # no bias, and steps below all
    return IntegerLayer(
        kind=step.kind,
        name=step.name,
        settings=step.settings,
        weight=weights.integers,
        weight_scale=weights.scale,
        bias=whole.to(torch.int32),
        input=inputs,
        output=output,
        relu=relu,
    )


def _finest(weights: IntegerWeights) -> IntegerWeights:
    """Return the same weights in the finest steps that let them fit into eight bits.

    A bias is counted in these steps. In those of two bits it may be off by a part of the output.
    """
    largest = max(1, int(weights.integers.int().abs().max()))  # the one of -128 does not fit
    times = max(1, MOST_WEIGHT // largest)
    return replace(weights, integers=weights.integers * times, scale=weights.scale / times)


def _with_room(
    weights: IntegerWeights, bias: Tensor, inputs: QuantParams, output: QuantParams | None
) -> IntegerWeights:
    """Return weights whose steps are wide enough for the bias and for rescaling.

    A channel of tiny weights has tiny steps, of which a usual bias would be more than 32 bits
    hold. In wider steps such weights lose accuracy that is far below one step of the output.
    """
    least = bias.abs().double() / (MOST_BIAS * inputs.scale.double())
    if output is not None:
        factor = LEAST_FACTOR * output.scale.double() / inputs.scale.double()
        least = torch.maximum(least, factor * (1 + 1e-6))
    if not bool((weights.scale < least).any()):
        return weights
    scale = torch.maximum(weights.scale.double(), least).float()
    shape = [-1] + [1] * (weights.integers.ndim - 1)
    integers = torch.round(weights.values.double() / scale.double().reshape(shape))
    return IntegerWeights(integers.to(torch.int8), scale, weights.bits)
