"""The receptive field: which input pixels one output value sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from labcode._checks import check_int
from labcode.training import eval_mode


class Window(NamedTuple):
    """What a layer reads along one direction: so many values, and the step between places."""

    kernel_size: int
    stride: int = 1


def receptive_field(layers: Sequence[Window]) -> int:
    """Return the side of the receptive field of a stack of layers, by formula.

    Args:
        layers: From the first to the last; pooling layers count too.

    Returns:
        Pixels of the input, along one direction, that one output value sees.

    Source: Araujo et al., Computing receptive fields of convolutional neural networks (2019).

    >>> receptive_field([Window(3), Window(3)])
    5
    >>> receptive_field([Window(5), Window(2, 2), Window(5), Window(2, 2)])  # LeNet-5's
    16
    """
    field, jump = 1, 1  # jump: pixels between neighbouring values
    for layer in layers:
        field += (check_int("kernel_size", layer.kernel_size) - 1) * jump
        jump *= check_int("stride", layer.stride)
    return field


def seen_by(
    layers: nn.Module, image: Tensor, at: tuple[int, int] | None = None, *, channel: int = 0
) -> Tensor:
    """Find which pixels one output value depends on, from the gradient.

    The gradient of an output value with respect to a pixel says how much the output would
    change with it. A pixel outside of the receptive field has a gradient of exactly zero.

    Args:
        layers: Turns images (N, C, H, W) into maps (N, C_out, H_out, W_out).
        image: Shape (C, H, W).
        at: Row and column of the output value; None takes the middle.
        channel: Channel of the output value.

    Returns:
        The size of the gradient at each pixel, summed over channels, shape (H, W).
    """
    pixels = image.detach().clone().requires_grad_()
    with eval_mode(layers):
        maps = layers(pixels[None])[0]  # (C_out, H_out, W_out)
    row, column = at or (maps.shape[1] // 2, maps.shape[2] // 2)
    (gradient,) = torch.autograd.grad(maps[channel, row, column], pixels)
    return gradient.abs().sum(dim=0)


def seen_inputs(layer: nn.Module, in_channels: int, *, size: int = 8, seed: int = 0) -> Tensor:
    """Tell which input channels each output channel of a layer depends on, from gradients.

    The layer runs in training mode, so that a batch norm lets gradients through as it is, and
    the sum over places of each output channel is derived by the input.

    Args:
        layer: Turns (N, in_channels, H, W) into (N, out_channels, H', W').
        in_channels: Channels of the input.
        size: Height and width of the random input, in pixels.
        seed: Of the input.

    Returns:
        Booleans (out_channels, in_channels).

    >>> seen_inputs(nn.Conv2d(4, 2, 1, groups=2), 4)
    tensor([[ True,  True, False, False],
            [False, False,  True,  True]])
    """
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, in_channels, size, size, generator=generator, requires_grad=True)
    # Squares, since a batch norm's sum is constant and has no gradient.
    sums = layer(x).square().sum((0, 2, 3))  # (out_channels,)
    rows = [torch.autograd.grad(one, x, retain_graph=True)[0].abs().sum((0, 2, 3)) for one in sums]
    return torch.stack(rows) > 0  # (out_channels, in_channels)
