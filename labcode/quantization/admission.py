"""Which networks can be quantized: what cannot is refused by the name of its layer."""

from __future__ import annotations

import copy
from collections.abc import Collection

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.conv import _ConvNd

from labcode._refusals import damaged
from labcode.quantization.modules import PlainLayer, QuantLayer, kind_of
from labcode.quantization.plain import called, dtype_of, refuse_compiled

WITH_WEIGHTS = (
    *(nn.RNNBase, nn.RNNCellBase, nn.Bilinear, nn.MultiheadAttention, _ConvNd),
    nn.TransformerEncoderLayer,  # in evaluation it multiplies without running its layers
)


def left_in_float(model: nn.Module, names: Collection[str]) -> set[nn.Module]:
    """Return the modules that stay in floating point: the named ones, with all that is in them.

    Args:
        model: Any module.
        names: Of modules in it.

    Raises:
        ValueError: A name is not that of a module.
    """
    known = dict(model.named_modules(remove_duplicate=False))
    for name in names:
        if name not in known or not name:
            raise ValueError(f"in_float must name modules of the model, got {name!r}")
    return {module for name in names for module in known[name].modules()}


def layers_to_quantize(model: nn.Module, in_float: Collection[str] = ()) -> dict[str, PlainLayer]:
    """Return the layers that `quantize_model` quantizes, by name, in the order of definition.

    Args:
        model: Any module.
        in_float: Names of modules to leave out.

    Raises:
        ValueError: The model or a layer is of a kind that cannot be quantized; or nothing can.
    """
    refuse_compiled(model)
    floats = left_in_float(model, in_float)
    modules = {n: m for n, m in model.named_modules() if m not in floats}
    for name, module in modules.items():
        if why := _refusal(module):
            raise ValueError(f"{called(name)} cannot be quantized: {why}")
    dtype_of(model)
    found = {n: m for n, m in modules.items() if isinstance(m, PlainLayer)}
    if not found:
        raise ValueError("the model has no Conv2d or Linear layer to quantize")
    for name, module in modules.items():
        if why := damaged(module):
            raise ValueError(f"{called(name)} cannot be quantized: {why}")
    return found


def _refusal(module: nn.Module) -> str | None:
    """Return why a module cannot be quantized; None if it can, or has nothing to quantize."""
    kind, name = kind_of(module), type(module).__name__
    if isinstance(module, QuantLayer):
        return "it is quantized already"
    if kind is None:
        known = isinstance(module, WITH_WEIGHTS)
        return f"a {name} is not supported; name it in in_float to leave it so" if known else None
    own = ("forward", "_conv_forward")
    if all(getattr(type(module), key, None) is getattr(kind, key, None) for key in own):
        return None
    if isinstance(module, nn.Linear) and _is_linear(module):
        return None
    full = f"{type(module).__module__}.{name}" if name == kind.__name__ else name
    return f"a {full} computes otherwise than a {kind.__name__}; name it in in_float"


@torch.no_grad()
def _is_linear(layer: nn.Linear) -> bool:
    """Try on random numbers whether a linear layer with a forward of its own is one like others."""
    rows = torch.randn(4, layer.in_features, generator=torch.Generator().manual_seed(0))
    rows = 3 * rows.to(layer.weight)
    try:
        found = copy.deepcopy(layer).eval()(rows)
    except Exception:  # whatever a layer of somebody's own raises
        return False
    return torch.equal(found, F.linear(rows, layer.weight, layer.bias))
