"""Turn a failed forward into one error that names the layer, what came and what was expected."""

from __future__ import annotations

from torch import nn

from labcode.counting.dispatch import DataNeededError
from labcode.counting.tracking import Failure, Layer


def explain(
    model: nn.Module, input_shape: tuple[int, ...], failure: Failure, error: Exception
) -> ValueError:
    """Return the error to raise for a model that could not be counted.

    Args:
        model: the caller's model.
        input_shape: what the caller asked for, without the batch.
        failure: where it failed.
        error: what the forward raised.

    Returns:
        A ValueError; raise it `from error`.
    """
    start = f"cannot count {type(model).__name__} with input_shape={input_shape}: "
    layer = failure.layer
    if layer is None:
        return ValueError(f"{start}{_first_line(error)}")
    where = f"layer {layer.name!r} ({layer.kind})"
    if _needs_data(error):
        return ValueError(
            f"{start}{where} asks for the values of a tensor, and counting computes shapes only; "
            f"a model whose flow depends on its data has no one cost ({_first_line(error)})"
        )
    if "register_fake" in str(error):
        return ValueError(
            f"{start}{where} calls a custom operation that cannot tell its output's shape; "
            f"register one with torch.library.register_fake ({_first_line(error)})"
        )
    expected = _expectation(layer, failure)
    came = ", ".join(map(str, failure.shapes)) or "no tensor"
    expected = expected or f"failed on an input of shape {came}"
    return ValueError(f"{start}{where} {expected} ({_first_line(error)})")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


# What PyTorch says when the data of a tensor on `meta` is asked for.
_NO_DATA = ("meta tensor", "'meta'", "meta device", "unallocated storage", "data-independent")


def _needs_data(error: Exception) -> bool:
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
