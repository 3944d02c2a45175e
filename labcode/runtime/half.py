"""Where a network computes in half precision, although its weights are float32."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from labcode._copied import copied
from labcode._refusals import called

HALF = (torch.bfloat16, torch.float16)


def half_inside(model: nn.Module, inputs: tuple[Tensor, ...]) -> str:
    """Say which layer first makes numbers in half precision, and how; nothing if none does.

    Args:
        model: In evaluation mode; left as it is.
        inputs: What it takes.

    >>> class Halved(nn.Module):
    ...     def forward(self, x):
    ...         return x.bfloat16().relu().float()
    >>> half_inside(nn.Sequential(Halved()), (torch.ones(1, 2),))
    "'0' computes in bfloat16 (by _to_copy)"
    """
    twin, running = copied(model), [""]

    def left(*_: Any) -> None:  # a hook that returned something would change the output
        running.pop()

    for name, module in twin.named_modules():
        module.register_forward_pre_hook(lambda *_, name=name: running.append(name))
        module.register_forward_hook(left)
    seen = _Halves(running)
    with torch.no_grad(), seen:
        twin(*inputs)
    return seen.first


class _Halves(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the first operation that makes numbers in half precision."""

    def __init__(self, running: list[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.running, self.first = running, ""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Let the operation run, and look at what it makes."""
        found = func(*args, **(kwargs or {}))
        halves = [x.dtype for x in tree_leaves(found) if isinstance(x, Tensor) and x.dtype in HALF]
        if halves and not self.first:
            dtype = str(halves[0]).removeprefix("torch.")
            operation = str(func).split(".")[1]
            self.first = f"{called(self.running[-1])} computes in {dtype} (by {operation})"
        return found
