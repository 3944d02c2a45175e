"""From a quantized network, trained or not, to one that computes in integers."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from labcode.quantization.affine import QuantParams
from labcode.quantization.chain import Step, chain
from labcode.quantization.fake import SignQuantizer
from labcode.quantization.integer import IntegerLayer, IntegerNetwork
from labcode.quantization.layers import QuantLayer, quant_layers


@dataclass(frozen=True, eq=False)
class IntegerWeights:
    """A layer's weights as integers.

    Args:
        integers: int8, output channels first.
        scale: One for each output channel, float32.
        bits: Bits that an integer takes.
    """

    integers: Tensor
    scale: Tensor
    bits: int

    @property
    def values(self) -> Tensor:
        """The real weights that they stand for."""
        return self.integers * self.scale.reshape([-1] + [1] * (self.integers.ndim - 1))


@torch.no_grad()
def integer_weights(layer: QuantLayer) -> IntegerWeights:
    """Return a quantized layer's weights as integers.

    >>> from labcode.quantization import quantize_model
    >>> model = quantize_model(nn.Sequential(nn.Linear(2, 1)), torch.rand(4, 2), weight_bits=1)
    >>> sorted(set(integer_weights(model[0]).integers.flatten().tolist())) in ([-1, 1], [-1], [1])
    True
    """
    quantizer = layer.weight_quantizer
    if isinstance(quantizer, SignQuantizer):
        integers, scale = quantizer.split(layer.weight)
        bits = 1 if quantizer.kind == "binary" else 2
        return IntegerWeights(integers.to(torch.int8), scale.float(), bits)
    params = quantizer.params
    bits = (params.high - params.low).bit_length()
    return IntegerWeights(params.quantize(layer.weight).to(torch.int8), params.scale, bits)


def to_integer(
    model: nn.Module, input_shape: Sequence[int], *, rescaling: str = "fixed"
) -> IntegerNetwork:
    """Return the network in integers that a quantized model stands for.

    A layer's output is quantized as the next layer's input is. Biases become int32 in steps of
    input scale × weight scale. The last layer hands out its sums as real numbers.

    Args:
        model: From `quantize_model`, with quantized activations, trained further or not.
        input_shape: The shape of one image, (channels, height, width).
        rescaling: "fixed" or "float", see `IntegerNetwork`.

    Raises:
        ValueError: The activations are not quantized, or an operation is not supported.
    """
    layers = quant_layers(model)
    if not layers or any(layer.input_quantizer is None for layer in layers.values()):
        raise ValueError("model must come from quantize_model, with activation_bits")
    steps = chain(_plain(model), input_shape)
    inputs = {name: _input(layer) for name, layer in layers.items()}
    order = [step.name for step in steps if step.has_weights]
    outputs = dict(zip(order, [*(inputs[name] for name in order[1:]), None], strict=True))
    made: list[IntegerLayer | tuple[str, dict[str, Any]]] = []
    for before, step in zip([None, *steps[:-1]], steps, strict=True):
        if step.has_weights:
            relu = _followed_by_relu(steps, step)
            weights = integer_weights(layers[step.name])
            made.append(_layer(step, weights, inputs[step.name], outputs[step.name], relu))
        elif step.kind != "relu":
            made.append((step.kind, step.settings))
        elif before is None or not before.has_weights or outputs[before.name] is None:
            raise ValueError(f"{step.name} must follow a layer with weights that is not the last")
    return IntegerNetwork(made, inputs[order[0]], None, rescaling)


def _plain(model: nn.Module) -> nn.Module:
    """Return a copy without quantizers, whose exported graph is that of the plain network."""
    plain = copy.deepcopy(model)
    for layer in quant_layers(plain).values():
        layer.weight_quantizer = nn.Identity()  # type: ignore[assignment]
        layer.input_quantizer = None
    return plain


def _input(layer: QuantLayer) -> QuantParams:
    assert layer.input_quantizer is not None
    return layer.input_quantizer.params


def _followed_by_relu(steps: list[Step], step: Step) -> bool:
    after = steps[steps.index(step) + 1 :]
    return bool(after) and after[0].kind == "relu"


def _layer(
    step: Step,
    weights: IntegerWeights,
    inputs: QuantParams,
    output: QuantParams | None,
    relu: bool,
) -> IntegerLayer:
    """Return one integer layer."""
    steps = inputs.scale * weights.scale
    bias = torch.zeros_like(steps) if step.bias is None else step.bias
    return IntegerLayer(
        kind=step.kind,
        name=step.name,
        settings=step.settings,
        weight=weights.integers,
        weight_scale=weights.scale,
        bias=torch.round(bias / steps).to(torch.int32),
        input=inputs,
        output=output,
        relu=relu,
    )
