"""A copy of a network in which every weight is a plain parameter, and what is not a plain network.

Weight norm, spectral norm and PyTorch's own pruning compute a weight anew from other tensors before
each run. In the copy the weight is stored as it is in evaluation, so that it can be changed.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils import parametrize

from labcode._copied import copied
from labcode._refusals import TO_FLOAT32, compiled, computed_in, hooks_of, refuse_unusable
from labcode._refusals import called as named


def plain_copy(model: nn.Module) -> nn.Module:
    """Return a deep copy without parametrized weights; see `computed_weights`.

    Args:
        model: Any module; it is left as it is, and so is the mode of each part of the copy.

    >>> model = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)))
    >>> sorted(dict(plain_copy(model).named_parameters()))
    ['0.bias', '0.weight']
    """
    plain = copied(model)
    modes = [(module, module.training) for module in plain.modules()]
    plain.eval()  # spectral norm would carry on its search for the largest singular value
    for module in list(plain.modules()):
        for key, hook in hooks_of(module):
            hook.remove(module)
            del module._forward_pre_hooks[key]
        if parametrize.is_parametrized(module):
            _store(module)
    for module, training in modes:
        module.training = training
    return plain


def computed_weights(model: nn.Module) -> dict[str, str]:
    """Return the names of weights that are computed before each run, with what computes them.

    Args:
        model: Any module.

    >>> computed_weights(nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)))
    {'weight': '_WeightNorm'}
    """
    return {
        joined(name, own): what
        for name, module in model.named_modules()
        for own, what in computed_in(module).items()
    }


def joined(path: str, own: str) -> str:
    """Return the name of something in a module.

    >>> joined("", "weight"), joined("fc1", "weight")
    ('weight', 'fc1.weight')
    """
    return f"{path}.{own}" if path else own


def called(name: str) -> str:
    """Return what to call a module in an error: a network may be one layer, without a name."""
    return name or "the model"


def refuse_compiled(model: nn.Module) -> None:
    """Refuse a network whose layers cannot be reached, or not be traced.

    Raises:
        TypeError: The model is not a module.
        ValueError: It was compiled or quantized, or has not run once, as a whole or in part.
    """
    refuse_unusable(model)
    for name, module in model.named_modules():
        if why := compiled(module):
            raise ValueError(f"{named(name)} {why}")


def dtype_of(model: nn.Module) -> torch.dtype:
    """Return the one dtype of a network's floating-point numbers.

    Raises:
        ValueError: It is half precision or complex, or there are two of them.

    >>> dtype_of(nn.Linear(3, 2))
    torch.float32
    """
    named = [*model.named_parameters(), *model.named_buffers()]
    floats = {
        name: tensor.dtype
        for name, tensor in named
        if tensor.is_floating_point() or tensor.is_complex()
    }
    first = next(iter(floats.values()), torch.float32)
    for name, dtype in floats.items():
        if dtype not in (torch.float32, torch.float64) or dtype != first:
            advice = "" if dtype.is_complex else f": {TO_FLOAT32}"
            raise ValueError(f"{name} is {dtype}, but must be float32{advice}")
    return first


def _store(module: nn.Module) -> None:
    """Replace computed weights of a copy by their values.

    PyTorch's `remove_parametrizations` would change the class, which the copy shares with the
    module that it was copied from.
    """
    chains = module.parametrizations
    values = {own: getattr(module, own).detach().clone() for own in chains}  # type: ignore[union-attr]
    del module.parametrizations
    module.__class__ = type(module).__bases__[0]
    for own, value in values.items():
        module.register_parameter(own, nn.Parameter(value))
