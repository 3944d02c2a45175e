"""A deep copy of a network as users bring it: also in the middle of training.

Python's own `deepcopy` refuses tensors that autograd computed. Weight norm, spectral norm and
PyTorch's pruning of the older kind hold one after each forward, and so does a cache of features.
"""

from __future__ import annotations

import copy
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from labcode._refusals import called

CONTAINERS = (list, tuple, set, frozenset, deque)
NO_HOLDERS = (type, types.FunctionType, types.ModuleType)


def copied(model: nn.Module) -> nn.Module:
    """Return a deep copy in which a tensor that autograd computed is a plain tensor.

    Args:
        model: Any module; it is left as it is.

    Raises:
        ValueError: Something in it cannot be copied; the sentence names it.

    >>> layer = nn.utils.weight_norm(nn.Linear(3, 2))
    >>> copied(layer).weight.requires_grad, layer.weight.requires_grad
    (False, True)
    """
    try:
        return copy.deepcopy(model, _values(model))
    except Exception as error:  # whatever an object of somebody's own raises
        raise ValueError(_why_not(model, error)) from error


def _values(held: Any) -> dict[int, Any]:
    """Return a memo for deepcopy: the values of all tensors that it would refuse."""
    memo: dict[int, Any] = {}
    waiting, seen = [held], {id(held)}
    while waiting:
        value = waiting.pop()
        if isinstance(value, Tensor):
            if not value.is_leaf:
                memo[id(value)] = value.detach().clone()
            continue
        new = [part for part in _parts(value) if id(part) not in seen]
        seen.update(map(id, new))
        waiting += new
    return memo


def _parts(value: Any) -> Iterator[Any]:
    """Yield what an object holds."""
    if isinstance(value, dict):
        yield from dict.values(value)  # as they lie there, whatever the mapping makes of them
    elif isinstance(value, CONTAINERS):
        yield from value
    if not isinstance(value, NO_HOLDERS):
        yield from getattr(value, "__dict__", {}).values()


def _why_not(model: nn.Module, error: Exception) -> str:
    """Say what of a network cannot be copied."""
    for name, module in model.named_modules():
        for own, value in vars(module).items():
            if own == "_modules":
                continue
            try:
                copy.deepcopy(value, _values(value))
            except Exception as found:
                return f"{own!r} of {called(name)} cannot be copied: {_line(found)}"
    return f"the network itself cannot be copied: {_line(error)}"


def _line(error: Exception) -> str:
    """Return what an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__
