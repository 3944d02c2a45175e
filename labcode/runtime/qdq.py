"""ONNX Runtime's int8 files read back: into the course's integer network, and layer by layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from labcode.quantization.affine import QuantParams
from labcode.quantization.integer import IntegerLayer, IntegerNetwork
from labcode.runtime.session import onnx_session


def read_qdq(file: bytes, *, rescaling: str = "float") -> IntegerNetwork:
    """Return an integer network with the integers, scales and zero points of a QDQ file.

    Args:
        file: From `labcode.runtime.to_int8`; convolutions, linear layers, ReLU, max pooling and
            flattening, one after the other.
        rescaling: "float", as the runtime does it, or "fixed".

    Raises:
        ValueError: The graph holds an operation of another kind; it is named.
    """
    graph = _Graph(file)
    steps: list[IntegerLayer | tuple[str, dict[str, Any]]] = []
    for node in graph.operations:
        if node.op_type in ("Conv", "Gemm"):
            steps.append(graph.layer(node))
        elif node.op_type == "MaxPool":
            attributes = graph.attributes(node)
            keys = {"kernel_size": "kernel_shape", "stride": "strides", "padding": "pads"}
            steps.append(("max_pool2d", {ours: attributes[onnx] for ours, onnx in keys.items()}))
        elif node.op_type == "Reshape":
            steps.append(("flatten", {}))
        else:
            raise ValueError(f"the operation {node.op_type} ({node.name}) is not supported")
    first, last = graph.operations[0], graph.operations[-1]
    return IntegerNetwork(
        steps, graph.read_as(first.input[0]), graph.written_as(last.output[0]), rescaling
    )


class _Graph:
    """A QDQ file, looked up by name."""

    def __init__(self, file: bytes) -> None:
        import onnx
        from onnx import numpy_helper

        graph = onnx.load_from_string(file).graph
        self.values = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
        self.made_by = {node.output[0]: node for node in graph.node}
        self.used_by = {name: node for node in graph.node for name in node.input}
        ends = ("QuantizeLinear", "DequantizeLinear")
        self.operations = [node for node in graph.node if node.op_type not in ends]

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

    def layer(self, node: Any) -> IntegerLayer:
        """Return the integer layer of a convolution or a Gemm."""
        attributes = self.attributes(node)
        settings: dict[str, Any] = {}
        if node.op_type == "Conv":
            settings = {
                "stride": attributes["strides"],
                "padding": attributes["pads"][:2],
                "dilation": attributes["dilations"],
                "groups": attributes["group"],
            }
        elif not attributes.get("transB"):
            raise ValueError(f"{node.name} must hold its weights with the outputs first (transB=1)")
        bias = node.input[2]
        return IntegerLayer(
            kind="conv2d" if node.op_type == "Conv" else "linear",
            name=bias.removesuffix(".bias"),
            settings=settings,
            weight=self.integers(node.input[1]),
            weight_scale=self.params(self.made_by[node.input[1]], axis=0).scale,
            bias=self.integers(bias),
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
        node.input[2].removesuffix(".bias"): torch.from_numpy(values.astype(np.int32))
        for node, values in zip(layers, found, strict=True)
    }
