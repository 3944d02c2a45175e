"""See every operation that a model calls, and answer it with a shape instead of arithmetic.

A dispatch mode stands below PyTorch's functions, so nothing that a model computes is missed:
modules, functional calls, operators and custom operations alike. Each tensor of the model is
replaced by a `meta` twin (shape and dtype, no data). Constants that a forward makes for itself,
such as `torch.arange(3)`, stay real, so that their values can steer the Python code.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from labcode.counting.autocasts import Autocasts
from labcode.counting.constants import (
    LIKE,
    MOVES,
    RANDOM,
    READS,
    TO_SPARSE,
    is_large,
    moved,
    shape_only,
    stub_for,
)
from labcode.counting.formulas import formula_of
from labcode.counting.free import is_free
from labcode.counting.operations import Operations, is_composite
from labcode.counting.rules import RULES
from labcode.counting.shapes import META
from labcode.counting.sparse import stored_share
from labcode.counting.tracking import Layer
from labcode.counting.twins import map_tensors, tensors_in
from labcode.counting.values import DataNeededError, Values

_MANY = 2**16  # elements up to which a constant is computed for real at once
_ALL = 2**27  # the same in a run that needs the values of constants: 512 MiB of floats
Op = torch._ops.OpOverload


class CountingMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds each operation's multiply-adds to the layer that is running."""

    # Whether PyTorch hands operations such as `torch.cond` to the mode, too.
    supports_higher_order_operators = True

    def __init__(
        self,
        layers: list[Layer],
        running: list[Layer],
        *,
        exact: bool = False,
    ) -> None:
        """Count into the last layer of `running`, a stack that the layers keep themselves.

        Args:
            layers: all layers of the model.
            running: the layers that are running, the innermost last.
            exact: whether constants of any size keep their values, and the model's own tables.
        """
        super().__init__()  # type: ignore[no-untyped-call]
        self.layers, self.running, self.exact = layers, running, exact
        self.operations = Operations()
        self.users: dict[int, Layer] = {}  # id of a parameter: the layer that first used it
        self._limit = _ALL if exact else _MANY
        self._share = (1, 1)  # numbers stored and all numbers, of the sparse tensor at work
        self._func: Any = None
        self.values = Values(exact=exact)
        self.autocasts = Autocasts()

    def add_macs(self, macs: int) -> None:
        """Add multiply-adds to the layer that is running."""
        stored, size = self._share
        macs = macs * stored // size
        self.running[-1].macs += macs
        self.operations.add(self._func, macs)

    @property
    def operation(self) -> str:
        """The name of the operation that is answered."""
        return str(self._func._schema.name)

    def refuse(self, reason: str) -> None:
        """Give up on a model whose cost depends on its data."""
        raise DataNeededError(reason)

    def note_use(self, tensor: torch.Tensor) -> None:
        """Note in which layer's call a weight works."""
        self.users.setdefault(id(tensor), self.running[-1])

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Answer one operation."""
        kwargs = kwargs or {}
        self._func = func
        rule = RULES.get(func)
        if rule is not None:
            out = rule(self, args, kwargs)
            if out is not None:
                return out
        if not isinstance(func, Op):
            raise NotImplementedError(f"{func} is an operation on functions, which has no shapes")
        tensors = list(tensors_in((args, kwargs)))
        if not tensors:
            return self._make(func, args, kwargs)
        if func._schema.name in LIKE and (made := self._make_like(func, args, kwargs)) is not None:
            return made
        if self._is_constant(func, tensors):
            if self._can_fold(func):
                return self._fold(func, args, kwargs, tensors)
            if formula_of(func) is None and is_composite(func):
                with self:
                    return func.decompose(*args, **kwargs)
        redirected = shape_only(func, args, kwargs)
        if redirected is not None:
            with self:
                return redirected()
        return self._infer(func, args, kwargs)

    def _make(self, func: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make a new tensor: real if it is not too large and not random, else on `meta`."""
        if "generator" in kwargs:
            kwargs = {**kwargs, "generator": None}
        if "device" not in {argument.name for argument in func._schema.arguments}:
            return func(*args, **kwargs)
        out = func(*args, **{**kwargs, "device": META, "pin_memory": False})
        if RANDOM in func.tags or not isinstance(out, torch.Tensor) or out.numel() > self._limit:
            return out
        return self.values.keep(func(*args, **{**kwargs, "device": "cpu", "pin_memory": False}))

    def _make_like(self, func: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make a constant that takes only its type, or shape, from another tensor."""
        stub = stub_for(func, args, self._limit)
        if stub is None:
            return None
        kwargs = {name: v for name, v in kwargs.items() if name not in ("device", "pin_memory")}
        return self.values.keep(func(stub, *args[1:], **kwargs))

    def _is_constant(self, func: Op, tensors: list[torch.Tensor]) -> bool:
        """Say whether an operation touches only constants, whose values are known."""
        size = 1
        for tensor in tensors:
            if not self.values.is_known(tensor, func):
                return False
            size *= max(tensor.numel(), 1)
        return (size <= self._limit**2 or self.exact) and RANDOM not in func.tags

    def _can_fold(self, func: Op) -> bool:
        if is_free(func) or func._schema.name in READS:
            return True
        return self.exact and formula_of(func) is not None

    def _fold(
        self, func: Op, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[torch.Tensor]
    ) -> Any:
        """Compute an operation on constants for real, never writing to the caller's tensors."""
        if func._schema.name == "aten::lift_fresh":
            return self.values.keep(args[0])
        if is_large(func, args, kwargs, self._limit):
            return self._infer(func, args, kwargs)
        copy = func._schema.name not in READS
        real_args, real_kwargs = map_tensors(
            (args, kwargs), lambda t: self.values.real(t, copy=copy)
        )
        if func._schema.name in MOVES:
            real_args, real_kwargs = moved(func, real_args, real_kwargs, torch.device("cpu"))
        if real_kwargs.get("device") is not None:
            real_kwargs["device"] = torch.device("cpu")
        out = func(*real_args, **real_kwargs)
        formula = None if is_free(func) else formula_of(func)
        if formula is not None:
            self._set_share(func, tensors)
            self.add_macs(formula(real_args, real_kwargs, out))
            self._share = (1, 1)
        return self.values.returned(map_tensors(out, self.values.keep), tensors)

    def _infer(self, func: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run an operation on `meta` twins, so that only its output's shape is worked out."""
        name = func._schema.name
        if name in READS or name in TO_SPARSE:
            raise DataNeededError(f"{name} asks for the values of a tensor")
        tensors = list(tensors_in((args, kwargs)))
        if any(t.layout is not torch.strided for t in tensors) and self._share == (1, 1):
            return self._infer_sparse(func, args, kwargs, tensors)
        if func._schema.is_mutable:
            self.values.forget_written(func, args, kwargs)
        args, kwargs = map_tensors((args, kwargs), self._meta)
        if name in MOVES:
            args, kwargs = moved(func, args, kwargs, META)
        if "device" in kwargs:
            kwargs["device"] = META
        if "generator" in kwargs:
            kwargs["generator"] = None  # the caller's one must not move on
        formula = formula_of(func)
        composite = formula is None and not is_free(func) and is_composite(func)
        if formula is not None or composite:
            args, kwargs = self.autocasts.joined((args, kwargs))
        if composite:
            with self:
                return self.values.returned(func.decompose(*args, **kwargs), tensors)
        out = func(*args, **kwargs)
        if formula is not None:
            self.add_macs(formula(args, kwargs, out))
        elif not is_free(func):
            self.running[-1].add_uncounted(name)
        return self.values.returned(out, tensors)

    def _infer_sparse(
        self, func: Op, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[torch.Tensor]
    ) -> Any:
        """Count a product with a sparse tensor by the numbers that it stores."""
        self._set_share(func, tensors)
        try:
            return self._infer(func, args, kwargs)
        finally:
            self._share = (1, 1)

    def _set_share(self, func: Op, tensors: list[torch.Tensor]) -> None:
        share = stored_share([self.values.real(t, copy=False) for t in tensors])
        if share is None:  # two sparse ones: the cost depends on where their numbers stand
            self.running[-1].add_uncounted(f"{func._schema.name} of two sparse tensors")
        self._share = share or (0, 1)

    def _meta(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return what stands for a tensor, and note where it is used."""
        stand_in = self.values.meta(tensor)
        if stand_in is not tensor:
            self.note_use(tensor)
        return stand_in
