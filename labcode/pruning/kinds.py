"""Which layers have weights that can be pruned, and one sentence for each that has not."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from labcode._refusals import called, computes, unusable

__all__ = ["LAYERS", "PRODUCTS", "TRANSPOSED", "called", "check_layers", "matrices"]

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
    if why := unusable(layer):
        return why
    if computed:
        return ""
    if why := computes(layer):
        return f"{why}: {UNDO}"
    if isinstance(layer, (*LAYERS, *TRANSPOSED)) and layer._parameters.get("weight") is None:
        return f"is a {kind} whose weight is not a parameter of its own, so it cannot be pruned"
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
