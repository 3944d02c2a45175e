"""The setting in which a model is counted: no gradients, no autocast, no fast paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.amp import autocast_mode

from labcode.counting.shapes import below_autograd

_UTILS: Any = torch._higher_order_ops.utils
_COMPILED = "_hop_compile_and_call"  # how PyTorch runs `torch.cond` and the like: compiled


@contextmanager
def plain_setting() -> Iterator[None]:
    """Enter the setting, and bring back the caller's at the end."""
    fast = torch.backends.mha.get_fastpath_enabled()
    with torch.no_grad(), below_autograd(), ExitStack() as stack:
        for device in filter(torch.is_autocast_enabled, ("cpu", "cuda")):
            # Autocast would cast the model's own weights, and could keep their twins in its cache.
            stack.enter_context(torch.autocast(device, enabled=False))
        init = autocast_mode.autocast.__init__
        stack.enter_context(_replaced(autocast_mode.autocast, "__init__", _without_meta(init)))
        if hasattr(_UTILS, _COMPILED):
            stack.enter_context(_replaced(_UTILS, _COMPILED, _uncompiled))
        # The fast paths leave out padding, which depends on the values of a mask.
        torch.backends.mha.set_fastpath_enabled(False)
        stack.callback(torch.backends.mha.set_fastpath_enabled, fast)
        yield


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _without_meta(init: Callable[..., None]) -> Callable[..., None]:
    """Let a model ask for autocast on its input's device, which is `meta` while it is counted."""

    def __init__(self: Any, device_type: str, *args: Any, **kwargs: Any) -> None:
        if device_type == "meta":
            device_type, args, kwargs = "cpu", (), {"enabled": False}
        init(self, device_type, *args, **kwargs)

    return __init__


def _uncompiled(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    return function(*args)
