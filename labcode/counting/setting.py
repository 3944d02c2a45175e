"""The setting in which a model is counted: no gradients, no autocast, no fast paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from labcode.counting.autocasts import Autocasts
from labcode.counting.replaced import replaced
from labcode.counting.shapes import below_autograd

_UTILS: Any = torch._higher_order_ops.utils
_COMPILED = "_hop_compile_and_call"  # how PyTorch runs `torch.cond` and the like: compiled


@contextmanager
def plain_setting(autocasts: Autocasts) -> Iterator[None]:
    """Enter the setting, and bring back the caller's at the end.

    Args:
        autocasts: Notes those that the model asks for.
    """
    fast = torch.backends.mha.get_fastpath_enabled()
    with torch.no_grad(), below_autograd(), ExitStack() as stack:
        for device in filter(torch.is_autocast_enabled, ("cpu", "cuda")):
            # Autocast would cast the model's own weights, and could keep their twins in its cache.
            stack.enter_context(torch.autocast(device, enabled=False))
        stack.enter_context(autocasts.noted())
        if hasattr(_UTILS, _COMPILED):
            stack.enter_context(replaced(_UTILS, _COMPILED, _uncompiled))
        # The fast paths leave out padding, which depends on the values of a mask.
        torch.backends.mha.set_fastpath_enabled(False)
        stack.callback(torch.backends.mha.set_fastpath_enabled, fast)
        yield


def _uncompiled(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    return function(*args)
