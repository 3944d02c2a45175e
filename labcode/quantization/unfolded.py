"""Which layer each batch norm of a network can be folded into, or why it stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from labcode.quantization.chain import exported_program, module_of
from labcode.quantization.plain import plain_copy, refuse_compiled

Transposed = nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d
Layer = nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear | Transposed
Norm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d

_MAP_AXES: dict[type[nn.Module], int] = {nn.BatchNorm1d: 0, nn.BatchNorm2d: 2, nn.BatchNorm3d: 3}
LAYERS = ("aten.conv", "aten.linear.")  # how the names of operations with weights begin


def left_unfolded(model: nn.Module, input_shape: Sequence[int]) -> dict[str, str]:
    """Return the batch norms that `fold_batch_norm` leaves in place, with the reason.

    Args:
        model: Any module with tensors in; it is left as it is.
        input_shape: The shape of one image, (channels, height, width); for several inputs a list
            of shapes.

    Raises:
        ValueError: The model is compiled, does not run on such images, cannot be traced, or has
            weights in half precision.

    >>> left_unfolded(nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3)), (3, 8, 8))
    {'1': 'no convolution or linear layer hands its output to it alone'}
    """
    refuse_compiled(model)
    plain = plain_copy(model).eval()
    return kept(plain, sources(plain, input_shape))


def kept(model: nn.Module, found: Mapping[nn.Module, Layer | str]) -> dict[str, str]:
    """Return the names of the batch norms that stay, with the reason.

    Args:
        model: What was looked at.
        found: From `sources`.
    """
    names = {norm: name for name, norm in model.named_modules() if isinstance(norm, _BatchNorm)}
    never = "it does not run in evaluation"
    said = {name: found.get(norm, never) for norm, name in names.items()}
    return {name: why for name, why in said.items() if isinstance(why, str)}


def sources(model: nn.Module, input_shape: Sequence[int]) -> dict[nn.Module, Layer | str]:
    """Return for each batch norm that runs the layer to fold it into, or why there is none.

    Args:
        model: A plain copy in evaluation mode.
        input_shape: The shape of one image, or a list of shapes.
    """
    runs: dict[nn.Module, list[Any]] = {}  # norm -> each time that it runs
    for node in exported_program(model, input_shape).graph.nodes:
        if str(node.target) == "aten.batch_norm.default":
            runs.setdefault(module_of(node, model), []).append(node)
    return {norm: _why_kept(norm) or _layer_before(nodes, model) for norm, nodes in runs.items()}


def _why_kept(norm: nn.Module) -> str:
    """Say why no identity can stand for a batch norm; nothing if one can."""
    if not isinstance(norm, _BatchNorm):
        return f"a {type(norm).__name__} does it in its own way"
    if norm._forward_hooks or norm._forward_pre_hooks:
        return "a hook on it reads or changes what it does"
    if norm.running_mean is None:
        return "it keeps no running statistics"
    if norm.training:
        return "it stays in training mode"
    if rest_of(norm) is None:
        return f"a {type(norm).__name__} does more than normalize and run the modules in it"
    return ""


def rest_of(norm: _BatchNorm) -> nn.Module | None:
    """Return what a batch norm's module does behind its normalization: mostly nothing.

    timm's norms hold the activation that follows. Whether the modules in a norm are all that it
    adds is tried on random numbers.

    Args:
        norm: In evaluation mode, with running statistics.

    Returns:
        An identity, or the modules in it, one after the other; None if it does something else.

    >>> rest_of(nn.BatchNorm2d(3).eval())
    Identity()
    """
    if type(norm).forward is _BatchNorm.forward:
        return nn.Identity().eval()
    children = list(norm.children())
    rest = nn.Sequential(*children).eval() if children else nn.Identity().eval()
    size = [2, norm.num_features] + [3] * _MAP_AXES.get(_kind(norm), 2)
    images = 3 * torch.randn(size, generator=torch.Generator().manual_seed(0))
    images = images.to(norm.running_mean)
    stored = (norm.running_mean, norm.running_var, norm.weight, norm.bias)
    try:
        with torch.no_grad():
            alone = F.batch_norm(images, *stored, eps=norm.eps)
            same = torch.allclose(norm(images.clone()), rest(alone), 1e-4, 1e-5)
    except Exception:  # whatever a norm of somebody's own raises
        return None
    return rest if same else None


def _kind(norm: nn.Module) -> type[nn.Module]:
    return next((kind for kind in _MAP_AXES if isinstance(norm, kind)), nn.BatchNorm2d)


def _layer_before(nodes: list[Any], model: nn.Module) -> Layer | str:
    """Return the layer that feeds a batch norm each time, or why it cannot take the norm in."""
    sources = {node.args[0] for node in nodes}
    if not all(_is_layer(source) and len(source.users) == 1 for source in sources):
        return "no convolution or linear layer hands its output to it alone"
    layers = {module_of(source, model) for source in sources}
    if len(layers) != 1:
        return "it runs after several layers"
    parameters = {node for source in sources for node in source.args[1:3] if hasattr(node, "op")}
    if any(node.op != "placeholder" for node in parameters):
        return "the weights of the layer before it are computed anew in each pass"
    if any(set(node.users) - sources for node in parameters):
        return "something else uses the weights or the output of the layer before it as well"
    (layer,) = layers
    if not isinstance(layer, Layer):
        return f"a {type(layer).__name__} computes what comes before it"
    return layer


def _is_layer(node: Any) -> bool:
    """Tell whether a node is a layer whose channels stand where a batch norm takes them."""
    target = str(node.target)
    in_place = not target.startswith("aten.linear.") or node.meta["val"].ndim == 2
    return target.startswith(LAYERS) and in_place
