"""Turn a failed forward into one error that names the layer, what came and what was expected."""

from __future__ import annotations

import re

from torch import nn

from labcode._refusals import EXPORTED, why_it_stopped
from labcode.counting.inputs import Inputs
from labcode.counting.tracking import Failure, Layer
from labcode.counting.values import DataNeededError


def explain(
    model: nn.Module,
    inputs: Inputs,
    failure: Failure,
    error: Exception,
    without_batch: tuple[int, ...] | None = None,
) -> ValueError:
    """Return the error to raise for a model that could not be counted.

    Args:
        model: the caller's model.
        inputs: what the caller asked for.
        failure: where it failed.
        error: what the forward raised.
        without_batch: a shape that the model does take, if the caller gave a batch by mistake.

    Returns:
        A ValueError; raise it `from error`.
    """
    start = f"cannot count {type(model).__name__} with {_given(inputs)}: "
    if without_batch is not None:
        return ValueError(
            f"{start}input_shape is one input without the batch, and input_shape="
            f"{without_batch} works ({_first_line(error)})"
        )
    layer = failure.layer
    if layer is None:
        return ValueError(f"{start}{_first_line(error)}")
    where = f"layer {layer.name!r} ({layer.kind})"
    if failure.in_hook:
        where = f"a hook of {where}"
    return ValueError(f"{start}{where} {_reason(layer, failure, error)} ({_first_line(error)})")


def _reason(layer: Layer, failure: Failure, error: Exception) -> str:
    operation = _without_shapes(error)
    if operation is not None:
        return operation
    if needs_data(error):
        return (
            "asks for the values of a tensor, and counting computes shapes only; "
            "a model whose flow depends on its data has no one cost"
        )
    came = ", ".join(map(str, failure.shapes)) or "no tensor"
    return _expectation(layer, failure) or f"failed on an input of shape {came}"


def _given(inputs: Inputs) -> str:
    if inputs.shape is None:
        return f"the inputs given ({inputs.describe()})"
    further = inputs.describe()
    return f"input_shape={inputs.shape}" + (f" and {further}" if further else "")


# How PyTorch says that an operation has no kernel for shapes alone.
_NO_KERNEL = re.compile(r"(?P<name>\w+::\w+(\.\w+)?)\W*:? (attempted to run|We could not find the)")


def _without_shapes(error: Exception) -> str | None:
    """Say which operation cannot tell its output's shape, if that is what is wrong."""
    found = _NO_KERNEL.search(str(error))
    name = found["name"] if found else None
    if name is not None and name.startswith(("quantized::", "aten::quantize", "aten::quantized")):
        return (
            f"computes in integers ({name}), which cannot be done on shapes; "
            "count the network as it was before it was quantized"
        )
    if "register_fake" in str(error) and not (name or "").startswith("aten::"):
        return (
            "calls a custom operation that cannot tell its output's shape; "
            "register one with torch.library.register_fake"
        )
    if name is not None:
        return (
            f"calls {name}, an operation whose output's shape PyTorch cannot tell without data; "
            "its cost has no formula here"
        )
    return None


def _first_line(error: Exception) -> str:
    if (why := why_it_stopped(error)).startswith(EXPORTED):
        return why
    lines = str(error).strip().splitlines()
    text = re.sub(r"tensor\(.*", "tensor(...)", lines[0]) if lines else ""
    text = text if len(text) <= _LONG else f"{text[:_LONG]}..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


# What PyTorch says when the data of a tensor on `meta` is asked for.
_LONG = 300  # letters of PyTorch's own words that a message repeats
_NO_DATA = ("meta tensor", "'meta'", "meta device", "unallocated storage", "data-independent")


def needs_data(error: BaseException) -> bool:
    """Say whether a forward failed since it asked for the value of a tensor.

    >>> needs_data(RuntimeError("Tensor.item() cannot be called on meta tensors"))
    True
    """
    if isinstance(error, DataNeededError):
        return True
    text = str(error).lower()
    kinds = (RuntimeError, NotImplementedError, TypeError)
    return isinstance(error, kinds) and any(sign in text for sign in _NO_DATA)


def _expectation(layer: Layer, failure: Failure) -> str | None:
    """Say which channels or features a standard layer expects, if these are what is wrong."""
    if not failure.shapes:
        return None
    shape, module = failure.shapes[0], layer.module
    for attribute, axis, word in _expected_axes(module):
        expected = getattr(module, attribute)
        if len(shape) < max(axis + 1, -axis):
            return f"expects an input with {expected} {word}, got one of shape {shape}"
        if shape[axis] != expected:
            return f"expects {expected} input {word}, got {shape[axis]}: its input is {shape}"
    return None


def _expected_axes(module: nn.Module) -> list[tuple[str, int, str]]:
    if isinstance(module, nn.modules.conv._ConvNd):
        return [("in_channels", -1 - len(module.kernel_size), "channels")]
    if isinstance(module, (nn.modules.batchnorm._NormBase,)):
        return [("num_features", 1, "channels")]
    if isinstance(module, nn.GroupNorm):
        return [("num_channels", 1, "channels")]
    if isinstance(module, nn.Linear):
        return [("in_features", -1, "features")]
    if isinstance(module, nn.RNNBase):
        return [("input_size", -1, "features")]
    return []
