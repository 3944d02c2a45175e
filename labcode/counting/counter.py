"""`labcode.count`: what a model costs for one image or for given inputs, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn
from torch.nn.parameter import is_lazy

from labcode.counting.inputs import IMAGE, checked_inputs
from labcode.counting.result import ModelCost
from labcode.counting.running import run
from labcode.counting.summing import summed
from labcode.counting.tracking import Layer, find_layers, unwrapped


def count(
    model: nn.Module,
    input_shape: Sequence[int] = IMAGE,
    *,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
) -> ModelCost:
    """Count the parameters and multiply-adds of a model for one image, or for given inputs.

    The model runs on shapes alone: no arithmetic, no copy of the weights, no activation memory.
    Its forward's Python code and its forward hooks do run, once as a rule and again where the
    values of a constant are needed, in evaluation mode. The model, what it can reach (lists,
    objects, attributes of parameters, global variables) and the random state are then as they
    were; tables of `functools.lru_cache` that were filled are emptied, and `notes` say so.

    Args:
        model: any module.
        input_shape: one input without the batch, such as (channels, height, width) in pixels;
            the model gets one tensor of floats (1, *input_shape).
        inputs: what the model gets instead, as it is, a batch included: a tensor, a dict or a
            list as its one argument, or a tuple of arguments. The cost is then that of these
            inputs together. Of floats only shape and dtype count; whole numbers and masks keep
            their values, so that lengths and padding decide what they do decide.
        kwargs: further arguments by name. If they hold a tensor and neither `input_shape` nor
            `inputs` is given, the model gets nothing else.

    Returns:
        The cost: parameters, multiply-adds of convolutions, linear layers and matrix products,
        and one row a layer.

    Raises:
        TypeError: if `model` is not a module or `input_shape` holds something else than ints.
        ValueError: if `input_shape` is empty or not positive, if the model cannot take it, or if
            what the model does depends on the values in its tensors.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> cost = count(nn.Conv2d(3, 4, 3, bias=False), (3, 5, 5))
        >>> cost.params, cost.macs, cost.flops
        (108, 972, 1944)
        >>> count(nn.Linear(4, 2), inputs=torch.zeros(10, 4)).macs  # a batch of ten
        80
    """
    given = checked_inputs(input_shape, inputs, kwargs)
    _check_model(model)
    inner = unwrapped(model)
    layers = find_layers(inner)
    _check_ready(layers)
    mode, notes = run(inner, layers, given)
    return summed(layers, given, mode, notes)


def _check_model(model: object) -> None:
    if isinstance(model, type) and issubclass(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got the class {model.__name__} itself")
    if not isinstance(model, nn.Module):
        shape = getattr(model, "shape", None)
        what = f"shape {tuple(shape)}" if shape is not None else repr(model)[:80]
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}: {what}")


def _check_ready(layers: list[Layer]) -> None:
    for layer in layers:
        if any(map(is_lazy, layer.parameters)):
            raise ValueError(
                f"layer {layer.name!r} ({layer.kind}) has no shape yet; "
                "run the model once on an input before counting it"
            )
