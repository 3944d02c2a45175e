"""Which layers have weights that can be pruned, and one sentence for each that has not."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize

LAYERS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
PRODUCTS = (
    *LAYERS,
    *TRANSPOSED,
    nn.Bilinear,
    nn.MultiheadAttention,
    nn.RNNBase,
    nn.RNNCellBase,
)
"""Layers that multiply their inputs by weights."""

UNDO = "take that off first, since a weight set to zero would not stay zero"


def called(name: str) -> str:
    """Return a layer's name for an error; the network itself has an empty one.

    >>> called("conv1"), called("")
    ("'conv1'", 'the network itself')
    """
    return repr(name) if name else "the network itself"


def matrices(layer: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Return the weights by which a layer multiplies its inputs; biases are not among them."""
    if isinstance(layer, PRODUCTS):
        for name, parameter in layer.named_parameters(recurse=False):
            if parameter.ndim > 1 and not name.startswith("bias"):
                yield name, parameter


def check_layers(model: nn.Module, *, computed: bool = False) -> None:
    """Refuse a network with a layer whose weights cannot be changed one by one.

    Args:
        model: Any network.
        computed: Whether weights may be computed from others: they are read, not changed.

    Raises:
        ValueError: A layer is scripted, quantized, has no weights yet, computes its weight from
            other tensors, or shares its memory with a layer that does not know of it.
    """
    for name, layer in model.named_modules():
        if reason := _reason(layer, computed):
            raise ValueError(f"{called(name)} {reason}")
    if not computed:
        _check_memory(model)


def _reason(layer: nn.Module, computed: bool) -> str:
    """Say why a layer's own weights cannot be pruned; nothing if they can."""
    kind = type(layer).__name__
    if isinstance(layer, torch.jit.ScriptModule):
        return "is a scripted module: prune the network that it was made from, then script it"
    if _is_quantized(layer):
        return (
            f"is a quantized {kind}, whose weights are packed integers: prune the network "
            "before it is quantized"
        )
    if any(is_lazy(p) for p in layer.parameters(recurse=False)):
        return f"is a {kind}, which has no weights before its first run: run the network once"
    if computed:
        return ""
    if parametrize.is_parametrized(layer):
        names = ", ".join(layer.parametrizations)  # type: ignore[arg-type]
        return f"computes its {names} from other tensors (a parametrization): {UNDO}"
    if hook := _reparametrizing_hook(layer):
        return f"computes its weight from other tensors ({hook}): {UNDO}"
    if isinstance(layer, (*LAYERS, *TRANSPOSED)) and layer._parameters.get("weight") is None:
        return f"is a {kind} whose weight is no parameter of its own, so it cannot be pruned"
    return ""


def _is_quantized(layer: nn.Module) -> bool:
    """Tell whether PyTorch has packed a layer's weights as integers."""
    return ".quantized" in type(layer).__module__ and callable(getattr(layer, "weight", None))


def _reparametrizing_hook(layer: nn.Module) -> str:
    """Return what computes a weight before each run, such as the older weight_norm."""
    for hook in layer._forward_pre_hooks.values():
        if type(hook).__module__.startswith("torch.nn.utils."):
            return type(hook).__name__
    return ""


def _check_memory(model: nn.Module) -> None:
    """Refuse two parameters that are one piece of memory: zeros in one would appear in both."""
    seen: dict[int, str] = {}
    for name, parameter in model.named_parameters():
        place = _place(parameter)
        if place and place in seen:
            raise ValueError(
                f"{name!r} has the same memory as {seen[place]!r} but is another parameter: "
                "assign the parameter itself to tie them"
            )
        seen[place] = name


def _place(parameter: Tensor) -> int:
    """Return where a parameter's values begin; 0 if they are nowhere."""
    try:
        return parameter.data_ptr() if parameter.numel() else 0
    except (RuntimeError, ValueError):
        return 0
