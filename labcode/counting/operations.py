"""What each kind of operation of a model costs, and which operations are only names for others."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch


class Operations:
    """How often each operation that multiplies ran, and its multiply-adds; in running order."""

    def __init__(self) -> None:
        """Start with none."""
        self._sums: dict[str, list[int]] = {}  # name: [calls, multiply-adds]

    def add(self, func: Any, macs: int) -> None:
        """Add a call of an operation."""
        sums = self._sums.setdefault(func._schema.name, [0, 0])
        sums[0] += 1
        sums[1] += macs

    def sums(self) -> list[tuple[str, int, int]]:
        """Return (name, calls, multiply-adds), the operation that ran first at the top."""
        return [(name, calls, macs) for name, (calls, macs) in self._sums.items()]

    def reset(self, sums: list[tuple[str, int, int]]) -> None:
        """Go back to what `sums` gave."""
        self._sums = {name: [calls, macs] for name, calls, macs in sums}


@cache
def is_composite(func: torch._ops.OpOverload) -> bool:
    """Say whether an operation is only a name for others, which PyTorch can split it into."""
    key = torch._C.DispatchKey.CompositeImplicitAutograd
    overload = func._overloadname
    suffix = "" if overload == "default" else f".{overload}"
    has = torch._C._dispatch_has_kernel_for_dispatch_key(str(func._schema.name) + suffix, key)
    return key in func.py_kernels or bool(has)
