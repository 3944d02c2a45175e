"""The file of a quantized network: its form, and a reader that believes nothing.

=============  ==========================================================================
length         4 bytes, little-endian: bytes of the header
CRC-32         4 bytes, little-endian: of the length, the header and all that follows
header         JSON: of each layer its name, bits, shape and how its input becomes integers
layers         of each layer the packed integers, then the scales and the biases in float32
the rest       all other tensors of the network, as they are
=============  ==========================================================================

The header names the rest, with dtypes and shapes, under a name that no layer can have.
"""

from __future__ import annotations

import json
import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from labcode._checks import check_between, check_int
from labcode.quantization.affine import QuantParams
from labcode.quantization.integer_layer import IntegerWeights
from labcode.quantization.packed_bits import pack_bits, packed_length, unpack_bits

REST = ".rest"
START = 8  # bytes of length and checksum
KEYS = {"bits", "shape", "bias", "axis", "input"}
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.bool),
        *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8),
    )
}


class PackingError(ValueError):
    """The bytes are not a packed network, or not one of this architecture."""


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


@dataclass(frozen=True, eq=False)
class Packed:
    """What a file holds.

    Args:
        layers: The quantized layers, by name.
        rest: The other parameters and buffers, by name.
    """

    layers: dict[str, PackedLayer]
    rest: dict[str, Tensor]


def write(packed: Packed) -> bytes:
    """Return the bytes of a file.

    Args:
        packed: What it is to hold.

    Raises:
        ValueError: A tensor has a dtype that the file cannot hold.
    """
    header: dict[str, Any] = {}
    payload = b""
    for name, layer in packed.layers.items():
        header[name], part = _layer_entry(layer)
        payload += part
    for name, tensor in packed.rest.items():
        dtype = str(tensor.dtype).removeprefix("torch.")
        if dtype not in DTYPES:
            raise ValueError(f"{name} must be one of {', '.join(DTYPES)} for the file, got {dtype}")
        header.setdefault(REST, []).append([name, dtype, list(tensor.shape)])
        payload += (
            tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        )
    text = json.dumps(header, separators=(",", ":")).encode()
    length = len(text).to_bytes(4, "little")
    return length + _checksum(length, text + payload) + text + payload


def read(packed: bytes) -> Packed:
    """Return what a file holds.

    Args:
        packed: From `write`.

    Raises:
        PackingError: The bytes are damaged, too few or too many.
        TypeError: ``packed`` is not bytes.
    """
    if not isinstance(packed, (bytes, bytearray, memoryview)):
        raise TypeError(f"packed must be bytes, got {type(packed).__name__}")
    data = bytes(packed)
    length, rest = data[:4], data[START:]
    if len(data) < START or data[4:START] != _checksum(length, rest):
        raise PackingError("packed is damaged: its checksum is wrong")
    cut = int.from_bytes(length, "little")
    try:
        return _read(json.loads(rest[:cut]), _Bytes(rest[cut:]))
    except Exception as error:  # whatever a header may say, it is the file that is wrong
        raise PackingError(f"packed is damaged: {error!r}") from error


def _checksum(length: bytes, rest: bytes) -> bytes:
    return zlib.crc32(rest, zlib.crc32(length)).to_bytes(4, "little")


def _layer_entry(layer: PackedLayer) -> tuple[dict[str, Any], bytes]:
    """Return a layer's entry in the header, and its bytes."""
    weights, entry = layer.weights, {}
    entry = {"bits": weights.bits, "shape": list(weights.integers.shape)}
    payload = pack_bits(_from_signed(weights.integers, weights.bits), weights.bits)
    payload += _float_bytes(weights.scale)
    if weights.axis:
        entry["axis"] = weights.axis
    if layer.bias is not None:
        entry["bias"] = len(layer.bias) if weights.axis else True
        payload += _float_bytes(layer.bias)
    if layer.input is not None:
        params = layer.input
        entry["input"] = [float(params.scale), int(params.zero_point), params.high]
    return entry, payload


def _float_bytes(values: Tensor) -> bytes:
    return values.detach().cpu().numpy().astype("<f4").tobytes()


def _from_signed(integers: Tensor, bits: int) -> Tensor:
    """Return integers from 0 on: signs become 0 and 1, others move up by 2^(bits − 1)."""
    wide = integers.to(torch.int32)
    return (wide + 1) // 2 if bits == 1 else wide + 2 ** (bits - 1)


def _to_signed(integers: Tensor, bits: int) -> Tensor:
    return (2 * integers - 1 if bits == 1 else integers - 2 ** (bits - 1)).to(torch.int8)


class _Bytes:
    """Hands out bytes in order, and refuses to hand out more than there are."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.place:
            left = len(self.data) - self.place
            raise ValueError(f"{count} bytes were expected, {left} are left")
        self.place += count
        return self.data[self.place - count : self.place]

    def floats(self, count: int) -> Tensor:
        found = torch.from_numpy(np.frombuffer(self.take(4 * count), "<f4").copy())
        if not bool(found.isfinite().all()):
            raise ValueError("a number is not finite")
        return found

    def end(self) -> None:
        if self.place != len(self.data):
            raise ValueError(f"{len(self.data) - self.place} bytes are left over")


def _read(header: dict[str, Any], data: _Bytes) -> Packed:
    others = header.pop(REST, [])
    layers = {name: _read_layer(entry, data) for name, entry in header.items()}
    rest = {}
    for name, dtype, sizes in others:
        shape = [check_int("size", size, minimum=0) for size in sizes]
        raw = data.take(math.prod(shape) * DTYPES[dtype].itemsize)
        flat = torch.frombuffer(bytearray(raw), dtype=DTYPES[dtype]) if raw else torch.empty(0)
        rest[name] = flat.to(DTYPES[dtype]).reshape(shape)
    data.end()
    return Packed(layers, rest)


def _read_layer(entry: dict[str, Any], data: _Bytes) -> PackedLayer:
    if not {"bits", "shape"} <= set(entry) <= KEYS:
        raise ValueError(f"a layer has the entries {list(entry)}")
    bits = check_between("bits", entry["bits"], 1, 8)
    axis = check_between("axis", entry.get("axis", 0), 0, 1)
    shape = [check_int("size", size) for size in entry["shape"]]
    count = math.prod(shape)
    integers = unpack_bits(data.take(packed_length(count, bits)), bits, count)
    scale = data.floats(shape[axis])
    if bool((scale < 0).any()):
        raise ValueError("a scale is negative")
    bias = None
    if "bias" in entry:
        many = shape[0] if entry["bias"] is True else check_int("bias", entry["bias"])
        bias = data.floats(many)
    weights = IntegerWeights(_to_signed(integers, bits).reshape(shape), scale, bits, axis)
    return PackedLayer(weights, bias, _read_input(entry.get("input")))


def _read_input(entry: Any) -> QuantParams | None:
    if entry is None:
        return None
    step, zero, high = entry
    zero, high = check_int("zero_point", zero, minimum=0), check_between("high", high, 1, 255)
    return QuantParams(torch.tensor(float(step)), torch.tensor(zero, dtype=torch.int32), 0, high)
