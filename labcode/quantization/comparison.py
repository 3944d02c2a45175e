"""Compare before handing over: two networks run on the same images, and one sentence if they part.

A network that was changed on purpose (its batch norm folded, its numbers made integers) has an
oracle at hand: the network from which it was made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from labcode._copied import copied
from labcode._walk import shapes_of

PROBES = 4  # images of a comparison: two of pixels from 0 to 1, two of a bell around 0


def probes(input_shape: Sequence[int], dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Return images to compare networks on, always the same ones: (4, *shape) for each input.

    Args:
        input_shape: The shape of one image, such as (channels, height, width); for several inputs
            a list of shapes.
        dtype: Of the images.

    >>> [images.shape for images in probes((3, 8, 8))]
    [torch.Size([4, 3, 8, 8])]
    """
    generator = torch.Generator().manual_seed(0)
    return [_drawn(shape, generator).to(dtype) for shape in shapes_of(input_shape)]


def _drawn(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    pixels = torch.rand(PROBES // 2, *shape, generator=generator)
    bell = torch.randn(PROBES - PROBES // 2, *shape, generator=generator)
    return torch.cat([pixels, bell])


@torch.no_grad()
def answers(model: nn.Module, *inputs: Tensor) -> list[Tensor]:
    """Return all tensors that a copy of a model, in evaluation mode, answers with.

    Where chance plays a part, such as dropout that never ends, it is the same in each call.

    Args:
        model: Any module that takes tensors; it is left as it is, its buffers too.
        inputs: What it takes, such as images (N, C, H, W).
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        found: Any = copied(model).eval()(*(images.clone() for images in inputs))
    return [leaf.detach() for leaf in tree_leaves(found) if isinstance(leaf, Tensor)]


def largest_gap(wanted: Tensor, got: Tensor) -> float:
    """Return the largest difference, as a part of the largest value that was wanted.

    >>> largest_gap(torch.tensor([4.0, 1.0]), torch.tensor([4.0, 2.0]))
    0.25
    """
    gap = float((got.double() - wanted.double()).abs().max()) if wanted.numel() else 0.0
    return _part(gap, float(wanted.double().abs().max()) if wanted.numel() else 0.0)


def mean_gap(wanted: Tensor, got: Tensor) -> float:
    """Return the root mean squared difference, as a part of the root mean square wanted.

    It is 1 for an answer of nothing but zeros, and about 1.4 for an answer to another image.

    >>> mean_gap(torch.tensor([3.0, 4.0]), torch.tensor([0.0, 0.0]))
    1.0
    """
    return _part(float((got.double() - wanted.double()).norm()), float(wanted.double().norm()))


def _part(gap: float, size: float) -> float:
    """Return gap / size; infinity for what is not a number."""
    if not math.isfinite(gap) or not math.isfinite(size):
        return math.inf
    return gap / max(size, 1e-30) if gap else 0.0


def check_same(
    made: str,
    source: str,
    wanted: Sequence[Tensor],
    got: Sequence[Tensor],
    *,
    tolerance: float,
    measure: Callable[[Tensor, Tensor], float] = largest_gap,
    error: type[ValueError] = ValueError,
) -> None:
    """Refuse what does not answer as its source does.

    Args:
        made: What was made, such as "the folded LeNet".
        source: What it was made from.
        wanted: The source's answers.
        got: The answers of what was made, as many and of the same shapes.
        tolerance: The largest part by which an answer may be off.
        measure: `largest_gap` or `mean_gap`.
        error: The error to raise.

    Raises:
        ValueError: The answers differ in number, in shape or by more than the tolerance, or one
            is NaN or infinite. (A subclass of it, if ``error`` is one.)
    """
    if [t.shape for t in wanted] != [t.shape for t in got]:
        shapes = [[tuple(t.shape) for t in tensors] for tensors in (got, wanted)]
        raise error(f"{made} answers in shapes {shapes[0]}, and {source} in {shapes[1]}")
    for name, tensors in ((source, wanted), (made, got)):
        if not all(bool(t.isfinite().all()) for t in tensors):
            raise error(f"{name} answers with NaN or infinity, so nothing can be compared")
    off = max((measure(a, b) for a, b in zip(wanted, got, strict=True)), default=0.0)
    if not off <= tolerance:
        raise error(
            f"{made} does not answer as {source} does: its answers are off by {off:.2g} of "
            f"their size, and {tolerance:g} is allowed"
        )
