"""Integers of few bits side by side in bytes, and a real file of a quantized network."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from labcode._checks import check_int
from labcode.quantization.affine import QuantParams, integer_range
from labcode.quantization.convert import IntegerWeights, integer_weights
from labcode.quantization.fake import FakeQuantizer, SignQuantizer, WeightQuantizer
from labcode.quantization.layers import QuantLayer, quant_layers, quantize_model

LENGTH = 8  # bytes that say how long the header is


class PackingError(ValueError):
    """The bytes are no packed network, or not one of this architecture."""


def pack_bits(integers: Tensor, bits: int) -> bytes:
    """Return integers from 0 to 2^bits − 1 without a gap between them, low bits first.

    Args:
        integers: Any shape; taken row by row.
        bits: Width of each, 1 to 16.

    Returns:
        ceil(count × bits / 8) bytes; the last bits may be unused and are 0.

    Raises:
        ValueError: An integer does not fit.

    >>> pack_bits(torch.tensor([1, 0, 1, 1]), bits=1), pack_bits(torch.tensor([1, 15]), bits=4)
    (b'\\r', b'\\xf1')
    """
    low, high = integer_range(bits, signed=False)
    flat = integers.detach().flatten().cpu().numpy().astype(np.int64)
    if flat.size and not low <= flat.min() <= flat.max() <= high:
        raise ValueError(f"integers must be from {low} to {high}, got {flat.min()} to {flat.max()}")
    digits = (flat[:, None] >> np.arange(bits)) & 1  # (count, bits)
    return np.packbits(digits.astype(np.uint8), bitorder="little").tobytes()


def unpack_bits(packed: bytes, bits: int, count: int) -> Tensor:
    """Return the integers that `pack_bits` packed, as one row of int32.

    Args:
        packed: The bytes.
        bits: Width of each integer, 1 to 16.
        count: How many there are.

    Raises:
        ValueError: The number of bytes is another than these integers need.

    >>> unpack_bits(b"\\xf1", bits=4, count=2)
    tensor([ 1, 15], dtype=torch.int32)
    """
    integer_range(bits, signed=False)  # refuses a width that is none
    check_int("count", count, minimum=0)
    if len(packed) != packed_length(count, bits):
        raise ValueError(
            f"packed must have {packed_length(count, bits)} bytes for {count} integers of {bits} "
            f"bits, got {len(packed)}"
        )
    row = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little", count=count * bits)
    digits = row.reshape(count, bits).astype(np.int32)
    return torch.from_numpy((digits << np.arange(bits, dtype=np.int32)).sum(1, dtype=np.int32))


def packed_length(count: int, bits: int) -> int:
    """Return how many bytes ``count`` integers of ``bits`` bits take.

    >>> packed_length(3, 3)
    2
    """
    return -(-count * bits // 8)


@dataclass(frozen=True, eq=False)
class PackedLayer:
    """What a file holds of one layer.

    Args:
        weights: The integers with their scales.
        bias: float32, one for each output channel; None where there is none.
        input: How the layer's input becomes integers; None where it does not.
    """

    weights: IntegerWeights
    bias: Tensor | None
    input: QuantParams | None


def pack_model(model: nn.Module) -> bytes:
    """Return a quantized network as a file: every bit that is needed to compute with it.

    First 8 bytes with the header's length, then the header (JSON: names, shapes, bits and the
    inputs' scales), then of each layer the packed integers, the scales and the biases, the last
    two in float32. The architecture is not in it, as in a file of weights.

    Args:
        model: From `quantize_model`, trained further or not.

    Raises:
        ValueError: The model has no quantized layer.
    """
    layers = quant_layers(model)
    if not layers:
        raise ValueError("model must come from quantize_model, but it has no quantized layer")
    header, payload = {}, b""
    for name, layer in layers.items():
        header[name], part = _pack_layer(layer)
        payload += part
    text = json.dumps(header, separators=(",", ":")).encode()
    return len(text).to_bytes(LENGTH, "little") + text + payload


def _pack_layer(layer: QuantLayer) -> tuple[dict[str, Any], bytes]:
    weights = integer_weights(layer)
    entry: dict[str, Any] = {"bits": weights.bits, "shape": list(weights.integers.shape)}
    payload = pack_bits(_from_signed(weights.integers, weights.bits), weights.bits)
    payload += weights.scale.numpy().astype("<f4").tobytes()
    if layer.bias is not None:
        entry["bias"] = True
        payload += layer.bias.detach().numpy().astype("<f4").tobytes()
    if layer.input_quantizer is not None:
        params = layer.input_quantizer.params
        entry["input"] = [float(params.scale), int(params.zero_point), params.high]
    return entry, payload


def _from_signed(integers: Tensor, bits: int) -> Tensor:
    """Return integers from 0 on: signs become 0 and 1, others move up by 2^(bits − 1)."""
    wide = integers.to(torch.int32)
    return (wide + 1) // 2 if bits == 1 else wide + 2 ** (bits - 1)


def _to_signed(integers: Tensor, bits: int) -> Tensor:
    return (2 * integers - 1 if bits == 1 else integers - 2 ** (bits - 1)).to(torch.int8)


def unpack_layers(packed: bytes) -> dict[str, PackedLayer]:
    """Return what a packed file holds, by the layers' names.

    Args:
        packed: From `pack_model`.

    Raises:
        PackingError: The bytes are damaged, too few or too many.
    """
    try:
        length = int.from_bytes(packed[:LENGTH], "little")
        header = json.loads(packed[LENGTH : LENGTH + length])
        rest = packed[LENGTH + length :]
        layers = {}
        for name, entry in header.items():
            layers[name], rest = _unpack_layer(entry, rest)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PackingError(f"packed is damaged: {error}") from error
    if rest:
        raise PackingError(f"packed is damaged: {len(rest)} bytes are left over")
    return layers


def _unpack_layer(entry: dict[str, Any], data: bytes) -> tuple[PackedLayer, bytes]:
    bits, shape = entry["bits"], [check_int("shape", size) for size in entry["shape"]]
    count, channels = int(np.prod(shape)), shape[0]
    cut = packed_length(count, bits)
    integers = _to_signed(unpack_bits(data[:cut], bits, count), bits).reshape(shape)
    scale, data = _floats(data[cut:], channels)
    bias = None
    if entry.get("bias"):
        bias, data = _floats(data, channels)
    inputs = None
    if "input" in entry:
        step, zero, high = entry["input"]
        inputs = QuantParams(torch.tensor(step), torch.tensor(zero, dtype=torch.int32), 0, high)
    return PackedLayer(IntegerWeights(integers, scale, bits), bias, inputs), data


def _floats(data: bytes, count: int) -> tuple[Tensor, bytes]:
    if len(data) < 4 * count:
        raise ValueError(f"{4 * count} bytes were expected, {len(data)} are left")
    return torch.from_numpy(np.frombuffer(data[: 4 * count], "<f4").copy()), data[4 * count :]


@torch.no_grad()
def unpack_model(packed: bytes, model: nn.Module) -> nn.Module:
    """Return a quantized network with the numbers of a file.

    Args:
        packed: From `pack_model`.
        model: A plain network of the same architecture, batch norm folded; it is left as it is.

    Raises:
        PackingError: The bytes are damaged, or belong to another architecture.
    """
    stored = unpack_layers(packed)
    filled = quantize_model(copy.deepcopy(model), torch.empty(0), activation_bits=None)
    layers = quant_layers(filled)
    if list(stored) != list(layers):
        raise PackingError(f"packed holds the layers {list(stored)}, the model {list(layers)}")
    for name, layer in layers.items():
        own, found = layer.weight, stored[name].weights
        if own.shape != found.integers.shape or (layer.bias is None) != (stored[name].bias is None):
            raise PackingError(f"{name} of the model is no layer like that of the file")
        own.copy_(found.values)
        if layer.bias is not None and stored[name].bias is not None:
            layer.bias.copy_(stored[name].bias)  # type: ignore[arg-type]
        layer.weight_quantizer = _quantizer(found)
        inputs = stored[name].input
        layer.input_quantizer = None if inputs is None else FakeQuantizer(inputs)
    return filled.eval()


def _quantizer(weights: IntegerWeights) -> WeightQuantizer:
    if weights.bits == 1:
        return SignQuantizer("binary")
    low, high = integer_range(weights.bits, signed=True)
    zero = torch.zeros_like(weights.scale, dtype=torch.int32)
    return FakeQuantizer(QuantParams(weights.scale, zero, low, high, axis=0))
