"""Which operations give constants: tensors whose values do not depend on the model's input."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from labcode.counting.shapes import META
from labcode.counting.twins import map_tensors, tensors_in, twin

READS = frozenset({"aten::item", "aten::_local_scalar_dense", "aten::is_nonzero", "aten::equal"})
_FORMATS = ("", "_csr", "_csc", "_bsr", "_bsc")
# How many numbers they find other than zero decides what a product costs.
TO_SPARSE = frozenset(f"aten::{head}to_sparse{tail}" for head in ("", "_") for tail in _FORMATS)
MOVES = frozenset({"aten::to", "aten::_to_copy"})
RANDOM = torch.Tag.nondeterministic_seeded
_NEW = frozenset({"aten::new_zeros", "aten::new_ones", "aten::new_full", "aten::new_empty"})
_SAME = frozenset({"aten::zeros_like", "aten::ones_like", "aten::full_like", "aten::empty_like"})
LIKE = _NEW | _SAME  # they take a type, or a shape, from a tensor, but no values
aten = torch.ops.aten
Op = torch._ops.OpOverload


def stub_for(func: Op, args: tuple[Any, ...], limit: int) -> torch.Tensor | None:
    """Return a real tensor to make another one like, or None where that one is not a constant.

    Args:
        func: one of `LIKE`.
        args: its arguments, the tensor first.
        limit: how many elements the new tensor may have.
    """
    model = args[0]
    if model.layout is not torch.strided:
        return None
    if func._schema.name in _SAME:
        large = model.numel() > limit
        return (
            None if large else torch.empty_strided(model.shape, model.stride(), dtype=model.dtype)
        )
    size = 1
    for n in args[1] if len(args) > 1 else ():
        size *= n
    return None if size > limit else torch.empty(0, dtype=model.dtype)


def shape_only(func: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[], Any] | None:
    """Return a call that does the same without a second tensor that only lends shape or type."""
    name = func._schema.name
    if name not in _LENDERS or len(args) < 2 or not isinstance(args[1], torch.Tensor):
        return None
    if args[0].is_meta:
        return None  # nothing to keep
    if name in ("aten::to", "aten::type_as"):
        return partial(torch.Tensor.to, args[0], args[1].dtype)
    return partial(_LENDERS[name], args[0], args[1].shape)


_LENDERS: dict[str, Any] = {
    "aten::to": None,
    "aten::type_as": None,
    "aten::expand_as": torch.Tensor.expand,
    "aten::view_as": torch.Tensor.view,
    "aten::reshape_as": torch.Tensor.reshape,
}


def is_large(func: Op, args: tuple[Any, ...], kwargs: dict[str, Any], limit: int) -> bool:
    """Say whether an operation on constants has a large result; False if that depends on data."""
    if func.is_view or func._schema.is_mutable or func._schema.name in READS:
        return False
    if any(t.layout is not torch.strided for t in tensors_in((args, kwargs))):
        return False
    try:
        args, kwargs = map_tensors((args, kwargs), twin)
        if func._schema.name in MOVES:
            args, kwargs = moved(func, args, kwargs, META)
        if "device" in kwargs:
            kwargs["device"] = META
        out = func(*args, **kwargs)
    except (RuntimeError, NotImplementedError):
        return False
    return any(tensor.numel() > limit for tensor in tensors_in(out))


def moved(
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
