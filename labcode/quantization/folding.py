"""Folding batch normalisation into the convolution before it: the same outputs, one layer less."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from labcode._refusals import called, refuse_damaged
from labcode.quantization.comparison import answers, check_same, probes
from labcode.quantization.plain import dtype_of, plain_copy, refuse_compiled
from labcode.quantization.unfolded import Layer, Norm, Transposed, kept, rest_of, sources
from labcode.training.devices import device_of

# Weights are rounded to float32 once more, which is a part of about 1e-7 in each layer.
TOLERANCE = 1e-3


class UnfoldedWarning(UserWarning):
    """A batch norm stays where it is, since no layer can take it in."""


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
    An `UnfoldedWarning` says so, and `left_unfolded` names all that stay, with the reason.

    Args:
        model: Any module with tensors in and out, in tuples, lists or dicts; it is left as it is.
            Weights that are computed, as by weight norm, become plain weights in the copy.
        input_shape: The shape of one image, (channels, height, width); for several inputs a list
            of shapes.

    Returns:
        A network in evaluation mode with the same outputs. Where a batch norm was stands an
        identity, or the activation that it held.

    Raises:
        ValueError: The model is compiled, does not run on such images, cannot be traced, has
            weights in half precision or that are not finite, or the folded network does not answer
            as it does.

    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU())
    >>> fold_batch_norm(model, (1, 8, 8))[1]
    Identity()
    """
    folded, left = folded_and_left(model, input_shape)
    if left:
        first, *others = left
        more = f", and {len(others)} more stay: left_unfolded says why" if others else ""
        said = f"the batch norm {called(first)} is not folded: {left[first]}{more}"
        warnings.warn(said, UnfoldedWarning, stacklevel=2)
    return folded


def folded_and_left(
    model: nn.Module, input_shape: Sequence[int]
) -> tuple[nn.Module, dict[str, str]]:
    """Return the copy of `fold_batch_norm`, and the batch norms that stay in it, with the reason.

    Args:
        model: See `fold_batch_norm`, like the other argument and what is raised.
        input_shape: The shape of one image.
    """
    refuse_compiled(model)
    dtype, device = dtype_of(model), device_of(model)
    folded = plain_copy(model).eval()
    refuse_damaged(folded, "folded")
    found = sources(folded, input_shape)
    left = kept(folded, found)
    for norm, layer in found.items():
        if isinstance(layer, str):
            continue  # the reason for which the norm stays
        weight, bias = folded_weights(layer, norm)  # type: ignore[arg-type]
        layer.weight = nn.Parameter(weight)
        layer.bias = nn.Parameter(bias)
        folded = _without(folded, norm, rest_of(norm) or nn.Identity())  # type: ignore[arg-type]
    images = [probe.to(device) for probe in probes(input_shape, dtype)]
    name = type(model).__name__
    check_same(
        f"the folded {name}",
        name,
        answers(plain_copy(model), *images),
        answers(folded, *images),
        tolerance=TOLERANCE,
    )
    return folded, left


def _scaled(layer: Layer, factor: Tensor) -> Tensor:
    """Return a layer's weight with each output channel times its factor."""
    weight = layer.weight
    if not isinstance(layer, Transposed):
        return weight * factor.reshape([-1] + [1] * (weight.ndim - 1))
    # A transposed convolution has its weights as (in, out / groups, ...).
    groups, rest = layer.groups, [1] * (weight.ndim - 2)
    parts = weight.reshape(groups, -1, *weight.shape[1:])
    return (parts * factor.reshape(groups, 1, -1, *rest)).reshape(weight.shape)


def _without(model: nn.Module, norm: nn.Module, rest: nn.Module) -> nn.Module:
    """Put the rest of what a norm does wherever it is, which may be under several names."""
    for module in list(model.modules()):
        for own, child in module._modules.items():
            if child is norm:
                module._modules[own] = rest
    return model
