"""ONNX Runtime's own int8: make such a file, and read it into the course's integer network."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from labcode._checks import check_int
from labcode.quantization.affine import QuantParams
from labcode.quantization.integer import IntegerLayer, IntegerNetwork
from labcode.runtime.latency import onnx_bytes

RANGES = {"min-max": "MinMax", "percentile": "Percentile", "kl": "Entropy"}


def onnx_int8_bytes(
    model: nn.Module,
    images: Tensor,
    *,
    batch: int = 1,
    ranges: str = "min-max",
    reduce_range: bool = False,
) -> bytes:
    """Return the model as an int8 ONNX file, made by ONNX Runtime's static quantization.

    Weights are int8, symmetric, with one scale for each output channel; activations are uint8,
    affine; biases are int32. The file is in QDQ form: float operations between pairs of
    QuantizeLinear and DequantizeLinear, which the runtime turns into integer operations.

    Args:
        model: Any module with one tensor in and one out, batch norm folded.
        images: Calibration images (N, C, H, W).
        batch: Images in one run; the file takes no other number.
        ranges: "min-max", "percentile" or "kl".
        reduce_range: Whether the weights use 7 of their 8 bits. Then the answers are the same on
            every processor, see `labcode.quantization.saturates`.

    Returns:
        The bytes of the file.

    Raises:
        ValueError: ``ranges`` is unknown, or there are fewer images than ``batch``.

    Source: onnxruntime.quantization.quantize_static.
    """
    from onnxruntime import quantization as ort

    if ranges not in RANGES:
        raise ValueError(f"ranges must be one of {', '.join(RANGES)}, got {ranges!r}")
    if len(images) < check_int("batch", batch):
        raise ValueError(f"images must be at least one batch of {batch}, got {len(images)}")
    with tempfile.TemporaryDirectory() as folder, _quiet():
        source, target = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        source.write_bytes(onnx_bytes(model, images.shape[1:], batch=batch))
        ort.quantize_static(
            source,
            target,
            _reader(images, batch, source),
            quant_format=ort.QuantFormat.QDQ,
            per_channel=True,
            reduce_range=reduce_range,
            activation_type=ort.QuantType.QUInt8,
            weight_type=ort.QuantType.QInt8,
            calibrate_method=getattr(ort.CalibrationMethod, RANGES[ranges]),
        )
        return target.read_bytes()


def _reader(images: Tensor, batch: int, source: Path) -> Any:
    """Return what hands the runtime its calibration images, batch by batch."""
    import onnx
    from onnxruntime.quantization import CalibrationDataReader

    name = onnx.load(source).graph.input[0].name
    whole = images[: len(images) // batch * batch]

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        batches = iter([{name: part.numpy()} for part in torch.split(whole, batch)])

        def get_next(self) -> Any:
            return next(self.batches, None)

    return Reader()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the quantizer's advice to preprocess out of the output: batch norm is folded already."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


def read_qdq(onnx_file: bytes, *, rescaling: str = "float") -> IntegerNetwork:
    """Return an integer network with the integers, scales and zero points of a QDQ file.

    Args:
        onnx_file: From `onnx_int8_bytes`; convolutions, linear layers, ReLU, max pooling and
            flattening, one after the other.
        rescaling: "float", as the runtime does it, or "fixed".

    Raises:
        ValueError: The graph holds an operation of another kind; it is named.
    """
    graph = _Graph(onnx_file)
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

    def __init__(self, onnx_file: bytes) -> None:
        import onnx
        from onnx import numpy_helper

        graph = onnx.load_from_string(onnx_file).graph
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


def runtime_integers(onnx_file: bytes, images: Tensor, *, fused: bool = True) -> dict[str, Tensor]:
    """Return the integers that ONNX Runtime itself has after each layer.

    Args:
        onnx_file: From `onnx_int8_bytes`, with as many images in a batch.
        images: (N, C, H, W).
        fused: Whether the runtime may turn the QDQ pairs into integer operations; without it
            it computes in floating point between the rounded values.

    Returns:
        Integers (int32) by the name of the layer, as `IntegerNetwork.trace` names them.
    """
    import onnx
    import onnxruntime

    model = onnx.load_from_string(onnx_file)
    graph = _Graph(onnx_file)
    layers = [node for node in graph.operations if node.op_type in ("Conv", "Gemm")]
    names = [graph.used_by[node.output[0]].output[0] for node in layers]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    level = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if fused else level.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    found = session.run(names, {session.get_inputs()[0].name: images.numpy()})
    return {
        node.input[2].removesuffix(".bias"): torch.from_numpy(values.astype(np.int32))
        for node, values in zip(layers, found, strict=True)
    }


def onnx_logits(onnx_file: bytes, images: Tensor, batch: int) -> Tensor:
    """Return what ONNX Runtime answers to images (N, C, H, W); N is a multiple of ``batch``."""
    from labcode.runtime.latency import onnx_session

    session = onnx_session(onnx_file)
    name = session.get_inputs()[0].name
    parts = [session.run(None, {name: part.numpy()})[0] for part in torch.split(images, batch)]
    return torch.from_numpy(np.concatenate(parts))
