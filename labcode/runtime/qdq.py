"""ONNX Runtime's int8 files read back: into the course's integer network, and layer by layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from labcode.quantization.affine import QuantParams
from labcode.quantization.comparison import check_same, mean_gap
from labcode.quantization.integer import IntegerLayer, IntegerNetwork
from labcode.runtime.session import onnx_session

ENDS = ("QuantizeLinear", "DequantizeLinear")
TOLERANCE = 0.02  # a float32 product may fall on the other side of a half, one in thousands


def read_qdq(file: bytes, *, rescaling: str = "float") -> IntegerNetwork:
    """Return an integer network with the integers, scales and zero points of a QDQ file.

    Args:
        file: From `labcode.runtime.to_int8`; convolutions, linear layers, ReLU, max pooling and
            flattening, one after the other.
        rescaling: "float", as the runtime does it, or "fixed".

    Returns:
        A network that was compared with ONNX Runtime's own answers to a few random images.

    Raises:
        ValueError: The file is not a QDQ file, its graph holds an operation of another kind (it is
            named) or is not a chain, or the integers do not answer as the file.
    """
    try:
        network = _read(_Graph(file), rescaling)
    except KeyError as error:
        raise ValueError(f"the file is not a QDQ file: nothing quantizes {error}") from error
    _compare(network, file)
    return network


def _read(graph: _Graph, rescaling: str) -> IntegerNetwork:
    steps: list[IntegerLayer | tuple[str, dict[str, Any]]] = []
    before = graph.image
    for node in graph.operations:
        if graph.root(node.input[0]) != before:
            raise ValueError(f"{node.name} does not take the output of the operation before it")
        before = node.output[0]
        if node.op_type in ("Conv", "Gemm"):
            steps.append(graph.layer(node))
        elif node.op_type == "MaxPool":
            steps.append(("max_pool2d", _pooling(node, graph.attributes(node))))
        elif node.op_type == "Reshape":
            steps.append(("flatten", {}))
        else:
            raise ValueError(f"the operation {node.op_type} ({node.name}) is not supported")
    # What only moves or compares pixels may stand before the place where they become integers.
    first = next(node for node in graph.operations if node.input[0] in graph.made_by)
    return IntegerNetwork(steps, graph.read_as(first.input[0]), graph.written_as(before), rescaling)


def _compare(network: IntegerNetwork, file: bytes) -> None:
    """Compare with the file, run without fusions: fused, some processors cut sums off."""
    session = onnx_session(file, optimized=False)
    entry, params = session.get_inputs()[0], network.input
    ends = torch.tensor([params.low, params.high], dtype=torch.int32)
    low, high = params.dequantize(ends).tolist()
    images = low + (high - low) * torch.rand(
        entry.shape, generator=torch.Generator().manual_seed(0)
    )
    (wanted,) = session.run(None, {entry.name: images.numpy()})
    check_same(
        "the integer network",
        "the file",
        [torch.from_numpy(wanted)],
        [network(images)],
        tolerance=TOLERANCE,
        measure=mean_gap,
    )


def _pooling(node: Any, attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a pooling, as `labcode.quantization.integer.max_pool` takes them."""
    return {
        "kernel_size": attributes["kernel_shape"],
        "stride": attributes.get("strides", [1, 1]),
        "padding": _padding(node, attributes),
        "dilation": attributes.get("dilations", [1, 1]),
        "ceil_mode": bool(attributes.get("ceil_mode", 0)),
    }


def _padding(node: Any, attributes: dict[str, Any]) -> list[int]:
    """Return the zeros above and on the left, which must be as many below and on the right."""
    pads = list(attributes.get("pads", [0, 0, 0, 0]))
    if pads[:2] != pads[2:]:
        raise ValueError(f"{node.name} pads {pads}, more on one side than on the other")
    return pads[:2]


class _Graph:
    """A QDQ file, looked up by name."""

    def __init__(self, file: bytes) -> None:
        import onnx
        from onnx import numpy_helper

        graph = onnx.load_from_string(file).graph
        self.image = graph.input[0].name
        self.values = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
        self.made_by = {node.output[0]: node for node in graph.node}
        self.used_by = {name: node for node in graph.node for name in node.input}
        self.operations = [node for node in graph.node if node.op_type not in ENDS]

    def root(self, name: str) -> str:
        """Return the value that was quantized and dequantized to give this one."""
        while name in self.made_by and self.made_by[name].op_type in ENDS:
            name = self.made_by[name].input[0]
        return name

    def attributes(self, node: Any) -> dict[str, Any]:
        from onnx import helper

        return {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}

    def params(self, node: Any, axis: int | None = None) -> QuantParams:
        """Return the parameters of a QuantizeLinear or DequantizeLinear."""
        scale, zero_point = (self.values[name] for name in node.input[1:3])
        ends = np.iinfo(zero_point.dtype)
        return QuantParams(
            torch.from_numpy(np.array(scale)),
            torch.from_numpy(np.array(zero_point, dtype=np.int32)),
            int(ends.min),
            int(ends.max),
            axis,
        )

    def read_as(self, name: str) -> QuantParams:
        """Return the parameters with which an operation's input is dequantized."""
        return self.params(self.made_by[name])

    def written_as(self, name: str) -> QuantParams:
        """Return the parameters with which an operation's output is quantized."""
        return self.params(self.used_by[name])

    def integers(self, name: str) -> Tensor:
        """Return the stored integers behind a dequantized weight or bias."""
        return torch.from_numpy(np.array(self.values[self.made_by[name].input[0]]))

    def name(self, node: Any) -> str:
        """Return the name of a layer's module."""
        if len(node.input) > 2:
            return str(node.input[2]).removesuffix(".bias")
        stored = str(self.made_by[node.input[1]].input[0])
        return stored.removesuffix("_quantized").removesuffix(".weight")

    def layer(self, node: Any) -> IntegerLayer:
        """Return the integer layer of a convolution or a Gemm."""
        attributes = self.attributes(node)
        settings: dict[str, Any] = {}
        if node.op_type == "Conv":
            settings = {
                "stride": attributes["strides"],
                "padding": _padding(node, attributes),
                "dilation": attributes["dilations"],
                "groups": attributes["group"],
            }
        elif not attributes.get("transB"):
            raise ValueError(f"{node.name} must hold its weights with the outputs first (transB=1)")
        weight = self.integers(node.input[1])
        bias = self.integers(node.input[2]) if len(node.input) > 2 else None
        return IntegerLayer(
            kind="conv2d" if node.op_type == "Conv" else "linear",
            name=self.name(node),
            settings=settings,
            weight=weight,
            weight_scale=self.params(self.made_by[node.input[1]], axis=0).scale,
            bias=torch.zeros(len(weight), dtype=torch.int32) if bias is None else bias,
            input=self.read_as(node.input[0]),
            output=self.written_as(node.output[0]),
        )


def trace_int8(file: bytes, images: Tensor, *, fused: bool = True) -> dict[str, Tensor]:
    """Return the integers that ONNX Runtime itself has after each layer.

    Args:
        file: From `labcode.runtime.to_int8`, with as many images in a batch.
        images: (N, C, H, W).
        fused: Whether the runtime may turn the QDQ pairs into integer operations; without it
            it computes in floating point between the rounded values.

    Returns:
        Integers (int32) by the name of the layer, as `IntegerNetwork.trace` names them.
    """
    import onnx

    model = onnx.load_from_string(file)
    graph = _Graph(file)
    layers = [node for node in graph.operations if node.op_type in ("Conv", "Gemm")]
    names = [graph.used_by[node.output[0]].output[0] for node in layers]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = onnx_session(model.SerializeToString(), optimized=fused)
    found = session.run(names, {session.get_inputs()[0].name: images.numpy()})
    return {
        graph.name(node): torch.from_numpy(values.astype(np.int32))
        for node, values in zip(layers, found, strict=True)
    }
