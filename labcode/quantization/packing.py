"""A real file of a quantized network, and the network from a file."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from labcode._copied import copied
from labcode._refusals import TO_FLOAT32, not_stored
from labcode.quantization.affine import QuantParams, integer_range
from labcode.quantization.comparison import check_same
from labcode.quantization.fake import FakeQuantizer, SignQuantizer, WeightQuantizer
from labcode.quantization.integer_layer import IntegerWeights, integer_weights
from labcode.quantization.layers import quantized_in_place
from labcode.quantization.modules import PlainLayer, QuantLayer, quant_layers
from labcode.quantization.packed_bits import pack_bits, packed_length, unpack_bits
from labcode.quantization.packed_file import Packed, PackedLayer, PackingError, read, write
from labcode.quantization.plain import (
    called,
    computed_weights,
    joined,
    plain_copy,
    refuse_compiled,
)

__all__ = [
    "PackedLayer",
    "PackingError",
    "pack_bits",
    "pack_model",
    "packed_length",
    "unpack_bits",
    "unpack_layers",
    "unpack_model",
]

# Scales of one bit are means, which are formed again in float32 when the file is read.
TOLERANCE = 1e-5
OWN = ("weight", "bias", "weight_quantizer", "input_quantizer")  # what a layer's entry holds


def pack_model(model: nn.Module) -> bytes:
    """Return a quantized network as a file: every bit that is needed to compute with it.

    Quantized layers are stored as integers with their scales and biases; every other parameter and
    buffer (a batch norm that was not folded, a layer left in float) is stored as it is. The
    architecture is not in the file, as in a file of weights. See `labcode.quantization.packed_file`
    for the form. The file is read again, and compared with the model, before it is handed over.

    Args:
        model: From `quantize_model`, trained further or not.

    Raises:
        ValueError: The model has no quantized layer, holds something that the file cannot, or
            the file would not give back its numbers; the message names the layer.
    """
    if not isinstance(model, nn.Module) or not quant_layers(model):
        raise ValueError("model must come from quantize_model, but it has no quantized layer")
    for name, what in computed_weights(model).items():
        raise ValueError(f"{name} cannot be packed: it is computed before each run (by {what})")
    rest = _rest(model)
    for name, tensor in rest.items():
        if tensor.is_floating_point() and bool(tensor.isnan().any()):
            raise ValueError(f"{name} cannot be packed: it holds NaN")
    layers = {name: _packed(name, layer) for name, layer in quant_layers(model).items()}
    packed = write(Packed(layers, rest))
    _check(model, read(packed))
    return packed


def unpack_layers(packed: bytes) -> dict[str, PackedLayer]:
    """Return the quantized layers that a packed file holds, by their names.

    Args:
        packed: From `pack_model`.

    Raises:
        PackingError: The bytes are damaged, too few or too many.
        TypeError: ``packed`` is not bytes.
    """
    return read(packed).layers


def unpack_model(packed: bytes, model: nn.Module) -> nn.Module:
    """Return a quantized network with the numbers of a file.

    Args:
        packed: From `pack_model`.
        model: A plain network of the same architecture; it is left as it is. A batch norm must be
            folded if it was in the network that was packed.

    Raises:
        PackingError: The bytes are damaged, or belong to another architecture.
        TypeError: ``packed`` is not bytes, or ``model`` is not a module.
    """
    stored = read(packed)
    refuse_compiled(model)
    filled = plain_copy(model)
    modules = dict(filled.named_modules())
    own = [name for name, module in modules.items() if isinstance(module, PlainLayer)]
    kept = {name.rpartition(".")[0] for name in stored.rest}
    if not set(stored.layers) <= set(own) or not set(own) <= set(stored.layers) | kept:
        raise PackingError(f"packed holds the layers {list(stored.layers)}, the model {own}")
    for name, layer in stored.layers.items():
        _refuse_other(name, modules[name], layer)
    for name in stored.layers:
        quantized_in_place(modules[name], SignQuantizer("binary"), None)
    return _filled(filled, stored).eval()


def _packed(name: str, layer: QuantLayer) -> PackedLayer:
    """Return what the file is to hold of a layer."""
    bias = None if layer.bias is None else layer.bias.detach()
    for what, tensor in (("weight", layer.weight), ("bias", bias)):
        if tensor is not None and tensor.dtype != torch.float32:
            raise ValueError(
                f"{joined(name, what)} is {tensor.dtype}, but the file holds float32: {TO_FLOAT32}"
            )
        if tensor is not None and not bool(tensor.isfinite().all()):
            raise ValueError(f"{called(name)} cannot be packed: its {what} is not finite")
    inputs = None if layer.input_quantizer is None else layer.input_quantizer.params
    return PackedLayer(integer_weights(layer), bias, inputs)


def _rest(model: nn.Module) -> dict[str, Tensor]:
    """Return all parameters and buffers that belong to no quantized layer."""
    named = model.named_modules(remove_duplicate=False)
    paths = {name for name, module in named if isinstance(module, QuantLayer)}
    found = {}
    for name, value in model.state_dict().items():
        parts = name.split(".")
        if any(".".join(parts[:i]) in paths and parts[i] in OWN for i in range(len(parts))):
            continue
        if not isinstance(value, Tensor):
            raise ValueError(f"{name} cannot be packed: it is not a tensor")
        if why := not_stored(value):
            raise ValueError(f"{name} cannot be packed: it {why}")
        found[name] = value
    return found


def _refuse_other(name: str, layer: nn.Module, stored: PackedLayer) -> None:
    """Refuse a layer that is not like that of the file."""
    weight, bias = layer.weight, layer.bias
    same = weight.shape == stored.weights.integers.shape
    same &= (bias is None) == (stored.bias is None)
    if same and isinstance(bias, Tensor) and stored.bias is not None:
        same = bias.shape == stored.bias.shape
    if not same:
        raise PackingError(f"{called(name)} of the model is not a layer like that of the file")


@torch.no_grad()
def _filled(model: nn.Module, stored: Packed) -> nn.Module:
    """Put a file's numbers into a quantized model, in place."""
    own = _rest(model)
    forms = {name: (tensor.shape, tensor.dtype) for name, tensor in own.items()}
    if forms != {name: (tensor.shape, tensor.dtype) for name, tensor in stored.rest.items()}:
        names = sorted(set(own) ^ set(stored.rest)) or sorted(own)
        raise PackingError(f"packed and the model hold other tensors, such as {names[:3]}")
    for name, layer in quant_layers(model).items():
        found, device = stored.layers[name], layer.weight.device
        # A new parameter each: layers with tied weights may have scales of their own.
        layer.weight = nn.Parameter(found.weights.values.to(device))
        if found.bias is not None:
            layer.bias = nn.Parameter(found.bias.to(device))
        layer.weight_quantizer = _quantizer(found.weights).to(device)
        layer.input_quantizer = None
        if found.input is not None:
            layer.input_quantizer = FakeQuantizer(found.input).to(device)
    for name, tensor in stored.rest.items():
        own[name].copy_(tensor)
    return model


def _quantizer(weights: IntegerWeights) -> WeightQuantizer:
    if weights.bits == 1:
        return SignQuantizer("binary", axis=weights.axis)
    low, high = integer_range(weights.bits, signed=True)
    scale = torch.where(weights.scale > 0, weights.scale, torch.ones_like(weights.scale))
    zero = torch.zeros_like(scale, dtype=torch.int32)
    return FakeQuantizer(QuantParams(scale, zero, low, high, axis=weights.axis))


@torch.no_grad()
def _check(model: nn.Module, stored: Packed) -> None:
    """Compare the numbers that a model computes with and those that its file gives back."""
    again = quant_layers(_filled(copied(model), stored))
    for name, layer in quant_layers(model).items():
        pairs = [_numbers(one) for one in (layer, again[name])]
        check_same(
            f"the file of {called(name)}",
            f"{called(name)} of the model",
            *pairs,
            tolerance=TOLERANCE,
            error=PackingError,
        )


def _numbers(layer: QuantLayer) -> list[Tensor]:
    """Return all numbers that a layer computes with."""
    found = [layer.weight_quantizer(layer.weight)]
    if layer.bias is not None:
        found.append(layer.bias)
    if layer.input_quantizer is not None:
        params = layer.input_quantizer.params
        found += [params.scale.reshape(1), params.zero_point.reshape(1)]
    return found
