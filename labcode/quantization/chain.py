"""A network as a list of steps, read from what PyTorch exports."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode.quantization.plain import dtype_of
from labcode.training import eval_mode
from labcode.training.devices import device_of

# What PyTorch calls an operation -> what torch.nn.functional calls it.
_KINDS = {
    "aten.conv2d.default": "conv2d",
    "aten.linear.default": "linear",
    "aten.relu.default": "relu",
    "aten.max_pool2d.default": "max_pool2d",
    "aten.flatten.using_ints": "flatten",
}
_SETTINGS = {
    "conv2d": ("stride", "padding", "dilation", "groups"),
    "max_pool2d": ("kernel_size", "stride", "padding"),
}
_DEFAULTS: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}


@dataclass(frozen=True, eq=False)
class Step:
    """One operation of a network.

    Args:
        kind: "conv2d", "linear", "relu", "max_pool2d" or "flatten".
        name: The module whose weights it uses, such as "conv1"; else its own name.
        settings: Stride, padding and the like, as torch.nn.functional takes them.
        weight: Weights, output channels first; None where there are none.
        bias: Biases, one for each output channel; None where there are none.
    """

    kind: str
    name: str
    settings: dict[str, Any]
    weight: Tensor | None = None
    bias: Tensor | None = None

    @property
    def has_weights(self) -> bool:
        """Whether it is a convolution or a linear layer."""
        return self.weight is not None

    def run(self, x: Tensor) -> Tensor:
        """Return the step's output in floating point."""
        if self.kind == "flatten":
            return x.flatten(1)
        function = getattr(F, self.kind)
        tensors = (x, self.weight, self.bias) if self.has_weights else (x,)
        return function(*tensors, **self.settings)  # type: ignore[no-any-return]


def chain(model: nn.Module, input_shape: Sequence[int]) -> list[Step]:
    """Return the steps of a network that does one thing after the other.

    Args:
        model: Convolutions, linear layers, ReLU, max pooling and flattening; batch norm must be
            folded first, see `fold_batch_norm`. The model is left as it is.
        input_shape: The shape of one image, (channels, height, width).

    Raises:
        ValueError: An operation is of another kind (it is named), or does not take the output
            of the one before it.

    >>> steps = chain(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten()), (1, 8, 8))
    >>> [step.kind for step in steps]
    ['conv2d', 'relu', 'flatten']
    """
    program = exported_program(model, input_shape)
    names = program.graph_signature.inputs_to_parameters
    values = dict(model.named_parameters())
    steps: list[Step] = []
    before: Any = None
    for node in program.graph.nodes:
        if node.op == "placeholder" and node.name not in names:
            before = node  # the image
        if node.op != "call_function":
            continue
        kind = _KINDS.get(str(node.target))
        if kind is None:
            raise ValueError(f"the operation {node.target} ({node.name}) is not supported")
        if node.args[0] is not before:
            raise ValueError(f"{node.name} does not take the output of the operation before it")
        steps.append(_step(node, kind, names, values))
        before = node
    return steps


def exported_program(model: nn.Module, input_shape: Sequence[int]) -> torch.export.ExportedProgram:
    """Return the graph of a model in evaluation mode; the model is left as it is.

    Args:
        model: Any module with one tensor in.
        input_shape: The shape of one image, (channels, height, width).

    Raises:
        ValueError: The model cannot be traced, or does not take such an image.
    """
    images = torch.zeros(2, *input_shape, dtype=dtype_of(model), device=device_of(model))
    try:
        with eval_mode(model), torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            copy.deepcopy(model)(images)  # its own error is clearer than the exporter's
            return torch.export.export(model, (images,))
    except Exception as error:  # the exporter raises whatever the model or the tracing raises
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        why = lines[0] if lines else type(error).__name__
        raise ValueError(f"{type(model).__name__} cannot be traced: {why}") from error


def module_of(node: Any, model: nn.Module) -> nn.Module:
    """Return the innermost module of a model that a node of its graph ran in."""
    stack = list(node.meta.get("nn_module_stack", {}).values())
    path = str(stack[-1][0]) if stack else ""
    return model.get_submodule(path)


def _step(node: Any, kind: str, names: dict[str, str], values: dict[str, nn.Parameter]) -> Step:
    """Return the step of one node of the exported graph."""
    arguments = list(node.args[1:])
    if kind not in ("conv2d", "linear"):
        keys = _SETTINGS.get(kind, ())
        return Step(kind, node.name, dict(zip(keys, arguments, strict=False)))
    weight = names[arguments[0].name]
    bias = arguments[1] if len(arguments) > 1 else None
    settings = {key: _DEFAULTS[key] for key in _SETTINGS.get(kind, ())}
    settings |= dict(zip(_SETTINGS.get(kind, ()), arguments[2:], strict=False))
    return Step(
        kind,
        weight.rpartition(".")[0],
        settings,
        values[weight].detach(),
        None if bias is None else values[names[bias.name]].detach(),
    )
