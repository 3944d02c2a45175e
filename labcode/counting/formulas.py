"""Multiply-adds of single operations, from their tensors' shapes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import torch
from torch.utils.flop_counter import flop_registry

aten = torch.ops.aten
Formula = Callable[[tuple[Any, ...], dict[str, Any], Any], int]


def convolution_macs(weight_shape: torch.Size, out_shape: torch.Size) -> int:
    """Return a convolution's multiply-adds.

    Args:
        weight_shape: (C_out, C_in / groups, *kernel).
        out_shape: output, (N, C_out, *size).

    Returns:
        Multiply-adds for the whole batch.
    """
    return out_shape[0] * prod(out_shape[2:]) * weight_shape.numel()


def linear_macs(args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int:
    """Return a linear layer's multiply-adds: one per output and input feature."""
    return int(out.numel() * args[0].shape[-1])


def attention_macs(query: torch.Size, key: torch.Size, value: torch.Size) -> int:
    """Return the multiply-adds of softmax(Q K^T) V.

    Args:
        query: (..., L, E).
        key: (..., S, E).
        value: (..., S, E_v).

    Returns:
        Multiply-adds of both products; a mask saves none.
    """
    return prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def _vector_product(args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int:
    return int(args[0].numel())  # mv: (n, m) @ (m,); dot: (n,) @ (n,)


def _addmv(args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int:
    return int(args[1].numel())


def _addbmm(args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int:
    return int(args[1].numel() * args[2].shape[-1])  # (B, n, m) @ (B, m, p)


def _addr(args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int:
    return int(args[1].numel() * args[2].numel())


def _bilinear(args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int:
    outputs, in1, in2 = args[2].shape  # x1 W: (..., out, in2), then with x2: (..., out)
    batch = out.numel() // outputs
    return int(batch * outputs * in2 * (in1 + 1))


def _mm(args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int:
    return int(args[0].numel() * args[1].shape[-1])  # (n, m) @ (m, p)


def _added_mm(args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int:
    return int(args[1].numel() * args[2].shape[-1])


# Operations PyTorch's own counter has no formula for, or that are counted before it splits them.
_OWN: dict[str, Formula] = {
    "aten::linear": linear_macs,
    "aten::mv": _vector_product,
    "aten::dot": _vector_product,
    "aten::vdot": _vector_product,
    "aten::addmv": _addmv,
    "aten::addmv_": _addmv,
    "aten::addr": _addr,
    "aten::addbmm": _addbmm,
    "aten::addbmm_": _addbmm,
    "aten::bilinear": _bilinear,
    "aten::_sparse_mm": _mm,
    "aten::smm": _mm,
    "aten::hspmm": _mm,
    "aten::_sparse_addmm": _added_mm,
    "aten::sspaddmm": _added_mm,
}
_SAME_AS = {"aten::addmm_": aten.addmm, "aten::baddbmm_": aten.baddbmm}


def formula_of(func: torch._ops.OpOverload) -> Formula | None:
    """Return the formula for an operation's multiply-adds, or None where there is none.

    Args:
        func: an operation as PyTorch's dispatcher names it.

    Returns:
        A function of the operation's arguments, keywords and result; PyTorch's own formulas
        (`torch.utils.flop_counter`) give two for a multiply-add and are halved.
    """
    name = func._schema.name
    if name in _OWN:
        return _OWN[name]
    # Looked up each time: `register_flop_formula` may add one between two counts.
    flops = flop_registry.get(_SAME_AS.get(name, func.overloadpacket))
    return None if flops is None else partial(_halved, flops)


def _halved(flops: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int:
    return int(flops(*args, **kwargs, out_val=out)) // 2
