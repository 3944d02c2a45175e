"""`labcode.count`: what a model costs for one image, layer by layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from labcode.counting.dispatch import CountingMode
from labcode.counting.errors import explain
from labcode.counting.result import LayerCost, ModelCost
from labcode.counting.shapes import META
from labcode.counting.tracking import Layer, find_layers, tracked, unwrapped


def count(model: nn.Module, input_shape: Sequence[int] = (3, 224, 224)) -> ModelCost:
    """Count the parameters and multiply-adds of a model for one image.

    The model runs on shapes alone: no arithmetic, no copy of the weights, no activation memory.
    Its forward's Python code does run once, in evaluation mode, without hooks; the model and the
    random state are then as they were.

    Args:
        model: any module that takes one tensor of floats (1, *input_shape).
        input_shape: one input without the batch, such as (channels, height, width) in pixels.

    Returns:
        The cost: parameters, multiply-adds of convolutions, linear layers and matrix products,
        and one row a layer.

    Raises:
        TypeError: if `model` is not a module or `input_shape` holds something else than ints.
        ValueError: if `input_shape` is empty or not positive, if the model cannot take it, or if
            what the model does depends on the values in its tensors.

    Example:
        >>> from torch import nn
        >>> cost = count(nn.Conv2d(3, 4, 3, bias=False), (3, 5, 5))
        >>> cost.params, cost.macs, cost.flops
        (108, 972, 1944)
    """
    shape = _checked_shape(input_shape)
    _check_model(model)
    inner = unwrapped(model)
    layers = find_layers(inner)
    _check_ready(layers)
    _run(inner, layers, shape)
    return _result(inner, shape, layers)


def _check_model(model: object) -> None:
    if isinstance(model, type) and issubclass(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got the class {model.__name__} itself")
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}: {model!r}")


def _checked_shape(input_shape: Any) -> tuple[int, ...]:
    wanted = "input_shape must be a sequence of ints such as (3, 224, 224)"
    if isinstance(input_shape, (str, bytes)) or not isinstance(input_shape, Sequence):
        raise TypeError(f"{wanted}, got {input_shape!r}")
    for size in input_shape:
        if isinstance(size, bool) or not isinstance(size, int):
            raise TypeError(f"{wanted}, got {size!r} in {input_shape!r}")
    if not input_shape:
        raise ValueError(f"{wanted}, got an empty one")
    if min(input_shape) < 1:
        raise ValueError(f"input_shape must hold positive sizes, got {tuple(input_shape)}")
    return tuple(input_shape)


def _check_ready(layers: list[Layer]) -> None:
    for layer in layers:
        if any(map(is_lazy, layer.parameters)):
            raise ValueError(
                f"layer {layer.name!r} ({layer.kind}) has no shape yet; "
                "run the model once on an input before counting it"
            )


def _run(model: nn.Module, layers: list[Layer], shape: tuple[int, ...]) -> None:
    running = [layers[0]]
    modules = list(model.modules())
    with torch.inference_mode(), ExitStack() as stack:
        failure = stack.enter_context(tracked(modules, layers, running))
        for device in filter(torch.is_autocast_enabled, ("cpu", "cuda")):
            # Autocast would cast the model's own weights, and could keep their twins in its cache.
            stack.enter_context(torch.autocast(device, enabled=False))
        image = torch.empty((1, *shape), dtype=_dtype(layers), device=META)  # (1, *input_shape)
        try:
            with CountingMode(running):
                model(image)
        except Exception as error:
            raise explain(model, shape, failure, error) from error


def _dtype(layers: list[Layer]) -> torch.dtype:
    parameters = (p for layer in layers for p in layer.parameters)
    floats = (p.dtype for p in parameters if p.is_floating_point())
    return next(floats, torch.get_default_dtype())


def _result(model: nn.Module, shape: tuple[int, ...], layers: list[Layer]) -> ModelCost:
    rows = tuple(_row(layer) for layer in layers if layer.is_row)
    uncounted: Counter[str] = Counter()
    for layer in layers:
        uncounted.update(layer.uncounted)
    return ModelCost(
        model=layers[0].kind,
        input_shape=shape,
        params=sum(row.params for row in rows),
        macs=sum(row.macs for row in rows),
        layers=rows,
        uncounted=dict(uncounted),
    )


def _row(layer: Layer) -> LayerCost:
    return LayerCost(
        name=layer.name,
        type=layer.kind,
        output_shape=layer.shape,
        params=layer.params,
        macs=layer.macs,
        calls=layer.calls,
        uncounted=tuple(layer.uncounted),
    )
