"""A copy of a network whose layers compute as if their numbers were integers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from labcode._checks import check_int
from labcode.quantization.admission import layers_to_quantize, left_in_float
from labcode.quantization.affine import QuantParams, affine_params, symmetric_params
from labcode.quantization.calibration import (
    Watched,
    check_images,
    check_one_input,
    layer_inputs,
    together,
    watched,
)
from labcode.quantization.fake import FakeQuantizer, SignQuantizer, WeightQuantizer
from labcode.quantization.modules import (
    KINDS,
    PlainLayer,
    QuantLayer,
    channel_axis,
    kind_of,
    quant_layers,
)
from labcode.quantization.plain import called, plain_copy, refuse_compiled
from labcode.quantization.ranges import find_range, weight_magnitudes

__all__ = ["QuantLayer", "layer_inputs", "quant_layers", "quantize_model", "quantized_in_place"]

LEAST = 1e-30  # a hundredth of it, in 255 steps, still is a normal number in float32
INPUT_BITS = 8  # the image comes in 8 bits, whatever the network computes with


def quantize_model(
    model: nn.Module,
    images: Tensor,
    *,
    weight_bits: int = 8,
    activation_bits: int | None = 8,
    weights: str = "mse",
    activations: str = "mse",
    learned: bool = False,
    in_float: Collection[str] = (),
) -> nn.Module:
    """Return a copy whose convolutions and linear layers are quantized; all of them.

    Weights are symmetric with one scale for each output channel; weights of one bit are ±scale.
    The input of each layer is affine with one scale, found over all runs of the layer, and the
    image always has 8 bits: what the layer takes in that runs first, and what takes the image
    itself. Biases stay in float32. Without training this is post-training quantization; trained
    further with `labcode.training.fit`, it is quantization-aware training.

    Args:
        model: The trained network, batch norm folded. It is left as it is. Weights that are
            computed, as by weight norm, become plain weights in the copy.
        images: Calibration images (N, C, H, W), from the training split. With quantized weights
            alone they only show how the network runs, and there may be none.
        weight_bits: Bits of the weights, 1 to 8.
        activation_bits: Bits of the layers' inputs, 1 to 8; None leaves them in floating point,
            the image too.
        weights: Range of the weights: "min-max" or "mse", or "ternary" for −scale, 0 and scale.
        activations: Range of the inputs, one of `METHODS`.
        learned: Whether the scales are trained with the weights.
        in_float: Names of modules that stay in floating point, with all that is in them.

    Raises:
        TypeError: The model is not a module, or the images are not a tensor.
        ValueError: A number is out of range, a method is unknown, an image is not finite, or a
            layer cannot be quantized; the message names it and says why.

    >>> model = quantize_model(nn.Sequential(nn.Linear(4, 2)), torch.rand(8, 4), weight_bits=4)
    >>> model[0].weight_quantizer
    FakeQuantizer(integers -8 … 7, axis=0, learned=False)
    """
    for name, bits in (("weight_bits", weight_bits), ("activation_bits", activation_bits)):
        if bits is not None and check_int(name, bits) > 8:
            raise ValueError(f"{name} must be at most 8, got {bits!r}")
    check_one_input(images)
    if activation_bits is not None and not images.numel():
        raise ValueError("images must hold at least one image, to find the range of activations")
    refuse_compiled(model)
    quantized = plain_copy(model)
    layers = layers_to_quantize(quantized, in_float)
    check_images(images)
    floats = left_in_float(quantized, in_float)
    seen = watched(quantized, images, layers, floats) if images.numel() else {}
    ranges = (
        {}
        if activation_bits is None
        else _ranges(layers, seen, images, activations, activation_bits)
    )
    for name, layer in layers.items():
        axis = channel_axis(layer)
        _refuse_vanishing(name, "weight", layer.weight)
        quantizer = weight_quantizer(layer.weight, weight_bits, weights, learned, axis)
        inputs = FakeQuantizer(ranges[name], learned=learned) if name in ranges else None
        quantized_in_place(layer, quantizer, inputs)
    return quantized


def _ranges(
    layers: Mapping[str, PlainLayer], seen: Watched, images: Tensor, method: str, bits: int
) -> dict[str, QuantParams]:
    """Return how each layer's input becomes integers."""
    found = {}
    first = next(iter(seen), None)
    for name in layers:
        if name not in seen:
            raise ValueError(
                f"{called(name)} cannot be quantized: it did not run on the images, so its input "
                "has no range; name it in in_float to leave it so"
            )
        values = together(seen[name])
        _refuse_vanishing(name, "input", values)
        width = INPUT_BITS if name == first or _is_same(values, images) else bits
        try:
            found[name] = affine_params(*find_range(values, method, width), width)
        except ValueError as error:
            if not bool(values.isfinite().all()) or not values.numel():
                raise ValueError(f"{called(name)} cannot be quantized: {error}") from error
            raise
    return found


def _refuse_vanishing(name: str, what: str, values: Tensor) -> None:
    """Refuse numbers that are not zero and too small to have a scale."""
    largest = float(values.detach().abs().max()) if values.numel() else 0.0
    if 0 < largest < LEAST:
        raise ValueError(
            f"{called(name)} cannot be quantized: its largest {what} is {largest:.2g}, too small "
            "for a scale in float32"
        )


def _is_same(values: Tensor, images: Tensor) -> bool:
    """Tell whether a layer takes the image itself."""
    return values.shape == images.shape and torch.equal(values, images)


def weight_quantizer(
    weight: Tensor, bits: int, method: str, learned: bool, axis: int = 0
) -> WeightQuantizer:
    """Return the quantizer of a layer's weights; see `quantize_model`."""
    if bits == 1 or method == "ternary":
        return SignQuantizer("ternary" if method == "ternary" else "binary", axis=axis)
    magnitudes = weight_magnitudes(weight.transpose(0, axis), method, bits)
    return FakeQuantizer(symmetric_params(magnitudes, bits, axis=axis), learned=learned)


def quantized_in_place(
    layer: PlainLayer, weights: WeightQuantizer, inputs: FakeQuantizer | None
) -> None:
    """Make a layer a quantized one; so it stays under all its names, with its hooks.

    Args:
        layer: A layer of one of the kinds in `KINDS`.
        weights: Rounds its weights.
        inputs: Rounds what it takes in; None leaves that as it is.
    """
    kind = kind_of(layer)
    assert kind is not None
    made: Any = layer
    made.__class__ = KINDS[kind]
    made.weight_quantizer, made.input_quantizer = weights, inputs
    made.train(layer.training)
