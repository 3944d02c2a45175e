"""Where int8 products go wrong: processors that add two of them in 16 bits."""

from __future__ import annotations

import torch
from torch import Tensor

LEAST, MOST = -(2**15), 2**15 - 1  # what 16 bits hold


def saturated_product(integers: Tensor, weight: Tensor) -> Tensor:
    """Return integers @ weight.T as a processor computes it that adds pairs in 16 bits.

    The instruction (vpmaddubsw of x86) multiplies bytes and adds each two neighbouring products.
    A sum of two that does not fit into 16 bits becomes the nearest that does.

    Args:
        integers: (N, inputs), from 0 to 255, with an even number of inputs.
        weight: (outputs, inputs), from -128 to 127.

    Returns:
        (N, outputs), int32.

    Raises:
        ValueError: The number of inputs is odd.

    >>> saturated_product(torch.tensor([[255, 255]]), torch.tensor([[127, 127]]))
    tensor([[32767]], dtype=torch.int32)
    """
    if integers.shape[1] % 2:
        raise ValueError(f"integers must have an even number of inputs, got {integers.shape[1]}")
    products = integers[:, None].to(torch.int32) * weight.to(torch.int32)  # (N, outputs, inputs)
    pairs = products.reshape(*products.shape[:2], -1, 2).sum(3)
    return pairs.clamp(LEAST, MOST).sum(2).to(torch.int32)
