"""The network of the workbench, as the graphs that the engine runs."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from torch import nn

from labcode.models import lenet5
from labcode.runtime.training_graph import Conv, Flatten, Layer, Linear, MaxPool, Relu
from labcode.training import seeded

INPUT_SHAPE = (1, 28, 28)
LENET5: tuple[Layer, ...] = (
    Conv("conv1"),
    MaxPool(),
    Conv("conv2"),
    MaxPool(),
    Flatten(),
    Linear("fc1"),
    Relu(),
    Linear("fc2"),
)
"""`labcode.models.lenet5`, layer by layer."""


def shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the shape of each parameter, in the model's order.

    >>> shapes(nn.Linear(3, 2))
    {'weight': (2, 3), 'bias': (2,)}
    """
    return {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}


def untrained_lenet5() -> nn.Module:
    """Return a LeNet-5, of which only the shapes matter."""
    return seeded(lenet5, 0)


def entry(name: str, weights: str, model: nn.Module, chain: Sequence[Layer]) -> dict[str, Any]:
    """Return what the engine needs to know of a network, as plain values.

    Args:
        name: Begins the names of its graphs.
        weights: The file of `labcode.weights` with its trained weights.
        model: The network; only its shapes matter.
        chain: Its layers.
    """
    found = shapes(model)
    kinds = {Conv: "conv", Linear: "linear"}
    layers = [
        {
            "name": layer.name,
            "kind": kinds[type(layer)],
            "shape": list(shape := found[f"{layer.name}.weight"]),
            "count": prod(shape),
            "filters": shape[0],
            "relu": isinstance(following, Relu),
        }
        for layer, following in zip(chain, [*chain[1:], None], strict=True)
        if isinstance(layer, (Conv, Linear))
    ]
    files = {"weights": weights, "answers": f"{name}-answers.onnx", "step": f"{name}-step.onnx"}
    return files | {"layers": layers}
