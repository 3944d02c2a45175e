"""Stand-ins for a model's tensors: their shape and dtype on `meta`, without their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import nn

from labcode.counting.shapes import META

_PLAIN = (torch.Tensor, nn.Parameter, nn.Buffer)


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors in nested tuples, lists and dicts, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item)


def map_tensors(value: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """Return a nested value with each tensor changed; tuples with names keep them."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return tuple.__new__(type(value), (map_tensors(item, change) for item in value))
    if isinstance(value, (tuple, list)):
        return type(value)(map_tensors(item, change) for item in value)
    if isinstance(value, dict):
        return {key: map_tensors(item, change) for key, item in value.items()}
    return value


def twin(tensor: torch.Tensor) -> torch.Tensor:
    """Return an empty tensor on `meta` like another; a dense one for a sparse one."""
    if tensor.layout is not torch.strided:
        return torch.empty(tensor.shape, dtype=tensor.dtype, device=META)
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device=META)


class Twins:
    """Twins that stand in a model for its tensors, so that it may even replace their memory.

    A forward that writes `weight.data = ...` cannot give a real tensor a memory on `meta`.
    """

    def __init__(self) -> None:
        """Start without any."""
        self.pairs: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}  # id: (a tensor, its twin)
        self.sources: dict[int, torch.Tensor] = {}  # id of a twin: the tensor it stands for

    def put_into(self, modules: Iterable[nn.Module]) -> None:
        """Replace the tensors that modules hold, and those that their attributes hold."""
        for module in modules:
            if isinstance(module, torch.jit.ScriptModule):
                continue
            for place in (module._parameters, module._buffers, module.__dict__):
                self._replace(place)

    def _replace(self, place: dict[str, Any]) -> None:
        for name, value in place.items():
            if type(value) in _PLAIN and value.layout is torch.strided:
                place[name] = self._of(value)
            elif type(value) is list:
                value[:] = [self._of(v) if type(v) in _PLAIN else v for v in value]
            elif type(value) is dict and name not in ("_parameters", "_buffers", "_modules"):
                self._replace(value)

    def _of(self, tensor: torch.Tensor) -> torch.Tensor:
        if id(tensor) in self.sources:
            return tensor
        pair = self.pairs.get(id(tensor))
        if pair is None:
            other = twin(tensor)
            if isinstance(tensor, nn.Parameter):
                other = nn.Parameter(other, tensor.requires_grad)
            self.pairs[id(tensor)] = pair = (tensor, other)
            self.sources[id(other)] = tensor
            other.__dict__.update(tensor.__dict__)
            self._replace(other.__dict__)
        return pair[1]
