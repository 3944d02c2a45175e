"""The low-rank layer whose answers, not whose weights, are closest to a trained layer's."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from labcode._refusals import clear_failure
from labcode._walk import dtype_of
from labcode.models import LowRankLinear, truncated_svd
from labcode.training import device_of, eval_mode

WINDOW = ("kernel_size", "stride", "padding", "dilation")  # what makes a convolution's window
EPSILON = 1e-6  # keeps the covariance invertible where an input never changes


@torch.no_grad()
def layer_inputs(model: nn.Module, layer: str, images: Tensor) -> Tensor:
    """Return what a layer of the network gets for these images.

    Args:
        model: A network; it is run in evaluation mode and left as it was.
        layer: The layer's name.
        images: Images (N, C, H, W).

    Returns:
        The inputs (N, features), as they came in; of a layer that runs more than once those of
        all its runs, one after the other.

    Raises:
        AttributeError: The network has no such layer.
        ValueError: The layer does not run.
    """
    seen: list[Tensor] = []

    def hear(_: nn.Module, inputs: tuple[Tensor, ...], named: dict[str, Tensor]) -> None:
        seen.append((*inputs, *named.values())[0].detach().clone())  # it may be changed in place

    handle = model.get_submodule(layer).register_forward_pre_hook(hear, with_kwargs=True)
    try:
        with eval_mode(model), clear_failure(model, [images]):
            model(images.to(device_of(model), dtype_of(model)))
    finally:
        handle.remove()
    if not seen:
        raise ValueError(f"layer {layer!r} does not run in evaluation mode")
    return torch.cat(seen) if len(seen) > 1 else seen[0]


@torch.no_grad()
def output_svd(layer: nn.Linear, inputs: Tensor, rank: int) -> LowRankLinear:
    """Return the low-rank layer whose answers to these inputs are closest to the layer's own.

    `truncated_svd` is closest in the weights. Here the weights count as much as the inputs that
    they meet: with X'X / N = L L', it is the truncated SVD of W L, times the inverse of L.

    Args:
        layer: A linear layer; it is not changed.
        inputs: What it gets, (N, in_features).
        rank: Length of the middle, at most the smaller side of the weight matrix.

    Returns:
        A new layer with the same bias. No other of this rank and bias has a smaller sum of
        squared differences between its answers and the layer's (but for `EPSILON`).

    Raises:
        TypeError: ``rank`` is not an integer.
        ValueError: ``rank`` is out of range, the layer is not linear, or ``inputs`` do not fit
            it.

    Source: Zhang et al., "Accelerating very deep convolutional networks" (arXiv:1505.06798),
        section 3.1, without its bias term.

    >>> full = nn.Linear(20, 10)
    >>> x = torch.rand(50, 20)
    >>> torch.allclose(output_svd(full, x, 10)(x), full(x), atol=1e-4)
    True
    """
    if not isinstance(layer, nn.Linear):
        raise ValueError(f"layer must be a torch.nn.Linear, got a {type(layer).__name__}")
    if inputs.dim() != 2 or inputs.shape[1] != layer.in_features:
        raise ValueError(
            f"inputs must have the shape (N, {layer.in_features}), got {tuple(inputs.shape)}"
        )
    thin = LowRankLinear(layer.in_features, layer.out_features, rank, layer.bias is not None)
    x = inputs.double()
    covariance = x.T @ x / len(x)  # (n, n)
    covariance += (
        EPSILON * covariance.trace() / len(covariance) * torch.eye(len(covariance), device=x.device)
    )
    lower = torch.linalg.cholesky(covariance)  # (n, n)
    u, s, v = torch.linalg.svd(layer.weight.double() @ lower, full_matrices=False)
    root = s[:rank].sqrt()
    right = torch.linalg.solve_triangular(lower, v[:rank], upper=False, left=False)  # (rank, n)
    thin.first.weight.copy_(root[:, None] * right)
    thin.second.weight.copy_(u[:, :rank] * root)
    if layer.bias is not None:
        thin.second.bias.copy_(layer.bias)
    return thin.to(layer.weight.device, layer.weight.dtype)


@torch.no_grad()
def truncated_conv(layer: nn.Conv2d, rank: int) -> nn.Sequential:
    """Return two thin convolutions whose filters are closest to those of a trained one.

    The first has the layer's window and ``rank`` filters, the second is 1x1 and mixes them. The
    filters, laid out as the rows of a matrix, keep their ``rank`` largest singular values.

    Args:
        layer: A convolution without groups; it is not changed.
        rank: Filters of the first, at most the smaller side of the matrix.

    Returns:
        Both convolutions; the second has the layer's bias.

    Raises:
        TypeError: ``rank`` is not an integer.
        ValueError: ``rank`` is out of range, or the layer is not such a convolution.

    Source: Zhang et al., "Accelerating very deep convolutional networks" (arXiv:1505.06798),
        section 3.1, with the weights alone.

    >>> full = nn.Conv2d(4, 8, 3, stride=2, padding=1)
    >>> x = torch.rand(2, 4, 9, 9)
    >>> torch.allclose(truncated_conv(full, 8)(x), full(x), atol=1e-5)
    True
    """
    if not isinstance(layer, nn.Conv2d) or layer.groups != 1 or layer.padding_mode != "zeros":
        raise ValueError(
            f"layer must be a torch.nn.Conv2d without groups, padded by zeros, got {layer}"
        )
    rows = nn.Linear(layer.weight[0].numel(), layer.out_channels, bias=False)
    rows.weight = nn.Parameter(layer.weight.flatten(1))  # (out, in · k · k)
    both = truncated_svd(rows, rank)
    window = {name: getattr(layer, name) for name in WINDOW}
    thin = nn.Conv2d(layer.in_channels, rank, bias=False, **window)
    mix = nn.Conv2d(rank, layer.out_channels, 1, bias=layer.bias is not None)
    thin.weight.copy_(both.first.weight.view(thin.weight.shape))
    mix.weight.copy_(both.second.weight[..., None, None])
    if layer.bias is not None and mix.bias is not None:
        mix.bias.copy_(layer.bias)
    return nn.Sequential(thin, mix).to(layer.weight)
