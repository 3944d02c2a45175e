"""What sparse tensors store: products with them cost as much as they store, not as their shape."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def stored(tensor: torch.Tensor) -> int:
    """Return how many numbers a tensor stores, in any layout.

    >>> stored(torch.eye(3).to_sparse_csr()), stored(torch.eye(3))
    (3, 9)
    """
    if tensor.layout is torch.strided:
        return tensor.numel()
    values = tensor._values() if tensor.layout is torch.sparse_coo else tensor.values()
    return int(values.numel())


def stored_share(tensors: Sequence[torch.Tensor]) -> tuple[int, int] | None:
    """Return how many numbers the one sparse tensor stores, and how many its shape has.

    Args:
        tensors: the arguments of a product.

    Returns:
        Both, so that their ratio is exact; None if two of the tensors are sparse.

    >>> stored_share([torch.eye(4).to_sparse(), torch.ones(4, 2)])
    (4, 16)
    """
    sparse = [t for t in tensors if t.layout is not torch.strided]
    if len(sparse) > 1:
        return None
    if not sparse:
        return 1, 1
    return stored(sparse[0]), max(sparse[0].numel(), 1)
