"""A step of training as an ordinary ONNX graph, for runtimes that can only infer.

Weights, momenta and masks go into the graph and come out of it, so that one small file serves
every state of a network. The gradient is written out with ONNX's own operators: that of a
convolution's weights is a convolution, that of its input a transposed convolution. Of a pooling
window with several largest values the first one gets the gradient, as in PyTorch.

A network is a chain of the layers below, whose parameters have PyTorch's names and shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labcode._checks import check_int

OPSET, IR = 18, 9  # any ONNX Runtime from 1.14 on reads them
MOMENTUM = 0.9  # as the course's "sgd"

Shapes = Mapping[str, Sequence[int]]  # of weights and biases, by name
Back = Callable[[str], str | None]  # from the gradient of an output to that of the input


@dataclass(frozen=True)
class Conv:
    """A convolution with stride 1 and a bias."""

    name: str
    padding: int = 0


@dataclass(frozen=True)
class Linear:
    """A linear layer with a bias."""

    name: str


@dataclass(frozen=True)
class MaxPool:
    """The largest value of each window; windows do not overlap."""

    size: int = 2


@dataclass(frozen=True)
class Relu:
    """Zero for what is negative."""


@dataclass(frozen=True)
class Flatten:
    """One row for each image."""


Layer = Conv | Linear | MaxPool | Relu | Flatten


def answering_graph(chain: Sequence[Layer], shapes: Shapes, input_shape: Sequence[int]) -> bytes:
    """Return the graph of a network whose weights are inputs: images in, logits out.

    Args:
        chain: The layers, in order.
        shapes: The shape of each weight and bias, such as "conv1.weight" (as in a state_dict).
        input_shape: One image, (channels, height, width).

    Returns:
        An ONNX file. Inputs: ``images`` (N, C, H, W), and each weight and bias by its name.
        Output: ``logits`` (N, classes).

    >>> len(answering_graph([Flatten(), Linear("fc")], _FC, (1, 2, 2))) < 1000
    True
    """
    graph = _Graph()
    logits, _ = _forward(graph, chain)
    graph.add("Identity", logits, name="logits")
    inputs = [_value("images", ["N", *input_shape]), *_parameters(shapes)]
    return graph.file("answers", inputs, [_value("logits", ["N", "classes"])])


def training_graph(chain: Sequence[Layer], shapes: Shapes, input_shape: Sequence[int]) -> bytes:
    """Return the graph of one step of stochastic gradient descent with momentum 0.9.

    The loss is the mean cross-entropy. A momentum becomes 0.9 times itself plus the gradient, and
    a weight loses the learning rate times its momentum; where its mask is false it is zero
    afterwards. With momenta of zero, those that come out are the gradients.

    Args:
        chain: The layers, in order.
        shapes: The shape of each weight and bias.
        input_shape: One image, (channels, height, width).

    Returns:
        An ONNX file. Inputs: ``images`` (N, C, H, W), ``labels`` (N,) int32, ``lr`` (), and of each
        parameter p itself, ``p.momentum`` and ``p.mask`` (bool). Outputs: ``p.new``,
        ``p.momentum.new``, ``loss`` () and ``right`` (), the number of right answers before the
        step.

    Source: torch.optim.SGD, whose steps these are.

    >>> len(training_graph([Flatten(), Linear("fc")], _FC, (1, 2, 2))) < 5000
    True
    """
    graph = _Graph()
    logits, backs = _forward(graph, chain)
    gradient: str | None = _loss(graph, logits)
    for back in reversed(backs):
        assert gradient is not None  # the first layer alone has no need of one
        gradient = back(gradient)
    for name in shapes:
        _update(graph, name)
    images = [_value("images", ["N", *input_shape]), _value("labels", ["N"], "INT32")]
    state = [
        _value(f"{name}{end}", shape, kind)
        for name, shape in shapes.items()
        for end, kind in (("", "FLOAT"), (".momentum", "FLOAT"), (".mask", "BOOL"))
    ]
    new = [
        _value(f"{name}{end}", shape)
        for name, shape in shapes.items()
        for end in (".new", ".momentum.new")
    ]
    outputs = [*new, _value("loss", []), _value("right", [])]
    return graph.file("step", [*images, _value("lr", []), *state], outputs)


@dataclass
class _Graph:
    """Nodes in the order in which they run, and the gradients found so far."""

    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    gradients: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, *inputs: str, name: str = "", outputs: int = 1, **how: Any) -> str:
        """Add a node; return the name of its first output (the second has 1 behind it)."""
        from onnx import helper

        first = name or f"{kind.lower()}_{len(self.nodes)}"
        names = [first, *(f"{first}.{number}" for number in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **how))
        return first

    def constant(self, name: str, values: Any, dtype: Any = np.float32) -> str:
        """Return the name of a constant, which is stored once."""
        from onnx import numpy_helper

        self.constants[name] = numpy_helper.from_array(np.array(values, dtype=dtype), name)
        return name

    def sum(self, values: str, axes: Sequence[int], **how: Any) -> str:
        """Add up along some axes, which vanish."""
        over = self.constant("axes_" + "_".join(map(str, axes)), axes, np.int64)
        return self.add("ReduceSum", values, over, keepdims=0, **how)

    def file(self, name: str, inputs: list[Any], outputs: list[Any]) -> bytes:
        """Return the graph as a checked ONNX file."""
        from onnx import checker, helper

        graph = helper.make_graph(self.nodes, name, inputs, outputs, [*self.constants.values()])
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR)
        checker.check_model(model, full_check=True)
        serialised: bytes = model.SerializeToString()
        return serialised


def _value(name: str, shape: Sequence[int | str], kind: str = "FLOAT") -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.DataType.Value(kind), list(shape))


def _parameters(shapes: Shapes) -> list[Any]:
    return [_value(name, shape) for name, shape in shapes.items()]


def _forward(graph: _Graph, chain: Sequence[Layer]) -> tuple[str, list[Back]]:
    """Add all layers; return the logits and each layer's way back."""
    values, backs = "images", []
    for layer in chain:
        values, back = _MAKERS[type(layer)](graph, values, layer)
        backs.append(back)
    return values, backs


def _conv(graph: _Graph, x: str, layer: Conv) -> tuple[str, Back]:
    weight, bias = f"{layer.name}.weight", f"{layer.name}.bias"
    pads = [layer.padding] * 4
    y = graph.add("Conv", x, weight, bias, pads=pads)

    def back(dy: str) -> str | None:
        swapped = [graph.add("Transpose", value, perm=[1, 0, 2, 3]) for value in (x, dy)]
        found = graph.add("Conv", *swapped, pads=pads)  # (C_in, N), (C_out, N) -> (C_in, C_out)
        graph.gradients[weight] = graph.add("Transpose", found, perm=[1, 0, 2, 3])
        graph.gradients[bias] = graph.sum(dy, (0, 2, 3))
        return None if x == "images" else graph.add("ConvTranspose", dy, weight, pads=pads)

    return y, back


def _linear(graph: _Graph, x: str, layer: Linear) -> tuple[str, Back]:
    weight, bias = f"{layer.name}.weight", f"{layer.name}.bias"
    y = graph.add("Gemm", x, weight, bias, transB=1)

    def back(dy: str) -> str | None:
        graph.gradients[weight] = graph.add("Gemm", dy, x, transA=1)  # (out, N) x (N, in)
        graph.gradients[bias] = graph.sum(dy, (0,))
        return graph.add("MatMul", dy, weight)

    return y, back


def _max_pool(graph: _Graph, x: str, layer: MaxPool) -> tuple[str, Back]:
    size = [check_int("size", layer.size)] * 2
    how: dict[str, Any] = {"kernel_shape": size, "strides": size}
    y = graph.add("MaxPool", x, outputs=2, **how)

    def back(dy: str) -> str:
        shape = graph.add("Shape", x)
        return graph.add("MaxUnpool", dy, f"{y}.1", shape, **how)

    return y, back


def _relu(graph: _Graph, x: str, layer: Relu) -> tuple[str, Back]:
    y = graph.add("Relu", x)

    def back(dy: str) -> str:
        alive = graph.add("Greater", x, graph.constant("zero", 0))
        return graph.add("Where", alive, dy, graph.constant("zero", 0))

    return y, back


def _flatten(graph: _Graph, x: str, layer: Flatten) -> tuple[str, Back]:
    y = graph.add("Flatten", x)

    def back(dy: str) -> str | None:
        return None if x == "images" else graph.add("Reshape", dy, graph.add("Shape", x))

    return y, back


_MAKERS: dict[type[Layer], Callable[[_Graph, str, Any], tuple[str, Back]]] = {
    Conv: _conv,
    Linear: _linear,
    MaxPool: _max_pool,
    Relu: _relu,
    Flatten: _flatten,
}


def _loss(graph: _Graph, logits: str) -> str:
    """Add loss and right answers; return the gradient of the logits."""
    classes = graph.add("Unsqueeze", "labels", graph.constant("last", [1], np.int64))
    width = graph.add("Shape", logits, start=1)
    numbers = graph.add(
        "Range",
        graph.constant("nought", 0, np.int64),
        graph.add("Squeeze", width),
        graph.constant("one", 1, np.int64),
    )
    is_label = graph.add("Equal", classes, graph.add("Cast", numbers, to=6))  # 6: int32
    one_hot = graph.add("Cast", is_label, to=1)  # (N, classes), 1: float32
    n = graph.sum(one_hot, (0, 1))
    logs = graph.add("LogSoftmax", logits, axis=1)
    at_label = graph.sum(graph.add("Mul", one_hot, logs), (0, 1))
    graph.add("Neg", graph.add("Div", at_label, n), name="loss")
    _right(graph, logits)
    error = graph.add("Sub", graph.add("Exp", logs), one_hot)
    return graph.add("Div", error, n)


def _right(graph: _Graph, logits: str) -> None:
    answers = graph.add("Cast", graph.add("ArgMax", logits, axis=1, keepdims=0), to=6)
    same = graph.add("Cast", graph.add("Equal", answers, "labels"), to=1)
    over = graph.constant("axes_0", (0,), np.int64)
    graph.add("ReduceSum", same, over, keepdims=0, name="right")


def _update(graph: _Graph, name: str) -> None:
    """Add the step of one parameter."""
    slower = graph.add("Mul", f"{name}.momentum", graph.constant("momentum", MOMENTUM))
    momentum = graph.add("Add", slower, graph.gradients[name], name=f"{name}.momentum.new")
    moved = graph.add("Sub", name, graph.add("Mul", "lr", momentum))
    graph.add("Where", f"{name}.mask", moved, graph.constant("zero", 0), name=f"{name}.new")


_FC = {"fc.weight": (3, 4), "fc.bias": (3,)}  # of the examples
