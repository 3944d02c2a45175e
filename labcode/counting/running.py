"""Run a model on shapes; again with the values of constants, or otherwise, where that is needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from traceback import clear_frames

import torch
from torch import nn

from labcode.counting.dispatch import CountingMode
from labcode.counting.errors import explain, needs_data
from labcode.counting.inputs import Inputs
from labcode.counting.leftovers import watched
from labcode.counting.setting import plain_setting
from labcode.counting.tracking import Failure, Layer, tracked


@dataclass(frozen=True)
class Way:
    """How a model is run.

    Args:
        exact: whether constants of any size keep their values; slower.
        without_hooks: layers whose hooks stay out, since they need numbers.
    """

    exact: bool = False
    without_hooks: frozenset[str] = frozenset()


def run(model: nn.Module, layers: list[Layer], inputs: Inputs) -> tuple[CountingMode, list[str]]:
    """Count into the layers.

    Args:
        model: the module to run, unwrapped.
        layers: its layers, from `find_layers`.
        inputs: what it gets.

    Returns:
        The mode that saw the operations, and notes for the reader.

    Raises:
        ValueError: if the model cannot be run on shapes.
    """
    way: Way | None = Way()
    reason: Exception | None = None
    emptied: list[str] = []
    while way is not None:
        last, failure = way, Failure()
        with watched(emptied):
            try:
                mode = _run(model, layers, inputs, way, failure)
            except Exception as error:
                way = _other_way(way, failure, error)
                reason = None if way else error
                clear_frames(error.__traceback__)  # what they hold is not left over
            else:
                way = None
        emptied += failure.emptied
        if reason is not None:
            with watched(emptied):
                hint = _batch_hint(model, layers, inputs, reason)
            raise explain(model, inputs, failure, reason, hint) from reason
    return mode, _notes(emptied, last)


def _run(
    model: nn.Module, layers: list[Layer], inputs: Inputs, way: Way, failure: Failure
) -> CountingMode:
    for layer in layers:
        layer.clear()
    running = [layers[0]]
    modules = list(model.modules())
    mode = CountingMode(layers, running, exact=way.exact)
    dtype = _dtype(layers)
    outside = tracked(modules, layers, running, failure, without_hooks=way.without_hooks)
    with outside, plain_setting(mode.autocasts):
        args, kwargs = inputs.call(dtype)
        try:
            with mode:
                model(*args, **kwargs)
        finally:
            mode.values.forget()
    return mode


def _other_way(way: Way, failure: Failure, error: Exception) -> Way | None:
    """Return how to try again, or None where no other way would help."""
    if not needs_data(error):
        return None
    if not way.exact:
        return replace(way, exact=True)
    if failure.in_hook and failure.layer is not None:
        return replace(way, without_hooks=way.without_hooks | {failure.layer.name})
    return None


def _notes(emptied: list[str], way: Way) -> list[str]:
    notes = []
    if emptied:
        names = ", ".join(dict.fromkeys(emptied))
        notes.append(f"Emptied, as the model filled it while it was counted: {names}.")
    if way.without_hooks:
        names = ", ".join(sorted(way.without_hooks))
        notes.append(f"Hooks that need the values of tensors did not run: those of {names}.")
    return notes


def _batch_hint(
    model: nn.Module, layers: list[Layer], inputs: Inputs, error: Exception
) -> tuple[int, ...] | None:
    """Return the shape without its first number if the model takes that: a batch was given too."""
    if inputs.shape is None or len(inputs.shape) < 3 or needs_data(error):
        return None
    shape = inputs.shape[1:]
    try:
        _run(model, layers, replace(inputs, shape=shape), Way(), Failure())
    except Exception as other:  # whatever it is, the first error is the one to tell
        clear_frames(other.__traceback__)
        return None
    return shape


def _dtype(layers: list[Layer]) -> torch.dtype:
    parameters = (p for layer in layers for p in layer.parameters)
    floats = (p.dtype for p in parameters if p.is_floating_point())
    return next(floats, torch.get_default_dtype())
