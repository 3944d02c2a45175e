"""Folding batch normalisation into the convolution before it: the same outputs, one layer less."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from labcode.quantization.chain import exported_program

Layer = nn.Conv2d | nn.Linear


def folded_weights(layer: Layer, norm: nn.BatchNorm2d | nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """Return the weight and the bias that do what a layer and its batch norm do together.

    In evaluation a batch norm is a factor γ / sqrt(variance + ε) and an offset for each channel.
    The factor goes into the weights, the rest into the bias.

    Args:
        layer: A convolution or a linear layer.
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
        shape = [-1] + [1] * (layer.weight.ndim - 1)
        return layer.weight * factor.reshape(shape), offset


def fold_batch_norm(model: nn.Module, input_shape: Sequence[int]) -> nn.Module:
    """Return a copy in which each batch norm after a convolution or linear layer is folded.

    Args:
        model: Any module; it is left as it is.
        input_shape: The shape of one image, (channels, height, width).

    Returns:
        A network in evaluation mode with the same outputs. Where a batch norm was stands an
        identity.

    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU())
    >>> fold_batch_norm(model, (1, 8, 8))[1]
    Identity()
    """
    folded = copy.deepcopy(model).eval()
    for layer_name, norm_name in _pairs(folded, input_shape):
        layer = cast(Layer, folded.get_submodule(layer_name))
        norm = cast(nn.BatchNorm2d, folded.get_submodule(norm_name))
        weight, bias = folded_weights(layer, norm)
        layer.weight = nn.Parameter(weight)
        layer.bias = nn.Parameter(bias)
        folded.set_submodule(norm_name, nn.Identity())
    return folded


def _pairs(model: nn.Module, input_shape: Sequence[int]) -> list[tuple[str, str]]:
    """Return each layer whose output goes to a batch norm and nowhere else, with that norm."""
    program = exported_program(model, input_shape)
    names = program.graph_signature.inputs_to_parameters
    buffers = program.graph_signature.inputs_to_buffers
    found = []
    for node in program.graph.nodes:
        if str(node.target) != "aten.batch_norm.default":
            continue
        source = node.args[0]
        is_layer = str(source.target) in ("aten.conv2d.default", "aten.linear.default")
        if is_layer and len(source.users) == 1:
            layer = names[source.args[1].name].rpartition(".")[0]
            found.append((layer, buffers[node.args[3].name].rpartition(".")[0]))
    return found
