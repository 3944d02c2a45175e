"""Folding batch normalisation into the convolution before it: the same outputs, one layer less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from labcode.quantization.chain import exported_program, module_of
from labcode.quantization.comparison import answers, check_same, probes
from labcode.quantization.plain import dtype_of, plain_copy, refuse_compiled
from labcode.training.devices import device_of

Transposed = nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d
Layer = nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear | Transposed
Norm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d

LAYERS = ("aten.conv", "aten.linear.")  # how the names of operations with weights begin
# Weights are rounded to float32 once more, which is a part of about 1e-7 in each layer.
TOLERANCE = 1e-3


def folded_weights(layer: Layer, norm: Norm) -> tuple[Tensor, Tensor]:
    """Return the weight and the bias that do what a layer and its batch norm do together.

    In evaluation a batch norm is a factor γ / sqrt(variance + ε) and an offset for each channel.
    The factor goes into the weights, the rest into the bias.

    Args:
        layer: A convolution, transposed or not, or a linear layer.
        norm: The batch norm that takes its output, with running statistics.

    Raises:
        ValueError: The batch norm has no running statistics.

    Source: Jacob et al. (arXiv:1712.05877), equation 14.

    >>> layer, norm = nn.Linear(3, 2), nn.BatchNorm1d(2).eval()
    >>> weight, bias = folded_weights(layer, norm)
    >>> x = torch.ones(1, 3)
    >>> torch.allclose(x @ weight.T + bias, norm(layer(x)))
    True
    """
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError("norm must have running statistics (track_running_stats=True)")
    with torch.no_grad():
        factor = torch.rsqrt(norm.running_var + norm.eps)  # (channels,)
        if norm.weight is not None:
            factor = factor * norm.weight
        offset = -norm.running_mean * factor
        if norm.bias is not None:
            offset = offset + norm.bias
        if layer.bias is not None:
            offset = offset + layer.bias * factor
        return _scaled(layer, factor), offset


def fold_batch_norm(model: nn.Module, input_shape: Sequence[int]) -> nn.Module:
    """Return a copy in which each batch norm after a convolution or linear layer is folded.

    The copy and the model run on a few random images before the copy is handed over. A batch norm
    stays where there is no layer to fold it into: after another operation, after a layer whose
    output or whose weights something else uses as well, or without running statistics.

    Args:
        model: Any module with one tensor in; it is left as it is. Weights that are computed, as
            by weight norm, become plain weights in the copy.
        input_shape: The shape of one image, (channels, height, width).

    Returns:
        A network in evaluation mode with the same outputs. Where a batch norm was stands an
        identity.

    Raises:
        ValueError: The model is compiled, cannot be traced, has weights in half precision, or the
            folded network does not answer as it does.

    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU())
    >>> fold_batch_norm(model, (1, 8, 8))[1]
    Identity()
    """
    refuse_compiled(model)
    dtype, device = dtype_of(model), device_of(model)
    folded = plain_copy(model).eval()
    for layer, norm in _pairs(folded, input_shape):
        weight, bias = folded_weights(layer, norm)
        layer.weight = nn.Parameter(weight)
        layer.bias = nn.Parameter(bias)
        folded = _without(folded, norm)
    images = probes(input_shape, dtype).to(device)
    name = type(model).__name__
    check_same(
        f"the folded {name}",
        name,
        answers(plain_copy(model), images),
        answers(folded, images),
        tolerance=TOLERANCE,
    )
    return folded


def _scaled(layer: Layer, factor: Tensor) -> Tensor:
    """Return a layer's weight with each output channel times its factor."""
    weight = layer.weight
    if not isinstance(layer, Transposed):
        return weight * factor.reshape([-1] + [1] * (weight.ndim - 1))
    # A transposed convolution has its weights as (in, out / groups, ...).
    groups, rest = layer.groups, [1] * (weight.ndim - 2)
    parts = weight.reshape(groups, -1, *weight.shape[1:])
    return (parts * factor.reshape(groups, 1, -1, *rest)).reshape(weight.shape)


def _without(model: nn.Module, norm: nn.Module) -> nn.Module:
    """Put an identity wherever a norm is, which may be under several names."""
    for module in list(model.modules()):
        for own, child in module._modules.items():
            if child is norm:
                module._modules[own] = nn.Identity().train(norm.training)
    return model


def _pairs(model: nn.Module, input_shape: Sequence[int]) -> list[tuple[Layer, Norm]]:
    """Return each layer whose output always goes to one batch norm and nowhere else, with it."""
    runs: dict[nn.Module, list[Any]] = {}  # norm -> each time that it runs
    for node in exported_program(model, input_shape).graph.nodes:
        if str(node.target) == "aten.batch_norm.default":
            runs.setdefault(module_of(node, model), []).append(node)
    found = [(_layer_before(nodes, model), norm) for norm, nodes in runs.items() if _is_norm(norm)]
    return [(layer, norm) for layer, norm in found if layer is not None]  # type: ignore[misc]


def _is_norm(module: nn.Module) -> bool:
    """Tell whether a module is a batch norm that an identity can stand for."""
    plain = not (module._forward_hooks or module._forward_pre_hooks)
    statistics = getattr(module, "running_mean", None) is not None
    return isinstance(module, _BatchNorm) and plain and statistics and not module.training


def _layer_before(nodes: list[Any], model: nn.Module) -> Layer | None:
    """Return the layer that feeds a batch norm each time, if nothing else has to do with it."""
    sources = {node.args[0] for node in nodes}
    if not all(_is_layer(source) and len(source.users) == 1 for source in sources):
        return None
    layers = {module_of(source, model) for source in sources}
    parameters = {node for source in sources for node in source.args[1:3] if hasattr(node, "op")}
    # A weight that is computed, or that another operation takes too, has to stay.
    if len(layers) != 1 or any(n.op != "placeholder" or set(n.users) - sources for n in parameters):
        return None
    (layer,) = layers
    return layer if isinstance(layer, Layer) else None


def _is_layer(node: Any) -> bool:
    """Tell whether a node is a layer whose channels stand where a batch norm takes them."""
    target = str(node.target)
    in_place = not target.startswith("aten.linear.") or node.meta["val"].ndim == 2
    return target.startswith(LAYERS) and in_place
