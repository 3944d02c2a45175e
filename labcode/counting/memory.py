"""Which memory a tensor stands for: a forward may give it another by `weight.data = ...`."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from labcode.counting.shapes import below_autograd


class Memory:
    """The memory, shape, gradient and flag of a tensor; its numbers are not copied."""

    __slots__ = ["alias", "flag", "grad", "leaf", "place", "shape", "stride", "tensor"]

    def __init__(self, tensor: torch.Tensor) -> None:
        """Remember them."""
        self.tensor, self.alias = tensor, tensor.detach()
        self.place, self.shape, self.stride = tensor.data_ptr(), tensor.shape, tensor.stride()
        self.flag, self.leaf = tensor.requires_grad, tensor.is_leaf
        self.grad = tensor.grad if self.leaf else None

    def restore(self) -> None:
        """Give the tensor back what it had; do nothing if it still has it."""
        tensor = self.tensor
        same = tensor.data_ptr() == self.place and tensor.shape == self.shape
        if not same or tensor.stride() != self.stride or tensor.dtype is not self.alias.dtype:
            with below_autograd(), _AnyMemory():  # type: ignore[no-untyped-call]
                tensor.data = self.alias
        if self.leaf:
            if tensor.requires_grad is not self.flag:
                tensor.requires_grad_(self.flag)
            if tensor.grad is not self.grad:
                tensor.grad = self.grad


class _AnyMemory(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Lets a tensor that got a memory on `meta` have its real one again."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        fits = func is torch.ops.aten._has_compatible_shallow_copy_type.default
        return fits or func(*args, **(kwargs or {}))
