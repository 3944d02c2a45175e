"""Leave out pixels: every other row and column, all but some at random, or by averaging."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from labcode._checks import check_int, check_number


def keep_every(images: Tensor, step: int) -> Tensor:
    """Keep the first of every ``step`` rows and columns.

    Args:
        images: Shape (..., H, W).
        step: 2 drops every other row and column.

    Returns:
        Shape (..., ceil(H / step), ceil(W / step)).

    >>> keep_every(torch.arange(16).reshape(4, 4), 2)
    tensor([[ 0,  2],
            [ 8, 10]])
    """
    check_int("step", step)
    return images[..., ::step, ::step]


def enlarge(images: Tensor, factor: int) -> Tensor:
    """Repeat every pixel, so that a small image gets its old size back, but not its detail.

    Args:
        images: Shape (..., H, W).
        factor: How often a pixel is repeated along each direction.

    Returns:
        Shape (..., H * factor, W * factor).

    >>> enlarge(torch.tensor([[1, 2]]), 2)
    tensor([[1, 1, 2, 2],
            [1, 1, 2, 2]])
    """
    times = check_int("factor", factor)
    return images.repeat_interleave(times, dim=-2).repeat_interleave(times, dim=-1)


def mean_groups(images: Tensor, step: int) -> Tensor:
    """Average groups of ``step`` × ``step`` pixels instead of keeping one of them.

    Args:
        images: Shape (N, C, H, W), with sides that ``step`` divides.
        step: Side of a group, in pixels.

    Returns:
        Shape (N, C, H / step, W / step).

    >>> mean_groups(torch.arange(4.0).reshape(1, 1, 2, 2), 2)
    tensor([[[[1.5000]]]])
    """
    return F.avg_pool2d(images, check_int("step", step))


def keep_random(images: Tensor, share: float, *, seed: int = 0) -> Tensor:
    """Keep each pixel with the same chance and set the others to zero, anew in every image.

    Args:
        images: Shape (N, C, H, W).
        share: Chance to be kept, from 0 to 1.
        seed: Decides which pixels are kept.

    Returns:
        Same shape.

    >>> round(float(keep_random(torch.ones(10, 1, 28, 28), 0.25).mean()), 1)
    0.2
    """
    chance = check_number("share", share, minimum=0.0)
    draw = torch.rand(images.shape, generator=torch.Generator().manual_seed(seed))
    return images * (draw < chance)
