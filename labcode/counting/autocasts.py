"""The autocasts that a model asks for: none casts anything while it is counted, each is noted.

A real one would cast the model's own weights and not the `meta` stand-ins of its input.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.amp import autocast_mode

from labcode.counting.replaced import replaced
from labcode.counting.twins import map_tensors, tensors_in

_AUTOCAST = autocast_mode.autocast
_METHODS = ("__init__", "__enter__", "__exit__")


class Autocasts:
    """The dtypes that the autocasts around the running code ask for, the innermost last."""

    def __init__(self) -> None:
        """Begin with none."""
        self._asked: list[torch.dtype | None] = []

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note each autocast that this thread enters, instead of entering it."""
        init, enter, leave = (getattr(_AUTOCAST, name) for name in _METHODS)
        here = threading.get_ident()

        def prepare(autocast: Any, device_type: str, *args: Any, **kwargs: Any) -> None:
            # A model may ask for its input's device, which is `meta` while it is counted.
            init(autocast, "cpu" if device_type == "meta" else device_type, *args, **kwargs)

        def note(autocast: Any) -> Any:
            if threading.get_ident() != here:
                return enter(autocast)
            self._asked.append(autocast.fast_dtype if autocast._enabled else None)
            return autocast

        def forget(autocast: Any, *error: object) -> Any:
            if threading.get_ident() != here:
                return leave(autocast, *error)
            self._asked.pop()
            return False

        with ExitStack() as stack:
            for name, method in zip(_METHODS, (prepare, note, forget), strict=True):
                stack.enter_context(replaced(_AUTOCAST, name, method))
            yield

    def joined(self, values: Any) -> Any:
        """Return the arguments of a product in one dtype, where an autocast would see to that.

        Args:
            values: Nested arguments, with tensors on `meta`.
        """
        dtype = self._asked[-1] if self._asked else None
        if dtype is None:
            return values
        floats = {tensor.dtype for tensor in tensors_in(values) if _is_cast(tensor)}
        if len(floats) < 2:
            return values
        return map_tensors(values, lambda tensor: tensor.to(dtype) if _is_cast(tensor) else tensor)


def _is_cast(tensor: torch.Tensor) -> bool:
    """Tell whether an autocast would touch a tensor: it leaves float64 alone."""
    return tensor.is_floating_point() and tensor.dtype != torch.float64
