"""What is known of the tensors that a model computes with: values, or shapes alone."""

from __future__ import annotations

from typing import Any

import torch

from labcode.counting.constants import READS
from labcode.counting.twins import map_tensors, tensors_in, twin

_SMALL = 4096  # elements up to which the model's own numbers are read at once
Op = torch._ops.OpOverload
Pair = tuple[torch.Tensor, torch.Tensor]


class DataNeededError(RuntimeError):
    """The model asked for the value of a tensor, which counting does not compute."""


class Values:
    """Remembers constants with their values, and what stands for the caller's tensors."""

    def __init__(self, *, exact: bool) -> None:
        """Begin with nothing.

        Args:
            exact: whether the values of the model's own tables are read, whatever their size.
        """
        self.exact = exact
        self._twins: dict[int, Pair] = {}  # id: (a tensor, its shape on meta)
        self._written: dict[int, Pair] = {}  # id: (the caller's, what it holds now: ours)
        self._constants: dict[int, torch.Tensor] = {}  # id: made in the forward, real
        self._unknown: set[int] = set()  # storages of constants that got unknown values

    def forget(self) -> None:
        """Let go of all tensors."""
        for table in (self._twins, self._written, self._constants):
            table.clear()

    def is_known(self, tensor: torch.Tensor, func: Op) -> bool:
        """Say whether an operation may use the values of a tensor."""
        ours = self._now(tensor)
        if ours is not None and ours.is_meta:
            return False
        if id(tensor) in self._constants:
            return not self._unknown or _storage(tensor) not in self._unknown
        if tensor.is_meta:
            return False
        if func._schema.name in READS or func._schema.name == "aten::lift_fresh":
            return True  # reading one value of the caller's tensor changes nothing
        if tensor.layout is not torch.strided:
            return True  # how many numbers it stores decides what it costs
        if self.exact:
            return tensor.numel() <= _SMALL or not isinstance(tensor, torch.nn.Parameter)
        return tensor.numel() <= _SMALL and not tensor.is_floating_point()

    def known(self, tensor: torch.Tensor, func: Op) -> torch.Tensor:
        """Return a tensor whose values an operation needs to tell its output's shape.

        Raises:
            DataNeededError: if they are not known.
        """
        if not self.is_known(tensor, func):
            raise DataNeededError(f"{func._schema.name} needs the values of a tensor")
        return self.real(tensor, copy=False)

    def real(self, tensor: torch.Tensor, *, copy: bool) -> torch.Tensor:
        """Return a tensor with known values; the caller's own is copied where it may be written."""
        now = self._now(tensor)
        if now is not None:
            return now
        if not copy or id(tensor) in self._constants:
            return tensor
        now = self.keep(tensor.detach().to("cpu", copy=True))
        self._written[id(tensor)] = (tensor, now)
        return now

    def keep(self, tensor: torch.Tensor) -> torch.Tensor:
        """Note a tensor as a constant, whose values are known."""
        self._constants[id(tensor)] = tensor
        return tensor

    def meta(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return what stands for a tensor where only shapes are worked out."""
        if tensor.is_meta and tensor.layout is torch.strided:
            return tensor
        now = self._now(tensor)
        if now is not None and now.is_meta:
            return now
        pair = self._twins.get(id(tensor))
        if pair is None:
            pair = self._twins[id(tensor)] = (tensor, twin(tensor))
        return pair[1]

    def forget_written(self, func: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Mark what an operation writes as unknown: its values are not computed."""
        for index, argument in enumerate(func._schema.arguments):
            if argument.alias_info is None or not argument.alias_info.is_write:
                continue
            value = args[index] if index < len(args) else kwargs.get(argument.name)
            for tensor in tensors_in(value):
                if id(tensor) in self._constants:
                    self._unknown.add(_storage(tensor))
                elif not tensor.is_meta:
                    self._written[id(tensor)] = (tensor, twin(tensor))

    def returned(self, out: Any, tensors: list[torch.Tensor]) -> Any:
        """Give a tensor back where an operation returned what stands for it (in-place)."""
        pairs = (known.get(id(t)) for t in tensors for known in (self._twins, self._written))
        originals = {id(pair[1]): pair[0] for pair in pairs if pair is not None}
        return map_tensors(out, lambda t: originals.get(id(t), t)) if originals else out

    def _now(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """Return what stands for a caller's tensor that was written or copied, if it was."""
        pair = self._written.get(id(tensor))
        return None if pair is None else pair[1]


def _storage(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
