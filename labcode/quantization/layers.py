"""A copy of a network whose layers compute as if their numbers were integers."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_int
from labcode.quantization.affine import QuantParams, affine_params, symmetric_params
from labcode.quantization.fake import FakeQuantizer, SignQuantizer, WeightQuantizer
from labcode.quantization.ranges import find_range, weight_magnitudes
from labcode.training import eval_mode

INPUT_BITS = 8  # the image comes in 8 bits, whatever the network computes with


class QuantConv2d(nn.Conv2d):
    """A convolution with quantized weights and, unless None, a quantized input."""

    weight_quantizer: WeightQuantizer
    input_quantizer: FakeQuantizer | None

    def forward(self, input: Tensor) -> Tensor:
        """Convolve (N, C, H, W) into (N, out_channels, H', W')."""
        x = input if self.input_quantizer is None else self.input_quantizer(input)
        weight: Tensor = self.weight_quantizer(self.weight)
        return self._conv_forward(x, weight, self.bias)  # type: ignore[no-any-return]


class QuantLinear(nn.Linear):
    """A linear layer with quantized weights and, unless None, a quantized input."""

    weight_quantizer: WeightQuantizer
    input_quantizer: FakeQuantizer | None

    def forward(self, input: Tensor) -> Tensor:
        """Turn (N, in_features) into (N, out_features)."""
        x = input if self.input_quantizer is None else self.input_quantizer(input)
        return F.linear(x, self.weight_quantizer(self.weight), self.bias)


QuantLayer = QuantConv2d | QuantLinear


def quantize_model(
    model: nn.Module,
    images: Tensor,
    *,
    weight_bits: int = 8,
    activation_bits: int | None = 8,
    weights: str = "mse",
    activations: str = "mse",
    learned: bool = False,
) -> nn.Module:
    """Return a copy whose convolutions and linear layers are quantized; all of them.

    Weights are symmetric with one scale for each output channel; weights of one bit are ±scale.
    The input of each layer is affine with one scale, and the image always has 8 bits. Biases
    stay in float32. Without training this is post-training quantization; trained further with
    `labcode.training.fit`, it is quantization-aware training.

    Args:
        model: The trained network, batch norm folded. It is left as it is.
        images: Calibration images (N, C, H, W), from the training split.
        weight_bits: Bits of the weights, 1 to 8.
        activation_bits: Bits of the layers' inputs, 1 to 8; None leaves them in floating point,
            the image too.
        weights: Range of the weights: "min-max" or "mse", or "ternary" for −scale, 0 and scale.
        activations: Range of the inputs, one of `METHODS`.
        learned: Whether the scales are trained with the weights.

    Raises:
        ValueError: A number is out of range, or a method is unknown.

    >>> model = quantize_model(nn.Sequential(nn.Linear(4, 2)), torch.rand(8, 4), weight_bits=4)
    >>> model[0].weight_quantizer
    FakeQuantizer(integers -8 … 7, axis=0, learned=False)
    """
    for name, bits in (("weight_bits", weight_bits), ("activation_bits", activation_bits)):
        if bits is not None and check_int(name, bits) > 8:
            raise ValueError(f"{name} must be at most 8, got {bits!r}")
    seen = layer_inputs(model, images) if activation_bits is not None else {}
    quantized = copy.deepcopy(model)
    for index, (name, layer) in enumerate(plain_layers(quantized).items()):
        bits = INPUT_BITS if index == 0 else activation_bits
        inputs = None
        if activation_bits is not None and bits is not None:
            inputs = affine_params(*find_range(seen[name], activations, bits), bits)
        quantizer = weight_quantizer(layer.weight, weight_bits, weights, learned)
        quantized = _with_layer(quantized, name, _quant_layer(layer, quantizer, inputs, learned))
    return quantized


def weight_quantizer(weight: Tensor, bits: int, method: str, learned: bool) -> WeightQuantizer:
    """Return the quantizer of a layer's weights; see `quantize_model`."""
    if bits == 1 or method == "ternary":
        return SignQuantizer("ternary" if method == "ternary" else "binary")
    params = symmetric_params(weight_magnitudes(weight, method, bits), bits, axis=0)
    return FakeQuantizer(params, learned=learned)


def plain_layers(model: nn.Module) -> dict[str, nn.Conv2d | nn.Linear]:
    """Return a model's convolutions and linear layers by name, in the order of definition."""
    found = {n: m for n, m in model.named_modules() if isinstance(m, (nn.Conv2d, nn.Linear))}
    if not found:
        raise ValueError("the model has no Conv2d or Linear layer to quantize")
    return found


def quant_layers(model: nn.Module) -> dict[str, QuantLayer]:
    """Return a model's quantized layers by name, in the order of definition."""
    named = model.named_modules()
    return {n: m for n, m in named if isinstance(m, (QuantConv2d, QuantLinear))}


@torch.no_grad()
def layer_inputs(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """Return what each convolution and linear layer takes in, by its name.

    Args:
        model: Runs in evaluation mode, and is left as it is.
        images: Images (N, C, H, W).
    """
    seen: dict[str, Tensor] = {}
    handles = [
        layer.register_forward_pre_hook(lambda _, x, name=name: seen.update({name: x[0]}))
        for name, layer in plain_layers(model).items()
    ]
    try:
        with eval_mode(model):
            model(images)
    finally:
        for handle in handles:
            handle.remove()
    return seen


def _quant_layer(
    layer: nn.Conv2d | nn.Linear,
    quantizer: WeightQuantizer,
    inputs: QuantParams | None,
    learned: bool,
) -> QuantLayer:
    """Return a quantized layer with the parameters of a plain one."""
    made = _empty_conv(layer) if isinstance(layer, nn.Conv2d) else _empty_linear(layer)
    made.weight, made.bias = layer.weight, layer.bias
    made.weight_quantizer = quantizer
    made.input_quantizer = None if inputs is None else FakeQuantizer(inputs, learned=learned)
    return made.train(layer.training)


def _empty_conv(layer: nn.Conv2d) -> QuantConv2d:
    # On the device "meta" no weights are drawn, so the caller's random numbers stay.
    return QuantConv2d(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,  # type: ignore[arg-type]
        layer.stride,  # type: ignore[arg-type]
        layer.padding,  # type: ignore[arg-type]
        layer.dilation,  # type: ignore[arg-type]
        layer.groups,
        bias=layer.bias is not None,
        padding_mode=layer.padding_mode,
        device="meta",
    )


def _empty_linear(layer: nn.Linear) -> QuantLinear:
    has_bias = layer.bias is not None
    return QuantLinear(layer.in_features, layer.out_features, bias=has_bias, device="meta")


def _with_layer(model: nn.Module, name: str, layer: nn.Module) -> nn.Module:
    """Return the model with a layer in its place; a model may be that layer itself."""
    if not name:
        return layer
    model.set_submodule(name, layer)
    return model
