"""Direct rules for frequent operations: the output's shape at once, without asking PyTorch.

`RULES` holds these, which cost no multiply-adds, and those of `products`. A rule gives None where
the case is unusual or wrong: then PyTorch itself decides, and raises its own error.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import torch

from labcode.counting.branches import COND, cond
from labcode.counting.packed import packed_rules
from labcode.counting.products import PRODUCTS, Args, Rule
from labcode.counting.sequences import PACK, PAD, pack, pad
from labcode.counting.shapes import as_tuple, broadcast, empty, window

if TYPE_CHECKING:
    from labcode.counting.dispatch import CountingMode

aten = torch.ops.aten


def _batch_norm(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x = args[0]
    if not x.is_meta or x.dim() < 2:
        return None
    if any(t is not None and t.shape != x.shape[1:2] for t in args[1:5]):
        return None
    return empty(x.shape, x)


def _layer_norm(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x, shape = args[0], list(args[1])
    if not x.is_meta or list(x.shape[-len(shape) :]) != shape:
        return None
    return empty(x.shape, x)


def _same(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    """Rule for one tensor in, one of the same shape and dtype out."""
    x = args[0]
    if kwargs and not kwargs.keys() <= {"approximate", "inplace"}:
        return None
    return empty(x.shape, x) if x.is_meta and x.is_floating_point() else None


def _same_in_place(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x = args[0]
    return x if x.is_meta and x.is_floating_point() else None


def _binary(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    """Rule for two float tensors of one dtype, or one and a number."""
    x, y = args[0], args[1]
    if kwargs or not x.is_floating_point():
        return None
    if not isinstance(y, torch.Tensor):
        return None if isinstance(y, complex) or not x.is_meta else empty(x.shape, x)
    if x.dtype is not y.dtype or not (x.is_meta or y.is_meta) or not x.dim() or not y.dim():
        return None
    shape = x.shape if x.shape == y.shape else broadcast(x.shape, y.shape)
    return None if shape is None else empty(shape, x)


def _softmax(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x, axis, *dtype = args
    wrong = not -x.dim() <= axis < x.dim() or any(dtype) or kwargs.get("dtype")
    return None if wrong or not x.is_meta else empty(x.shape, x)


def _masked_fill(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x, mask = args[0], args[1]
    shape = broadcast(x.shape, mask.shape)
    return empty(shape, x) if x.is_meta and shape is not None else None


def _contiguous(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    return args[0] if args[0].is_meta else None


def _binary_in_place(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x, y = args[0], args[1]
    same = isinstance(y, torch.Tensor) and y.shape == x.shape and y.dtype is x.dtype
    return x if same and x.is_meta and not kwargs else None


def _dropout(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x = args[0]
    return empty(x.shape, x) if x.is_meta else None


def _pool(mode: CountingMode, args: Args, kwargs: dict[str, Any], average: bool) -> Any:
    """Rule for max_pool2d and avg_pool2d."""
    defaults: Args = ((), 0, False) if average else ((), 0, 1, False)
    x, kernel = args[0], args[1]
    stride, padding, *rest = (*args[2:], *defaults[len(args) - 2 :])
    if kwargs or not x.is_meta or x.dim() != 4:
        return None
    dilation, ceil = (1, rest[0]) if average else (rest[0], rest[1])
    kernel, padding, dilation = (as_tuple(value, 2) for value in (kernel, padding, dilation))
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        return None
    strides = as_tuple(stride, 2) or kernel
    size = window(x.shape[2:], kernel, strides, padding, dilation, ceil)
    return size and empty((*x.shape[:2], *size), x)  # (N, C, H_out, W_out)


def _max_pool(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    return _pool(mode, args, kwargs, average=False)


def _avg_pool(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    return _pool(mode, args, kwargs, average=True)


def _adaptive_pool(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x, size = args[0], tuple(args[1])
    if not x.is_meta or x.dim() != 4 or 0 in x.shape:
        return None
    return empty((*x.shape[:2], *as_tuple(size, 2)), x)  # (N, C, H_out, W_out)


def _cat(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    tensors, axis = args[0], args[1] if len(args) > 1 else 0
    first = tensors[0]
    if kwargs or any(not t.is_meta or t.dtype is not first.dtype for t in tensors):
        return None
    shapes = [list(t.shape) for t in tensors]
    if not -len(shapes[0]) <= axis < len(shapes[0]):
        return None
    lengths = [shape.pop(axis) if len(shape) > axis else 0 for shape in shapes]
    if any(shape != shapes[0] for shape in shapes):
        return None
    shape = list(first.shape)
    shape[axis] = sum(lengths)
    return empty(shape, first)


def _flatten(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x: torch.Tensor = args[0]
    bounds: list[int] = [*args[1:], *(0, -1)[len(args) - 1 :]]
    start, end = bounds
    if kwargs or not x.is_meta:
        return None
    dims = x.dim()
    start, end = start % dims if dims else 0, end % dims if dims else 0
    if not 0 <= start <= end < dims or any(not -dims <= a < dims for a in args[1:]):
        return None
    shape = x.shape
    return empty((*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :]), x)


def _view(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    """Rule for view and reshape: memory layout is not followed, so a view always works.

    A view of the model's own tensor must stay an ordinary tensor, which PyTorch sees to itself.
    """
    x, shape = args[0], list(args[1])
    if not x.is_meta:
        return None
    if -1 in shape:
        known = -prod(shape)
        if known <= 0 or x.numel() % known:
            return None
        shape[shape.index(-1)] = x.numel() // known
    return empty(shape, x) if prod(shape) == x.numel() and min(shape, default=0) >= 0 else None


def _mean(mode: CountingMode, args: Args, kwargs: dict[str, Any]) -> Any:
    x: torch.Tensor = args[0]
    axes, keep = args[1], len(args) > 2 and args[2]
    if kwargs or not x.is_meta or not axes or not x.is_floating_point():
        return None
    dims = x.dim()
    if any(not -dims <= axis < dims for axis in axes):
        return None
    gone = {axis % dims for axis in axes}
    kept = (1 if i in gone else n for i, n in enumerate(x.shape) if keep or i not in gone)
    return empty(tuple(kept), x)


RULES: dict[Any, Rule] = {
    **PRODUCTS,
    **packed_rules(),
    COND: cond,
    PACK: pack,
    PAD: pad,
    aten.masked_fill.Scalar: _masked_fill,
    aten.contiguous.default: _contiguous,
    aten.roll.default: _same,
    aten.softmax.int: _softmax,
    aten.batch_norm.default: _batch_norm,
    aten.layer_norm.default: _layer_norm,
    aten.max_pool2d.default: _max_pool,
    aten.avg_pool2d.default: _avg_pool,
    aten.adaptive_avg_pool2d.default: _adaptive_pool,
    aten.cat.default: _cat,
    aten.flatten.using_ints: _flatten,
    aten.view.default: _view,
    aten.reshape.default: _view,
    aten.mean.dim: _mean,
    aten.dropout.default: _dropout,
    aten.feature_dropout.default: _dropout,
}
_SAME_NAMES = "relu relu6 hardswish hardsigmoid silu gelu sigmoid tanh hardtanh leaky_relu elu"
_SAME_NAMES += " exp sqrt rsqrt abs neg clamp clamp_min"
for _name in _SAME_NAMES.split():
    RULES[getattr(aten, _name).default] = _same
    if hasattr(aten, _name + "_"):
        RULES[getattr(aten, _name + "_").default] = _same_in_place
for _name in ("add", "mul", "sub", "div"):
    RULES[getattr(aten, _name).Tensor] = _binary
    RULES[getattr(aten, _name + "_").Tensor] = _binary_in_place
