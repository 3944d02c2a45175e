"""A network as a list of steps, read from what PyTorch exports."""

from __future__ import annotations

import io
import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils._pytree import tree_leaves

from labcode._copied import copied
from labcode._refusals import does_not_run, odd_answer, one_input, why_it_stopped
from labcode._walk import shapes_of
from labcode.quantization.plain import called, dtype_of, plain_copy, refuse_compiled
from labcode.training.devices import device_of

# What PyTorch calls an operation -> what torch.nn.functional calls it.
_KINDS = {
    "aten.conv2d.default": "conv2d",
    "aten.conv2d.padding": "conv2d",  # where the padding is "same" or "valid"
    "aten.linear.default": "linear",
    "aten.relu.default": "relu",
    "aten.relu_.default": "relu",
    "aten.max_pool2d.default": "max_pool2d",
    "aten.flatten.using_ints": "flatten",
    "aten.view.default": "flatten",
    "aten.reshape.default": "flatten",
    "aten.dropout.default": "dropout",
}
_SETTINGS = {
    "conv2d": ("stride", "padding", "dilation", "groups"),
    "max_pool2d": ("kernel_size", "stride", "padding", "dilation", "ceil_mode"),
}
_DEFAULTS: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}


@dataclass(frozen=True, eq=False)
class Step:
    """One operation of a network.

    Args:
        kind: "conv2d", "linear", "relu", "max_pool2d" or "flatten".
        name: The module that it runs in, such as "conv1", if it has weights; else its own name.
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
            folded first, see `fold_batch_norm`. A layer may run several times. The model is left
            as it is.
        input_shape: The shape of one image, (channels, height, width).

    Raises:
        ValueError: An operation is of another kind (it is named), or does not take the output
            of the one before it.

    >>> steps = chain(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten()), (1, 8, 8))
    >>> [step.kind for step in steps]
    ['conv2d', 'relu', 'flatten']
    """
    refuse_compiled(model)
    if why := one_input(len(shapes_of(input_shape))):
        raise ValueError(why)
    program = exported_program(model, input_shape)
    values = dict(model.named_parameters(remove_duplicate=False))
    parameters = {
        node: values[name] for node, name in program.graph_signature.inputs_to_parameters.items()
    }
    names: dict[nn.Module, str] = {module: name for name, module in model.named_modules()}
    steps: list[Step] = []
    before: Any = None
    for node in program.graph.nodes:
        if node.op == "output" and tuple(node.args[0]) != (before,):
            raise ValueError("the model does not answer with the output of its last operation")
        if node.op == "placeholder" and node.name not in parameters:
            before = node  # the image
        if node.op != "call_function":
            continue
        module = names[module_of(node, model)]
        kind = _kind(node, module)
        if node.args[0] is not before:
            raise ValueError(
                f"{called(module)} ({node.name}) does not take the output of the operation before "
                "it, and this method is for networks that do one thing after the other"
            )
        if kind != "dropout":  # which does nothing in evaluation
            steps.append(_step(node, kind, parameters, module))
        before = node
    return steps


def _kind(node: Any, module: str) -> str:
    """Return the kind of a node's operation, which must be one that a chain may hold."""
    kind, operation = _KINDS.get(str(node.target)), f"the operation {node.target} ({node.name})"
    where = f" in {called(module)}"
    if kind is None:
        raise ValueError(f"{operation} is not supported{where}")
    shape = [tuple(n.meta["val"].shape) for n in (node, node.args[0]) if hasattr(n, "meta")]
    if kind == "flatten" and shape[0] != (shape[1][0], math.prod(shape[1][1:])):
        raise ValueError(f"{operation} is not supported{where}: it makes {shape[0]} of {shape[1]}")
    if kind == "dropout" and node.args[1] and node.args[2]:  # dropout(x, p, training)
        raise ValueError(f"{operation} is not supported{where}: it goes on after training")
    if kind == "linear" and len(shape[0]) != 2:
        raise ValueError(f"{operation} is not supported{where}: its input is not one row an image")
    return kind


def exported_program(model: nn.Module, input_shape: Sequence[int]) -> torch.export.ExportedProgram:
    """Return the graph of a model in evaluation mode; the model is left as it is.

    Args:
        model: Any module with tensors in.
        input_shape: The shape of one image, (channels, height, width); for several inputs a list
            of shapes.

    Raises:
        ValueError: The model does not take such images, answers with an object in which nobody
            finds the tensors, or cannot be traced.
    """
    dtype, device = dtype_of(model), device_of(model)
    shapes = shapes_of(input_shape)
    images = tuple(torch.zeros(2, *shape, dtype=dtype, device=device) for shape in shapes)
    _try(model, images)  # what it says itself is clearer than the exporter's word
    try:
        twin = copied(model).eval()  # the exporter would leave its own tensors in caches
        with torch.no_grad(), _silence():
            return torch.export.export(twin, images)
    except Exception as error:  # the exporter raises whatever the model or the tracing raises
        why = why_it_stopped(error)
        if "data-dependent" in why:
            why = "what it does depends on the numbers of its input, and one graph cannot hold that"
        raise ValueError(f"{type(model).__name__} cannot be traced: {why}") from error


def _try(model: nn.Module, images: tuple[Tensor, ...]) -> None:
    """Run a copy of a model, and refuse an answer that is not made of tensors."""
    name = type(model).__name__
    try:
        with torch.no_grad(), _silence():
            found: Any = plain_copy(model).eval()(*images)
    except Exception as error:
        raise ValueError(does_not_run(name, images, error)) from error
    for leaf in tree_leaves(found):
        if not (leaf is None or isinstance(leaf, (Tensor, bool, int, float, str))):
            raise ValueError(odd_answer(type(leaf).__name__, name))


@contextmanager
def _silence() -> Iterator[None]:
    """Keep out of the output what the exporter writes and logs beside its error."""
    before = logging.root.manager.disable
    out, err = redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO())
    logging.disable(logging.CRITICAL)
    try:
        with out, err, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def module_of(node: Any, model: nn.Module) -> nn.Module:
    """Return the innermost module of a model that a node of its graph ran in."""
    stack = list(node.meta.get("nn_module_stack", {}).values())
    path = str(stack[-1][0]) if stack else ""
    return model.get_submodule(path)


def _step(node: Any, kind: str, parameters: dict[str, nn.Parameter], module: str) -> Step:
    """Return the step of one node of the exported graph."""
    arguments = list(node.args[1:])
    if kind not in ("conv2d", "linear"):
        keys = _SETTINGS.get(kind, ())
        return Step(kind, node.name, dict(zip(keys, arguments, strict=False)))
    weight, bias = [*arguments, None][:2]
    if any(hasattr(n, "name") and n.name not in parameters for n in (weight, bias)):
        raise ValueError(f"the weights of {called(module)} are computed: give a plain network")
    settings = {key: _DEFAULTS[key] for key in _SETTINGS.get(kind, ())}
    settings |= dict(zip(_SETTINGS.get(kind, ()), arguments[2:], strict=False))
    if isinstance(settings.get("padding"), str):
        settings["padding"] = _padding(node, settings)
    return Step(
        kind,
        module,
        settings,
        parameters[weight.name].detach(),
        None if bias is None else parameters[bias.name].detach(),
    )


def _padding(node: Any, settings: dict[str, Any]) -> list[int]:
    """Return "same" or "valid" as numbers of pixels, the same on both sides."""
    if settings["padding"] == "valid":
        return [0, 0]
    kernel, gaps = node.args[1].meta["val"].shape[2:], settings["dilation"]
    gaps = [gaps] * 2 if isinstance(gaps, int) else gaps
    total = [gap * (size - 1) for size, gap in zip(kernel, gaps, strict=True)]
    if any(size % 2 for size in total):
        raise ValueError(
            f"the operation {node.target} ({node.name}) is not supported: padding='same' pads an "
            "even kernel more on one side"
        )
    return [size // 2 for size in total]
