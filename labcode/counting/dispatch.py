"""See every operation that a model calls, and answer it with a shape instead of arithmetic.

A dispatch mode stands below PyTorch's functions, so nothing that a model computes is missed:
modules, functional calls, operators and custom operations alike. Each tensor of the model is
replaced by a `meta` twin (shape and dtype, no data). Small constants that a forward makes for
itself, such as `torch.arange(3)`, stay real, so that their values can steer the Python code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from labcode.counting.formulas import formula_of
from labcode.counting.free import is_free
from labcode.counting.rules import RULES
from labcode.counting.shapes import META
from labcode.counting.tracking import Layer

_SMALL = 4096  # elements up to which a constant is computed for real
_READS = frozenset({"aten::item", "aten::_local_scalar_dense", "aten::is_nonzero", "aten::equal"})
_MOVES = frozenset({"aten::to", "aten::_to_copy"})
_RANDOM = torch.Tag.nondeterministic_seeded
Op = torch._ops.OpOverload
Pair = tuple[torch.Tensor, torch.Tensor]


class DataNeededError(RuntimeError):
    """The model asked for the value of a tensor, which counting does not compute."""


class CountingMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds each operation's multiply-adds to the layer that is running."""

    def __init__(self, running: list[Layer]) -> None:
        """Count into the last layer of `running`, a stack that the layers keep themselves."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.running = running
        self._twins: dict[int, Pair] = {}  # id: (a tensor, its shape on meta)
        self._written: dict[int, Pair] = {}  # id: (the caller's, what it holds now: ours)
        self._constants: dict[int, torch.Tensor] = {}  # id: made in the forward, real
        self._unknown: set[int] = set()  # storages of constants that got unknown values

    def add_macs(self, macs: int) -> None:
        """Add multiply-adds to the layer that is running."""
        self.running[-1].macs += macs

    def __torch_dispatch__(
        self, func: Op, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Answer one operation."""
        kwargs = kwargs or {}
        rule = RULES.get(func)
        if rule is not None:
            out = rule(self, args, kwargs)
            if out is not None:
                return out
        tensors = list(_tensors((args, kwargs)))
        if not tensors:
            return self._make(func, args, kwargs)
        if self._is_constant(func, tensors):
            if is_free(func) or func._schema.name in _READS:
                return self._fold(func, args, kwargs, tensors)
            if formula_of(func) is None and is_composite(func):
                with self:
                    return func.decompose(*args, **kwargs)
        return self._infer(func, args, kwargs)

    def _make(self, func: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make a new tensor: real if small and not random, else on `meta`."""
        kwargs = {name: value for name, value in kwargs.items() if name != "generator"}
        if "device" not in {argument.name for argument in func._schema.arguments}:
            return func(*args, **kwargs)
        out = func(*args, **{**kwargs, "device": META, "pin_memory": False})
        if _RANDOM in func.tags or not isinstance(out, torch.Tensor) or out.numel() > _SMALL:
            return out
        return self._keep(func(*args, **{**kwargs, "device": "cpu", "pin_memory": False}))

    def _is_constant(self, func: Op, tensors: list[torch.Tensor]) -> bool:
        """Say whether an operation touches only small constants, whose values are known."""
        size = 1
        for tensor in tensors:
            if not self._is_known(tensor, func):
                return False
            size *= max(tensor.numel(), 1)
        return size <= _SMALL**2 and _RANDOM not in func.tags

    def _is_known(self, tensor: torch.Tensor, func: Op) -> bool:
        ours = self._now(tensor)
        if tensor.is_meta or (ours is not None and ours.is_meta):
            return False
        if id(tensor) in self._constants:
            return not self._unknown or _storage(tensor) not in self._unknown
        if func._schema.name in _READS or func._schema.name == "aten::lift_fresh":
            return True  # reading one value of the caller's tensor changes nothing
        return tensor.numel() <= _SMALL and not tensor.is_floating_point()

    def _fold(
        self, func: Op, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[torch.Tensor]
    ) -> Any:
        """Compute an operation on constants for real, never writing to the caller's tensors."""
        if func._schema.name == "aten::lift_fresh":
            return self._keep(args[0])
        if _is_large(func, args, kwargs):
            return self._infer(func, args, kwargs)
        copy = func._schema.name not in _READS
        real_args, real_kwargs = _map((args, kwargs), lambda t: self._real(t, copy=copy))
        if func._schema.name in _MOVES:
            real_args, real_kwargs = _moved(func, real_args, real_kwargs, torch.device("cpu"))
        out = func(*real_args, **real_kwargs)
        return self._returned(_map(out, self._keep), tensors)

    def _infer(self, func: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run an operation on `meta` twins, so that only its output's shape is worked out."""
        name = func._schema.name
        if name in _READS:
            raise DataNeededError(f"{name} asks for the value of a tensor")
        tensors = list(_tensors((args, kwargs)))
        if func._schema.is_mutable:
            self._forget_written(func, args, kwargs)
        args, kwargs = _map((args, kwargs), self._meta)
        if name in _MOVES:
            args, kwargs = _moved(func, args, kwargs, META)
        if "device" in kwargs:
            kwargs["device"] = META
        kwargs.pop("generator", None)
        formula = formula_of(func)
        if formula is None and not is_free(func) and is_composite(func):
            with self:
                return self._returned(func.decompose(*args, **kwargs), tensors)
        out = func(*args, **kwargs)
        if formula is not None:
            self.add_macs(formula(args, kwargs, out))
        elif not is_free(func):
            self.running[-1].add_uncounted(name)
        return self._returned(out, tensors)

    def _forget_written(self, func: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Mark what an operation writes as unknown: its values are not computed."""
        for index, argument in enumerate(func._schema.arguments):
            if argument.alias_info is None or not argument.alias_info.is_write:
                continue
            value = args[index] if index < len(args) else kwargs.get(argument.name)
            for tensor in _tensors(value):
                if id(tensor) in self._constants:
                    self._unknown.add(_storage(tensor))
                elif not tensor.is_meta:
                    self._written[id(tensor)] = (tensor, _twin(tensor))

    def _now(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """Return what stands for a caller's tensor that was written or copied, if it was."""
        pair = self._written.get(id(tensor))
        return None if pair is None else pair[1]

    def _meta(self, tensor: torch.Tensor) -> torch.Tensor:
        if tensor.is_meta:
            return tensor
        now = self._now(tensor)
        if now is not None and now.is_meta:
            return now
        pair = self._twins.get(id(tensor))
        if pair is None:
            pair = self._twins[id(tensor)] = (tensor, _twin(tensor))
        return pair[1]

    def _real(self, tensor: torch.Tensor, *, copy: bool) -> torch.Tensor:
        """Return a tensor with known values; the caller's own is copied (it is small)."""
        now = self._now(tensor)
        if now is not None:
            return now
        if not copy or id(tensor) in self._constants:
            return tensor
        with torch.inference_mode(False):
            now = self._keep(tensor.detach().to("cpu", copy=True))
        self._written[id(tensor)] = (tensor, now)
        return now

    def _keep(self, tensor: torch.Tensor) -> torch.Tensor:
        self._constants[id(tensor)] = tensor
        return tensor

    def _returned(self, out: Any, tensors: list[torch.Tensor]) -> Any:
        """Give a tensor back where an operation returned what stands for it (in-place)."""
        pairs = (known.get(id(t)) for t in tensors for known in (self._twins, self._written))
        originals = {id(pair[1]): pair[0] for pair in pairs if pair is not None}
        return _map(out, lambda t: originals.get(id(t), t)) if originals else out


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)


def _map(value: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, (tuple, list)):
        return type(value)(_map(item, change) for item in value)
    if isinstance(value, dict):
        return {key: _map(item, change) for key, item in value.items()}
    return value


@torch.inference_mode(False)
def _twin(tensor: torch.Tensor) -> torch.Tensor:
    """Return an empty tensor like another; an ordinary one, whose views PyTorch can keep apart."""
    if tensor.layout is not torch.strided:
        return torch.empty(tensor.shape, dtype=tensor.dtype, device=META)
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device=META)


def _storage(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


@cache
def is_composite(func: Op) -> bool:
    """Say whether an operation is only a name for others, which PyTorch can split it into."""
    key = torch._C.DispatchKey.CompositeImplicitAutograd
    overload = func._overloadname
    suffix = "" if overload == "default" else f".{overload}"
    has = torch._C._dispatch_has_kernel_for_dispatch_key(str(func._schema.name) + suffix, key)
    return key in func.py_kernels or bool(has)


def _is_large(func: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Say whether an operation on constants has a large result; False if that depends on data."""
    if func.is_view or func._schema.is_mutable or func._schema.name in _READS:
        return False
    try:
        args, kwargs = _map((args, kwargs), _twin)
        if func._schema.name in _MOVES:
            args, kwargs = _moved(func, args, kwargs, META)
        if "device" in kwargs:
            kwargs["device"] = META
        out = func(*args, **kwargs)
    except (RuntimeError, NotImplementedError):
        return False
    return any(tensor.numel() > _SMALL for tensor in _tensors(out))


def _moved(
    func: Op, args: tuple[Any, ...], kwargs: dict[str, Any], device: torch.device
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a move (`x.to(...)`) with the device replaced."""
    names = [argument.name for argument in func._schema.arguments]
    at = names.index("device") if "device" in names else len(args)
    if at < len(args):
        args = (*args[:at], device, *args[at + 1 :])
    elif kwargs.get("device") is not None:
        kwargs = {**kwargs, "device": device}
    return args, kwargs
