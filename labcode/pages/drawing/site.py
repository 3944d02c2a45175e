"""The files that the page *Draw a digit* loads, as the site ships them.

They are read, not made, so that the site is built without PyTorch: what PyTorch exports stands
in `stored` (made by `make drawing`). Only the largest is put together here: the uncompressed
network is the operations of the packed one with the weights that the baselines store.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from importlib.resources import files
from math import prod

from labcode.weights.store import packed, read

BASELINE_SEED = 1  # in accuracy the middle of the three
BASELINE = f"lenet5-seed{BASELINE_SEED}.safetensors"  # in float16
PACKED = ("lenet5", 0.018)  # part of the weights: Deep Compression's final setting
COPIED = (".onnx", ".json", ".bin")
KINDS = {"F16": "e", "F32": "f"}  # safetensors' number formats, and struct's letters for them
FLOAT = 1  # ONNX's number for float32

Tensors = dict[str, tuple[list[int], bytes]]  # name -> shape, and values as little-endian float32


def site_files() -> dict[str, bytes]:
    """Return all files that the page loads, by name, the list of networks included.

    >>> len(site_files()["baseline.onnx"]) > 4 * 431_080  # four bytes a weight
    True
    """
    folder = files("labcode.pages.drawing") / "stored"
    names = sorted(entry.name for entry in folder.iterdir())
    found = {name: (folder / name).read_bytes() for name in names if name.endswith(COPIED)}
    return found | from_others(found["packed.onnx"])


def from_others(graph: bytes) -> dict[str, bytes]:
    """Return the files that come from what other parts of labcode store.

    Args:
        graph: The operations of LeNet-5, an ONNX file without weights.
    """
    baseline = with_weights(graph, read_tensors(read(BASELINE)))
    return {"packed.diet": packed(*PACKED), "baseline.onnx": baseline}


def read_tensors(file: bytes) -> Tensors:
    """Return the tensors of a safetensors file in float32.

    Source: https://huggingface.co/docs/safetensors (the length of a JSON header, then the
    header, then the values).
    """
    start = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:start])
    found = {}
    for name in sorted(set(header) - {"__metadata__"}):
        shape, (begin, end) = header[name]["shape"], header[name]["data_offsets"]
        count, kind = prod(shape), KINDS[header[name]["dtype"]]
        values = struct.unpack(f"<{count}{kind}", file[start + begin : start + end])
        found[name] = shape, struct.pack(f"<{count}f", *values)
    return found


def with_weights(graph: bytes, tensors: Mapping[str, tuple[list[int], bytes]]) -> bytes:
    """Return an ONNX file with weights written behind its operations.

    An ONNX file is a protocol buffer, and two of those in a row are read as one. The page does
    the same with the packed network (labcode/pages/drawing/static/onnx.mjs).

    Args:
        graph: An ONNX file whose operations name weights that it does not hold.
        tensors: The weights, by name.
    """
    constants = b""
    for name, (shape, values) in tensors.items():
        dims = b"".join(_varint(8) + _varint(size) for size in shape)  # field 1
        kind = _varint(16) + _varint(FLOAT)  # field 2
        tensor = dims + kind + _message(8, name.encode()) + _message(9, values)
        constants += _message(5, tensor)  # GraphProto.initializer
    return graph + _message(7, constants)  # ModelProto.graph


def _message(field: int, data: bytes) -> bytes:
    return _varint(8 * field + 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    low = []
    while number > 127:
        low.append(number % 128 + 128)
        number //= 128
    return bytes([*low, number])
