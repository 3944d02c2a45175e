"""Parameters that a module of somebody's own uses in its forward, without a layer around them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping

from torch import nn
from torch.nn.parameter import is_lazy

LAYERS = "torch.nn.modules."  # where PyTorch's layers live
NO_LAYERS = (LAYERS + "module", LAYERS + "container")
OWN = ("weight", "bias", "in_proj_", "q_proj_", "k_proj_", "v_proj_")
"""How the names of parameters begin that PyTorch's layers have."""
MANY = 5  # names, of which a sentence shows the first and the last


class BareWarning(UserWarning):
    """A method leaves a parameter as it is that is in no layer."""


def bare_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the parameters that are in no layer of PyTorch, by name.

    Such as a table of positions, a factor for each channel, or a matrix that the forward
    multiplies by. From outside nobody can tell which of these one is.

    Args:
        model: Any network; a parameter that a layer holds as well is that layer's. Single numbers
            are left out, and whole numbers, such as an order: they are not weights.

    >>> model = nn.Sequential(nn.Linear(3, 2))
    >>> model.gain = nn.Parameter(model[0].bias * 2)
    >>> list(bare_parameters(model))
    ['gain']
    """
    layers = {id(p) for module in model.modules() for own, p in _own(module) if _is_of(module, own)}
    return {
        name: parameter
        for name, parameter in model.named_parameters()
        if id(parameter) not in layers and _has_numbers(parameter)
    }


def owner_of(parameter: str) -> str:
    """Return the name of the module that holds a parameter.

    >>> owner_of("block.gain"), owner_of("gain")
    ('block', '')
    """
    return parameter.rpartition(".")[0]


def why_left(names: Iterable[str], why: str) -> dict[str, str]:
    """Return for each module with some bare parameters one reason, which names them.

    Args:
        names: Of parameters that a method leaves as they are.
        why: What it does with such parameters instead.

    Returns:
        A module's name to a reason that fits behind "because".

    >>> why_left(["block.gain", "block.table"], "they are left")
    {'block': "'block.gain' and 'block.table' are in no layer: they are left"}
    """
    held: dict[str, list[str]] = {}
    for name in names:
        held.setdefault(owner_of(name), []).append(name)
    return {
        owner: f"{_listed(own)} {'is' if len(own) == 1 else 'are'} in no layer: {why}"
        for owner, own in held.items()
    }


def warn_of(left: Mapping[str, str], stacklevel: int = 3) -> None:
    """Warn of what a method leaves as it is, a sentence for each module.

    Args:
        left: From `why_left`.
        stacklevel: Whose line is named, as of `warnings.warn`.
    """
    for why in left.values():
        warnings.warn(why, BareWarning, stacklevel=stacklevel)


def _listed(names: list[str]) -> str:
    *first, last = map(repr, names if len(names) < MANY else (*names[: MANY - 2], names[-1]))
    dots = ", …" * (len(names) >= MANY)
    return f"{', '.join(first)}{dots} and {last}" if first else last


def _has_numbers(parameter: nn.Parameter) -> bool:
    real = parameter.is_floating_point() or parameter.is_complex()
    return real and not is_lazy(parameter) and parameter.numel() > 1


def _own(module: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    yield from module.named_parameters(recurse=False)


def _is_of(module: nn.Module, own: str) -> bool:
    """Tell whether a parameter is one that PyTorch's layers have."""
    bases = [base.__module__ for base in type(module).__mro__]
    layer = any(base.startswith(LAYERS) and base not in NO_LAYERS for base in bases)
    return layer and own.startswith(OWN)
