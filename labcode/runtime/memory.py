"""How much memory an ONNX file needs for what flows between its operations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import onnx

# They change values one by one, or only their shape, so they can write over what they read.
IN_PLACE = frozenset(
    ("Relu", "Clip", "Sigmoid", "Add", "Mul", "Reshape", "Flatten", "Squeeze", "Unsqueeze")
)

QUANTIZERS = ("QuantizeLinear", "DequantizeLinear")


def peak_activation_bytes(file: bytes, *, bytes_each: int = 4) -> int:
    """Return the least memory for the values that must exist at the same time, in bytes.

    A value lives from the operation that writes it to the last one that reads it: in a chain, the
    input and the output of one layer; beside a skip connection, what it carries as well. Weights
    are not counted, nor what a kernel needs for itself. In an int8 file a value, the integers that
    it is quantized to and what these stand for are one value: a runtime keeps the integers alone.

    Args:
        file: An ONNX file with fixed shapes, its operations in the order in which they run.
        bytes_each: Bytes of one value: 4 for float32, 1 for int8.

    Raises:
        ValueError: The shape of a value is not known.

    >>> from torch import nn
    >>> from labcode.runtime import to_onnx
    >>> peak_activation_bytes(to_onnx(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), (1, 5, 5)))
    172
    """
    graph = onnx.shape_inference.infer_shapes(onnx.load_from_string(file)).graph
    sizes, one = _sizes(graph), _same_value(graph)
    nodes = [node for node in graph.node if node.op_type not in QUANTIZERS]
    last = {one(name): place for place, node in enumerate(nodes) for name in node.input}
    last |= {one(value.name): len(nodes) for value in graph.output}
    alive = {value.name for value in graph.input}
    most = 0
    for place, node in enumerate(nodes):
        written = [name for name in node.output if name]
        unknown = [name for name in written if name not in sizes]
        if unknown:
            raise ValueError(f"{node.name} ({node.op_type}): no shape is known of {unknown[0]}")
        ending = {name for name in alive if last.get(name, -1) <= place}
        over = node.op_type in IN_PLACE and any(sizes[n] == sizes[written[0]] for n in ending)
        most = max(most, _total(sizes, alive) + (0 if over else _total(sizes, set(written))))
        alive = (alive - ending) | set(written)
    return bytes_each * most


def _same_value(graph: onnx.GraphProto) -> Callable[[str], str]:
    """Return a function from a value's name to that of the value before it was quantized."""
    made_from = {n.output[0]: n.input[0] for n in graph.node if n.op_type in QUANTIZERS}

    def one(name: str) -> str:
        while name in made_from:
            name = made_from[name]
        return name

    return one


def _total(sizes: Mapping[str, int], names: set[str]) -> int:
    return sum(sizes[name] for name in names)


def _sizes(graph: onnx.GraphProto) -> dict[str, int]:
    """Return the number of values of each tensor whose shape is known."""
    sizes = {}
    for value in (*graph.input, *graph.value_info, *graph.output):
        dims = value.type.tensor_type.shape.dim
        if all(d.HasField("dim_value") for d in dims):
            sizes[value.name] = math.prod(d.dim_value for d in dims)
    return sizes
