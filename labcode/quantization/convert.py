"""From a quantized network, trained or not, to one that computes in integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from labcode._copied import copied
from labcode._refusals import TO_FLOAT32
from labcode.quantization.affine import QuantParams
from labcode.quantization.chain import Step, chain
from labcode.quantization.comparison import PROBES, answers, check_same, mean_gap
from labcode.quantization.integer import IntegerLayer, IntegerNetwork
from labcode.quantization.integer_layer import IntegerWeights, integer_layer, integer_weights
from labcode.quantization.modules import QuantLayer, quant_layers
from labcode.quantization.plain import called, joined

__all__ = ["IntegerWeights", "integer_weights", "to_integer"]


def to_integer(
    model: nn.Module, input_shape: Sequence[int], *, rescaling: str = "fixed"
) -> IntegerNetwork:
    """Return the network in integers that a quantized model stands for.

    A layer's output is quantized as the next layer's input is. Biases become int32 in steps of
    input scale × weight scale. The last layer hands out its sums as real numbers. Both networks
    run on a few random images before the integers are handed over.

    Args:
        model: From `quantize_model`, with quantized activations, trained further or not.
        input_shape: The shape of one image, (channels, height, width).
        rescaling: "fixed" or "float", see `IntegerNetwork`.

    Raises:
        ValueError: The activations are not quantized, a weight is not float32, an operation is
            not supported, a sum may not fit into 32 bits, or the integers do not answer as the
            model does.
    """
    layers = quant_layers(model)
    if not layers or any(layer.input_quantizer is None for layer in layers.values()):
        raise ValueError("model must come from quantize_model, with activation_bits")
    for name, layer in layers.items():
        if layer.weight.dtype != torch.float32:
            what = f"{joined(name, 'weight')} is {layer.weight.dtype}"
            raise ValueError(f"{what}, but must be float32: {TO_FLOAT32}")
    steps = chain(_plain(model), input_shape)
    weighted = [step for step in steps if step.has_weights]
    for step in weighted:
        if step.name not in layers:
            raise ValueError(f"{called(step.name)} is not quantized, so it has no integers")
    inputs = [_input(layers[step.name]) for step in weighted]
    if not inputs:
        raise ValueError("no quantized layer of the model runs, so it has no integers")
    outputs = dict(zip(weighted, [*inputs[1:], None], strict=True))
    made: list[IntegerLayer | tuple[str, dict[str, Any]]] = []
    for before, step in zip([None, *steps[:-1]], steps, strict=True):
        if step.has_weights:
            made.append(
                integer_layer(step, layers[step.name], outputs[step], _has_relu(steps, step))
            )
        elif step.kind != "relu":
            made.append((step.kind, step.settings))
        elif before is None or not before.has_weights or outputs[before] is None:
            raise ValueError(f"{step.name} must follow a layer with weights that is not the last")
    network = IntegerNetwork(made, inputs[0], None, rescaling)
    _check(network, model, input_shape)
    return network


def _check(network: IntegerNetwork, model: nn.Module, input_shape: Sequence[int]) -> None:
    """Compare a network with the quantized model, on images from its own range."""
    params = network.input
    ends = torch.tensor([params.low, params.high], dtype=torch.int32)
    low, high = params.dequantize(ends).tolist()
    shape = (PROBES, *input_shape)
    images = low + (high - low) * torch.rand(shape, generator=torch.Generator().manual_seed(0))
    name = type(model).__name__
    check_same(
        f"the integer network of {name}",
        f"the quantized {name}",
        answers(model, images),
        [network(images)],
        tolerance=_tolerance(network),
        measure=mean_gap,
    )


def _tolerance(network: IntegerNetwork) -> float:
    """Return how far off integers may be: the fewer their bits, the more a rounded bias moves.

    Measured on the course's networks: 0.001 with 8 bits, 0.02 with 4, 0.04 with 3, 0.2 with 2.
    """
    levels = [layer.input.high - layer.input.low + 1 for layer in network.layers]
    levels += [2 * int(layer.weight.abs().max()) + 1 for layer in network.layers]
    return min(0.5, max(0.02, 2 / min(levels)))


def _plain(model: nn.Module) -> nn.Module:
    """Return a copy without quantizers, whose exported graph is that of the plain network."""
    plain = copied(model)
    for layer in quant_layers(plain).values():
        layer.weight_quantizer = nn.Identity()  # type: ignore[assignment]
        layer.input_quantizer = None
    return plain


def _input(layer: QuantLayer) -> QuantParams:
    assert layer.input_quantizer is not None
    return layer.input_quantizer.params


def _has_relu(steps: list[Step], step: Step) -> bool:
    after = steps[steps.index(step) + 1 :]
    return bool(after) and after[0].kind == "relu"
